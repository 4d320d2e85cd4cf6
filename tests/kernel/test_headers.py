"""What every answer carries: security headers, request id, CORS, and whose address is believed."""

import re
from collections.abc import Iterator
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest
from tornado.httputil import HTTPHeaders
from tornado.ioloop import IOLoop

from sunshine.core.settings import Settings
from sunshine.modules.employees import employees
from sunshine.web.responses import SECURITY_HEADERS
from tests.api import Answer, Api
from tests.conftest import Now, serve
from tests.processes import CHECKOUT

OFFICE = "https://office.example.com"
SHOP = "https://shop.example.com:8443"
CORS = (
    "Access-Control-Allow-Origin", "Access-Control-Allow-Credentials",
    "Access-Control-Allow-Methods", "Access-Control-Allow-Headers", "Access-Control-Max-Age",
    "Access-Control-Expose-Headers",
)  # fmt: skip

# https://fetch.spec.whatwg.org/#cors-safelisted-response-header-name
SAFELISTED = (
    "cache-control", "content-language", "content-length", "content-type", "expires",
    "last-modified", "pragma",
)  # fmt: skip


@pytest.fixture
def production(settings: Settings, io_loop: IOLoop, _now: Now) -> Iterator[Api]:
    """A server as the production template configures it, behind a proxy on this machine."""
    changed = replace(settings, environment="production", cors_origins=(OFFICE, SHOP))
    yield from serve(changed, io_loop, _now)


@pytest.fixture
def direct(settings: Settings, io_loop: IOLoop, _now: Now) -> Iterator[Api]:
    """A server that no proxy stands before."""
    yield from serve(replace(settings, trusted_proxies=()), io_loop, _now)


async def some_answers(api: Api, monkeypatch: pytest.MonkeyPatch, **headers: str) -> list[Answer]:
    """One answer of each kind: 200, 201, 204, 400, 401, 403, 404, 405, 415, a file, a crash."""

    async def crash(*_: Any, **__: Any) -> None:
        raise RuntimeError

    monkeypatch.setattr(employees, "page", crash)
    found = [
        await api.get("/", headers=headers),
        await api.post("/api/departments", {"name": "New"}, as_="admin", headers=headers),
        await api.call("OPTIONS", "/api/users", headers=headers),
        await api.get("/api/users?page=0", as_="admin", headers=headers),
        await api.get("/api/users", headers=headers),
        await api.get("/api/users", as_="employee", headers=headers),
        await api.get("/nowhere", headers=headers),
        await api.delete("/", headers=headers),
        await api.post("/api/auth/login", headers=headers),
        await api.get("/api/employees/export", as_="hr", headers=headers),
        await api.get("/api/employees", as_="admin", headers=headers),
    ]
    statuses = [200, 201, 204, 400, 401, 403, 404, 405, 415, 200, 500]
    assert [answer.status for answer in found] == statuses
    return found


async def test_it_sets_security_headers_on_every_answer(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    for answer in await some_answers(api, monkeypatch):
        for name, value in SECURITY_HEADERS.items():
            if name != "Content-Type":
                assert answer.headers.get_list(name) == [value]
        policy = answer.headers["Content-Security-Policy"].split(";")
        assert {"default-src 'none'", "frame-ancestors 'none'"} <= set(policy)
        assert answer.headers["Cross-Origin-Resource-Policy"] == "cross-origin"
        assert answer.headers["Cache-Control"] == "no-store"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert not {"Server", "X-Powered-By", "Etag", "Set-Cookie"} & set(answer.headers)
        assert "Strict-Transport-Security" not in answer.headers
        assert len(answer.headers.get_list("Content-Type")) <= 1


async def test_it_answers_in_json(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    for answer in await some_answers(api, monkeypatch):
        if answer.body and "Content-Disposition" not in answer.headers:
            assert answer.headers["Content-Type"] == "application/json; charset=utf-8"
            assert isinstance(answer.json, dict)
    file = await api.get("/api/employees/export", as_="hr")
    assert file.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert file.headers["Content-Disposition"] == 'attachment; filename="employees.csv"'


async def test_it_never_answers_304(api: Api) -> None:
    for name in ("If-None-Match", "If-Modified-Since"):
        answer = await api.get("/api/departments", as_="admin", headers={name: "*"})
        assert answer.status == 200


async def test_it_gives_back_a_plain_request_id(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    for answer in await some_answers(api, monkeypatch, **{"X-Request-Id": "Trace-0123"}):
        assert answer.headers.get_list("X-Request-Id") == ["Trace-0123"]
    for given in ("", "-", "a b", "a_b", "a" * 65, "<script>", "é", "a,b", "../x", "a;b"):
        answer = await api.get("/", headers={"X-Request-Id": given})
        assert answer.headers["X-Request-Id"] != given
        assert len(answer.headers["X-Request-Id"]) == 16
    made = {(await api.get("/")).headers["X-Request-Id"] for _ in range(5)}
    assert len(made) == 5


async def test_it_keeps_the_request_id_with_the_event(api: Api) -> None:
    answer = await api.post("/api/departments", {"name": "New"}, as_="admin")
    [row] = await api.sql("SELECT request_id FROM event")
    assert row["request_id"] == answer.headers["X-Request-Id"]


async def test_it_lets_every_origin_in_without_credentials_in_development(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    for answer in await some_answers(api, monkeypatch, Origin="https://anywhere.example"):
        assert answer.headers.get_list("Access-Control-Allow-Origin") == ["*"]
        assert "Access-Control-Allow-Credentials" not in answer.headers
        told = answer.headers["Access-Control-Expose-Headers"].lower().split(", ")
        # What Fetch hands to a page by itself, and what is none of its business.
        known = {*SAFELISTED, *map(str.lower, SECURITY_HEADERS), *map(str.lower, CORS)}
        known |= {"date", "vary", "connection", "transfer-encoding"}
        assert {name.lower() for name in answer.headers} - known <= set(told)


async def test_a_page_may_read_whatever_an_answer_says_in_a_header(api: Api) -> None:
    answer = await api.get("/")
    told = set(answer.headers["Access-Control-Expose-Headers"].split(", "))
    assert {
        "Content-Disposition", "Content-Range", "Accept-Ranges", "ETag", "Idempotency-Replayed",
        "X-RateLimit-Limit", "X-RateLimit-Remaining", "X-RateLimit-Reset", "Retry-After",
        "X-Request-Id",
    } <= told  # fmt: skip
    # Whatever a new line of the code says in a header, a page may read too, or it is listed here.
    own = {"Content-Length", "Sec-WebSocket-Version", "Upgrade", "Server", "Connection", "Vary"}
    said = set()
    for file in (*CHECKOUT.glob("handlers/*.py"), *CHECKOUT.glob("sunshine/**/*.py")):
        said |= set(re.findall(r'\bset_header\(\s*"([A-Za-z-]+)"', file.read_text()))
        said |= set(re.findall(r'\bheaders\["([A-Za-z-]+)"\] = ', file.read_text()))
    assert len(said) > 15
    known = {*SAFELISTED, *map(str.lower, SECURITY_HEADERS), *map(str.lower, CORS)}
    known |= {*map(str.lower, own), "strict-transport-security"}
    assert {name.lower() for name in said} - known <= {name.lower() for name in told}


async def test_it_lets_listed_origins_in_in_production(
    api: Api, production: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    production.cast = api.cast
    for origin in (OFFICE, SHOP):
        answer = await production.get("/api/users", as_="admin", headers={"Origin": origin})
        assert answer.headers["Access-Control-Allow-Origin"] == origin
        assert answer.headers["Access-Control-Allow-Credentials"] == "true"
        assert answer.headers["Vary"] == "Origin"
    for answer in await some_answers(production, monkeypatch, Origin=OFFICE):
        assert answer.headers.get_list("Access-Control-Allow-Origin") == [OFFICE]
        assert answer.headers.get_list("Vary") == ["Origin"]


@pytest.mark.parametrize(
    "origin",
    ["", "null", "*", "https://evil.example", f"{OFFICE}.evil.example", f"{OFFICE}/", f"{OFFICE}:1",
     OFFICE.upper(), OFFICE.replace("https", "http"), f"{OFFICE}, {SHOP}", "https://shop.example.com"],
)  # fmt: skip
async def test_it_tells_no_other_origin_anything(api: Api, production: Api, origin: str) -> None:
    for method in ("GET", "OPTIONS"):
        headers = {"Origin": origin, "Access-Control-Request-Method": "GET"}
        answer = await production.call(method, "/", headers=headers)
        assert not set(CORS) & set(answer.headers)
        assert answer.headers["Vary"] == "Origin"  # no cache may give this to the office


async def test_it_answers_a_preflight(api: Api, production: Api) -> None:
    asked = {"Origin": OFFICE, "Access-Control-Request-Method": "POST",
             "Access-Control-Request-Headers": "content-type,x-access-token"}  # fmt: skip
    for one in (api, production):
        answer = await one.call("OPTIONS", "/api/users", headers=asked)
        assert (answer.status, answer.body) == (204, b"")
        assert answer.headers["Access-Control-Allow-Methods"] == "GET, HEAD, OPTIONS, POST"
        allowed = answer.headers["Access-Control-Allow-Headers"].lower().split(", ")
        assert {
            "content-type", "x-access-token", "idempotency-key", "x-request-id",
            "if-none-match", "if-match", "if-modified-since", "range", "if-range",
        } <= set(allowed)  # fmt: skip
        assert int(answer.headers["Access-Control-Max-Age"]) > 0
    assert answer.headers["Access-Control-Allow-Origin"] == OFFICE


async def test_it_asks_for_https_only_over_https(api: Api, direct: Api) -> None:
    def hsts(answer: Answer) -> bool:
        return "Strict-Transport-Security" in answer.headers

    secure = {"X-Forwarded-Proto": "https"}
    assert hsts(await api.get("/", headers=secure))
    assert hsts(await api.get("/nowhere", headers=secure))
    assert hsts(await api.get("/", headers={"X-Forwarded-Proto": "http, https"}))
    for value in ("http", "https, http", "", "HTTPS!"):
        assert not hsts(await api.get("/", headers={"X-Forwarded-Proto": value}))
    assert not hsts(await api.get("/"))
    assert not hsts(await direct.get("/", headers=secure))  # anybody may say so there


@pytest.fixture
def proxied(settings: Settings, io_loop: IOLoop, _now: Now) -> Iterator[Api]:
    """A server that trusts a network of proxies and one more."""
    trusted = ("10.0.0.0/8", "192.0.2.7", "2001:db8::/32")
    yield from serve(replace(settings, trusted_proxies=trusted), io_loop, _now)


@pytest.mark.parametrize(
    ("peer", "headers", "address"),
    [
        ("203.0.113.9", {}, "203.0.113.9"),
        ("203.0.113.9", {"X-Forwarded-For": "1.2.3.4"}, "203.0.113.9"),
        ("203.0.113.9", {"X-Real-IP": "1.2.3.4"}, "203.0.113.9"),
        ("192.0.2.8", {"X-Forwarded-For": "1.2.3.4"}, "192.0.2.8"),
        ("192.0.2.7", {}, "192.0.2.7"),
        ("192.0.2.7", {"X-Forwarded-For": ""}, "192.0.2.7"),
        ("192.0.2.7", {"X-Forwarded-For": "1.2.3.4"}, "1.2.3.4"),
        ("192.0.2.7", {"X-Real-IP": "1.2.3.4"}, "1.2.3.4"),
        ("192.0.2.7", {"X-Real-IP": "5.6.7.8", "X-Forwarded-For": "1.2.3.4"}, "1.2.3.4"),
        # What the client itself wrote stands further left.
        ("192.0.2.7", {"X-Forwarded-For": "9.9.9.9, 1.2.3.4"}, "1.2.3.4"),
        ("192.0.2.7", {"X-Forwarded-For": "9.9.9.9, 1.2.3.4, 10.1.1.1"}, "1.2.3.4"),
        ("10.9.9.9", {"X-Forwarded-For": "10.1.1.1,10.2.2.2"}, "10.1.1.1"),
        ("2001:db8::1", {"X-Forwarded-For": "2001:4860::8888"}, "2001:4860::8888"),
        ("", {"X-Forwarded-For": "1.2.3.4"}, ""),
    ],
)
def test_it_believes_addresses_from_trusted_proxies_only(
    proxied: Api, peer: str, headers: dict[str, str], address: str
) -> None:
    request: Any = SimpleNamespace(remote_ip=peer, headers=HTTPHeaders(headers))
    assert proxied.app.application.client_address(request) == address
