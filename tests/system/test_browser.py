"""The sockets from a real browser: headless Chromium opens a page that listens and reports.

The page comes from one origin and listens at another, as in production; its reports are posted back
to where it came from.
"""

import asyncio
import json
import queue
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from tornado.testing import bind_unused_port

from sunshine.database.embedded import Server
from tests.api import Api
from tests.live import channel
from tests.live.documented import client
from tests.live.test_nothing_lost import LiveProcess
from tests.processes import reach
from tests.system.chromium import FLAGS, program

# A browser that is started for the first time takes its time.
pytestmark = pytest.mark.gen_test(timeout=400)

# The page of the documentation, as it stands there.
TICKETS = """
const ws = new WebSocket('ws://localhost:3601/ws/tickets');
ws.onmessage = (event) => {
const data = JSON.parse(event.data);
// Handle ticket updates
};
"""
REPORT = """
let reports = Promise.resolve();
const report = (it) => {
  reports = reports.then(() => fetch('/told', { method: 'POST', body: JSON.stringify(it) }));
};
onerror = (message) => report({ error: String(message) });
"""


class Pages:
    """A web server with one page, and what that reports."""

    def __init__(self) -> None:
        self.script = ""
        self.told: queue.Queue[Any] = queue.Queue()
        pages = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                page = f"<!doctype html><script>{REPORT}{pages.script}</script>"
                self._answer(page.encode() if self.path == "/page" else b"")

            def do_POST(self) -> None:
                said = self.rfile.read(int(self.headers["Content-Length"]))
                pages.told.put(json.loads(said))
                self._answer(b"")

            def _answer(self, content: bytes) -> None:
                self.send_response(200)
                self.send_header("Content-Type", "text/html")
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.port = self._server.server_address[1]
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    async def next(self) -> Any:
        """What it reports next."""
        return await asyncio.to_thread(self.told.get, timeout=120)

    def close(self) -> None:
        """Stop."""
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture
def pages() -> Iterator[Pages]:
    made = Pages()
    yield made
    made.close()


@contextmanager
def browser(profile: Path, url: str, *flags: str) -> Iterator[None]:
    """Chromium with this page open."""
    with (profile.parent / "chromium.log").open("wb") as said:
        process = subprocess.Popen(
            [program(), *FLAGS, *flags, f"--user-data-dir={profile}", url], stdout=said, stderr=said
        )
        try:
            yield
        finally:
            process.terminate()
            process.wait(20)


@contextmanager
def server(home: Path, postgres: Server, **environment: str) -> Iterator[LiveProcess]:
    process = LiveProcess(home, **reach(postgres), **environment)
    try:
        process.ready()
        yield process
    finally:
        process.kill()


async def note(api: Api, number: int) -> None:
    employee = api.employee.employee_id
    assert employee
    await channel.note(api.app.databases.sunshine, employee, number)


async def test_the_documented_snippet_is_told_after_its_auth_message(
    api: Api, pages: Pages, postgres: Server, tmp_path: Path
) -> None:
    allowed = f"http://127.0.0.1:{pages.port}"
    with server(tmp_path, postgres, CORS_ORIGINS=allowed) as process:
        await note(api, 0)
        auth = json.dumps({"type": "auth", "token": api.employee.token})
        snippet = TICKETS.replace("localhost:3601", f"127.0.0.1:{process.port}")
        pages.script = (
            snippet.replace("// Handle ticket updates", "report(data);")
            + f"ws.addEventListener('open', () => ws.send(JSON.stringify({auth})));"
        )
        with browser(tmp_path / "profile", f"{allowed}/page"):
            assert (await pages.next())["type"] == "ready"
            await note(api, 1)
            assert (await pages.next())["data"]["number"] == 1


async def test_the_documented_client_resumes_when_the_server_was_killed(
    api: Api, pages: Pages, postgres: Server, tmp_path: Path
) -> None:
    unused, port = bind_unused_port()
    unused.close()
    where = json.dumps([f"ws://127.0.0.1:{port}/ws/tickets", api.employee.token])
    pages.script = f"{client('js')}\nlisten(...{where}, report);"
    same = {"SERVER_PORT": str(port)}
    with server(tmp_path, postgres, **same) as process:
        await note(api, 0)
        with browser(tmp_path / "profile", f"http://127.0.0.1:{pages.port}/page"):
            assert (await pages.next())["type"] == "ready"
            await note(api, 1)
            assert (await pages.next())["data"]["number"] == 1
            process.kill()
            await note(api, 2)
            with server(tmp_path, postgres, **same):
                assert (await pages.next())["data"]["number"] == 2
                assert (await pages.next())["type"] == "ready"
                await note(api, 3)
                assert (await pages.next())["data"]["number"] == 3
                ended = await api.post("/api/auth/logout", as_="employee")
                assert ended.status == 200
                assert await pages.next() == {"type": "sign_in", "code": 4401}


async def test_the_subprotocols_work_in_a_browser(
    api: Api, pages: Pages, postgres: Server, tmp_path: Path
) -> None:
    with server(tmp_path, postgres) as process:
        await note(api, 0)
        offered = json.dumps(["sunshine.v1", f"token.{api.employee.token}"])
        pages.script = (
            f"const ws = new WebSocket('ws://127.0.0.1:{process.port}/ws/tickets', {offered});"
            "ws.onmessage = (event) => report([ws.protocol, JSON.parse(event.data).type]);"
        )
        with browser(tmp_path / "profile", f"http://127.0.0.1:{pages.port}/page"):
            assert await pages.next() == ["sunshine.v1", "ready"]


async def test_a_page_from_elsewhere_does_not_get_in(
    api: Api, pages: Pages, postgres: Server, tmp_path: Path
) -> None:
    allowed = f"http://127.0.0.1:{pages.port}"
    with server(tmp_path, postgres, CORS_ORIGINS=allowed) as process:
        pages.script = (
            f"const ws = new WebSocket('ws://127.0.0.1:{process.port}/ws/tickets');"
            "ws.onopen = () => report('open');"
            "ws.onclose = (event) => report(event.code);"
        )
        with browser(tmp_path / "profile", f"http://localhost:{pages.port}/page"):
            assert await pages.next() == 1006
