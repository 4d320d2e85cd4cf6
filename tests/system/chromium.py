"""A page in headless Chromium, driven through its DevTools protocol."""

import asyncio
import base64
import itertools
import json
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from tornado.httpclient import AsyncHTTPClient
from tornado.websocket import WebSocketClientConnection, websocket_connect

FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
    "--disable-default-apps", "--disable-domain-reliability", "--disable-breakpad",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost",
)  # fmt: skip
SECONDS = 150.0


def program() -> str:
    """Where it is."""
    found = shutil.which("chromium")
    if found is None:
        pytest.fail("chromium is missing: apt install chromium")
    return found


class Page:
    """One page: what it asked for, what went wrong in it, and what it can be told to do."""

    def __init__(self, socket: WebSocketClientConnection) -> None:
        self._socket = socket
        self._numbers = itertools.count(1)
        self.asked: list[str] = []
        self.errors: list[Any] = []

    async def call(self, method: str, **parameters: Any) -> Any:
        """One command, and what it answers; what is told meanwhile is noted."""
        number = next(self._numbers)
        await self._socket.write_message(
            json.dumps({"id": number, "method": method, "params": parameters})
        )
        while True:
            message = await asyncio.wait_for(self._read(), SECONDS)
            if message.get("id") == number:
                assert "error" not in message, message
                return message["result"]
            self._note(message)

    async def _read(self) -> Any:
        text = await self._socket.read_message()
        assert text is not None, "chromium closed the connection"
        return json.loads(text)

    def _note(self, message: Any) -> None:
        about = message["params"]
        match message["method"]:
            case "Network.requestWillBeSent":
                self.asked.append(about["request"]["url"])
            case "Runtime.exceptionThrown":
                self.errors.append(about["exceptionDetails"])
            case "Log.entryAdded" if about["entry"]["level"] == "error":
                self.errors.append(about["entry"])
            case "Runtime.consoleAPICalled" if about["type"] in ("error", "assert"):
                self.errors.append(about["args"])

    async def run(self, script: str) -> Any:
        """The value of an expression in the page."""
        answer = await self.call("Runtime.evaluate", expression=script, returnByValue=True)
        assert "exceptionDetails" not in answer, answer
        return answer["result"].get("value")

    async def until(self, script: str) -> Any:
        """Wait for an expression to be true; elements have no value of their own."""
        script = f"(() => {{ const it = ({script}); return it instanceof Node || it; }})()"
        ends = asyncio.get_running_loop().time() + SECONDS
        while not (value := await self.run(script)):
            assert asyncio.get_running_loop().time() < ends, f"never true: {script}"
            await asyncio.sleep(0.05)
        return value

    async def picture(self, file: Path) -> None:
        """A screenshot, as PNG."""
        shot = await self.call("Page.captureScreenshot", format="png")
        await asyncio.to_thread(file.write_bytes, base64.b64decode(shot["data"]))


@asynccontextmanager
async def page(profile: Path, *, width: int = 1280, height: int = 900) -> AsyncIterator[Page]:
    """An empty page of a new browser."""
    size = f"--window-size={width},{height}"
    flags = [*FLAGS, size, "--remote-debugging-port=0", f"--user-data-dir={profile}"]
    nowhere = asyncio.subprocess.DEVNULL
    process = await asyncio.create_subprocess_exec(
        program(), *flags, stdout=nowhere, stderr=nowhere
    )
    try:
        port = await _port(profile / "DevToolsActivePort")
        made = await AsyncHTTPClient().fetch(
            f"http://127.0.0.1:{port}/json/new?about:blank", method="PUT", body=""
        )
        where = json.loads(made.body)["webSocketDebuggerUrl"]
        socket = await websocket_connect(where, max_message_size=1 << 28)
        try:
            opened = Page(socket)
            for domain in ("Page", "Network", "Runtime", "Log"):
                await opened.call(f"{domain}.enable")
            yield opened
        finally:
            socket.close()
    finally:
        process.terminate()
        await asyncio.wait_for(process.wait(), 20)


async def _port(file: Path) -> int:
    """The port that Chromium chose, once it has."""
    ends = asyncio.get_running_loop().time() + SECONDS
    while not (chosen := await asyncio.to_thread(_read, file)):
        assert asyncio.get_running_loop().time() < ends, "chromium does not start"
        await asyncio.sleep(0.05)
    return int(chosen.split()[0])


def _read(file: Path) -> str:
    return file.read_text() if file.exists() else ""
