"""FILES_ORIGIN: another host of the same server, for files and nothing else."""

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from tornado.httpclient import AsyncHTTPClient, HTTPRequest
from tornado.ioloop import IOLoop

from sunshine.core.settings import Settings
from tests.api import Answer, Api
from tests.conftest import Now, serve
from tests.files.forms import PNG, upload, uploaded
from tests.files.test_temp import is_gone

ORIGIN = "https://files.example.com"
HOST = "files.example.com"
PDF = b"%PDF-1.7 a file"


@pytest.fixture
def apart(api: Api, settings: Settings, tmp_path: Path, io_loop: IOLoop, now: Now) -> Iterator[Api]:
    """A server with a host for files."""
    (tmp_path / "temp").mkdir()
    changed = replace(settings, files_origin=ORIGIN, directory=tmp_path)
    for made in serve(changed, io_loop, now):
        made.cast = api.cast
        yield made


def kept(api: Api, name: str, content: bytes = PDF) -> str:
    """A stored file; the path and query of the URL that opens it."""
    folder = api.app.settings.directory / "static" / "employee"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_bytes(content)
    url = api.app.application.signer.url(f"employee/{name}")
    assert url.startswith(f"{ORIGIN}/api/static/employee/")
    return url.removeprefix(ORIGIN)


async def shown(api: Api, path: str, host: str) -> Answer:
    return await api.get(path, headers={"Host": host})


async def test_pdf_is_shown_on_the_host_of_files_and_saved_on_the_api_s(apart: Api) -> None:
    path = kept(apart, "a.pdf")
    for host in (HOST, f"{HOST}:443", HOST.upper(), f"{HOST}."):
        answer = await shown(apart, path, host)
        assert (answer.status, answer.body) == (200, PDF)
        assert answer.headers["Content-Type"] == "application/pdf"
        assert answer.headers["Content-Disposition"].startswith("inline;")
        policy = answer.headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert "script" not in policy
    for host in ("api.example.com", f"x.{HOST}", f"{HOST}.example.com", "127.0.0.1"):
        answer = await shown(apart, path, host)
        assert (answer.status, answer.body) == (200, PDF)
        assert answer.headers["Content-Disposition"].startswith("attachment;")
        assert "sandbox" in answer.headers["Content-Security-Policy"]


async def bare(
    api: Api, method: str, path: str, body: bytes = b"", host: str = HOST
) -> tuple[int, bytes]:
    """Status and body as an admin gets them: the API's description knows nothing of hosts."""
    headers = {
        "Host": host, "x-access-token": api.admin.token, "Content-Type": "application/json",
    }  # fmt: skip
    request = HTTPRequest(api.url + path, method, headers, body, allow_nonstandard_methods=True)
    answer = await AsyncHTTPClient().fetch(request, raise_error=False)
    return answer.code, answer.body


@pytest.mark.parametrize("name", ["a.svg", "a.html", "a.js", "a"])
async def test_what_could_run_is_saved_there_too(apart: Api, name: str) -> None:
    answer = await shown(apart, kept(apart, name, b"<script>alert(1)</script>"), HOST)
    assert answer.headers["Content-Type"] == "application/octet-stream"
    assert answer.headers["Content-Disposition"].startswith("attachment;")
    assert "sandbox" in answer.headers["Content-Security-Policy"]


async def test_images_are_shown_on_both(apart: Api) -> None:
    path = kept(apart, "a.png", PNG)
    for host in (HOST, "api.example.com"):
        answer = await shown(apart, path, host)
        assert answer.headers["Content-Disposition"].startswith("inline;")


async def test_there_is_no_api_on_the_host_of_files(apart: Api) -> None:
    for route in apart.app.application.routes:
        path = (
            route.path.replace("{name:text}", "a").replace("{name:rest}", "a")
            .replace("{path:rest}", "a/b")
        )  # fmt: skip
        is_file = path.startswith(("/api/static/", "/api/temp/"))
        while "{" in path:
            path = path[: path.index("{")] + "1" + path[path.index("}") + 1 :]
        for method in sorted(route.methods):
            status, body = await bare(apart, method, path)
            assert is_file or status == 404, (method, path)
            if method != "HEAD" and status == 404:
                assert json.loads(body)["code"] == "not_found"
    assert (await shown(apart, "/", "api.example.com")).status == 200
    body = b'{"name": "X"}'
    assert (await bare(apart, "POST", "/api/departments", body))[0] == 404
    assert await apart.sql("SELECT 1 FROM department WHERE name = 'X'") == []
    assert (await bare(apart, "POST", "/api/departments", body, host="127.0.0.1"))[0] == 201


async def test_an_upload_gets_its_url_there_and_a_row_takes_it(apart: Api) -> None:
    answer = await upload(apart, PDF, "a.pdf")
    url = answer.json["url"]
    assert url.startswith(f"{ORIGIN}/api/temp/")
    body = {"title": "Broken", "attachments": [url]}
    ticket = (await apart.post("/api/tickets", body, as_="employee")).data
    [attachment] = ticket["attachments"]
    assert attachment.startswith(f"{ORIGIN}/api/static/ticketing/")
    [row] = await apart.sql("SELECT attachments FROM ticket")
    assert row["attachments"] == [urlsplit(attachment).path]
    # What it answered may be sent back: it is the same file.
    again = await apart.put(
        f"/api/tickets/{ticket['id']}", {"attachments": [attachment]}, as_="admin"
    )
    assert urlsplit(again.data["attachments"][0]).path == urlsplit(attachment).path
    opened = await shown(apart, attachment.removeprefix(ORIGIN), HOST)
    assert (opened.status, opened.body) == (200, PDF)


async def test_an_upload_is_fetched_there_once(apart: Api) -> None:
    url = await uploaded(apart, PDF, "a.pdf")
    path = urlsplit(url).path
    first = await shown(apart, path, HOST)
    assert (first.status, first.body) == (200, PDF)
    assert first.headers["Content-Disposition"].startswith("inline;")
    assert await is_gone(apart, path)


async def test_without_one_any_host_is_the_api_s(api: Api) -> None:
    assert (await api.get("/", headers={"Host": HOST})).status == 200
