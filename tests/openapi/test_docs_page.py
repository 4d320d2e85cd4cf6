"""/api/openapi.json and /api/docs."""

import re
from dataclasses import replace

import pytest

from sunshine.core import environment
from tests.api import Api

PARTS = ("page.js", "page.css", "swagger-ui-bundle.js", "swagger-ui.css", "favicon-32x32.png")


async def test_a_stranger_reads_the_description(api: Api) -> None:
    answer = await api.get("/api/openapi.json")
    assert answer.status == 200
    assert answer.json["openapi"] == "3.1.0"
    assert answer.json["servers"] == [{"url": api.app.settings.base_domain}]
    assert answer.headers["Content-Type"] == "application/json"


async def test_the_page_takes_everything_from_here(api: Api) -> None:
    answer = await api.get("/api/docs")
    assert answer.status == 200
    assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
    policy = answer.headers["Content-Security-Policy"]
    assert "script-src 'self';" in policy
    assert "default-src 'none'" in policy
    assert "http" not in policy
    page = answer.body.decode()
    assert "http://" not in page
    assert "https://" not in page
    assert not re.search(r"<script(?! src=)", page)
    parts = re.findall(r'(?:src|href)="([^"]+)"', page)
    assert {part.removeprefix("docs/") for part in parts} == set(PARTS)


async def test_its_parts_are_found_beside_it_with_a_slash_at_its_end_too(api: Api) -> None:
    page = (await api.get("/api/docs/")).body.decode()
    assert 'src="../docs/page.js"' in page
    assert (await api.get("/api/docs/../docs/page.js")).status in (200, 404)


@pytest.mark.parametrize("name", PARTS)
async def test_a_part_is_sent_once_and_then_asked_about(api: Api, name: str) -> None:
    first = await api.get(f"/api/docs/{name}")
    assert first.status == 200
    assert len(first.body) > 100
    assert first.headers["X-Content-Type-Options"] == "nosniff"
    again = await api.get(f"/api/docs/{name}", headers={"If-None-Match": first.headers["Etag"]})
    assert again.status == 304
    assert again.body == b""
    other = await api.get(f"/api/docs/{name}", headers={"If-None-Match": '"another"'})
    assert other.status == 200


@pytest.mark.parametrize(
    "name", ["index.html", "swagger-ui.js.map", "%2e%2e%2f__init__.py", "page.js%00", "..%2fx"]
)
async def test_nothing_else_is_there(api: Api, name: str) -> None:
    assert (await api.get(f"/api/docs/{name}")).status == 404


@pytest.mark.parametrize("path", ["/api/openapi.json", "/api/docs", "/api/docs/page.js"])
async def test_it_can_be_switched_off(api: Api, path: str, monkeypatch: pytest.MonkeyPatch) -> None:
    application = api.app.application
    off = replace(application.configuration, api_docs=False)
    monkeypatch.setattr(application, "configuration", off)
    answer = await api.get(path)
    assert answer.status == 404
    assert answer.code == "not_found"


def test_it_is_off_in_production_unless_asked_for() -> None:
    safe = {
        "APP_ENV": "production",
        "JWT_SECRET": "a-secret-that-is-longer-than-32-bytes!",
        "CORS_ORIGINS": "https://office.example.com",
    }
    assert environment.load({}).api_docs is True
    assert environment.load({"API_DOCS": "false"}).api_docs is False
    assert environment.load(safe).api_docs is False
    assert environment.load({**safe, "API_DOCS": "true"}).api_docs is True
