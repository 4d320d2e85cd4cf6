"""A client for the sockets of a test's server. The protocol: docs/sockets.md."""

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

from tornado.httpclient import HTTPRequest
from tornado.websocket import WebSocketClientConnection, websocket_connect

from tests.api import Answer, Api, Person

UPGRADE = {
    "Upgrade": "websocket",
    "Connection": "Upgrade",
    "Sec-WebSocket-Version": "13",
    "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
}


class Client:
    """One connection. Frames wait in it in the order in which they came."""

    def __init__(self) -> None:
        self._arrived: asyncio.Queue[str | bytes | None] = asyncio.Queue()
        self.connection: WebSocketClientConnection

    def arrived(self, message: str | bytes | None) -> None:
        """Tornado's hook: a message, or None at the end."""
        self._arrived.put_nowait(message)

    async def frame(self, seconds: float = 10) -> dict[str, Any]:
        """The next frame."""
        message = await asyncio.wait_for(self._arrived.get(), seconds)
        assert message is not None, f"closed with {self.connection.close_code}"
        assert isinstance(message, str), "frames are text"
        frame: dict[str, Any] = json.loads(message)
        return frame

    async def ready(self) -> str:
        """The next frame must be `ready`; its seq."""
        frame = await self.frame()
        assert frame.keys() == {"type", "seq"}, frame
        assert frame["type"] == "ready"
        return str(frame["seq"])

    async def until_ready(self) -> list[dict[str, Any]]:
        """All frames before `ready`, and that."""
        frames = [await self.frame()]
        while frames[-1]["type"] != "ready":
            frames.append(await self.frame())
        return frames

    async def closed(self, seconds: float = 10) -> int | None:
        """The code with which the server closes; nothing else may come before."""
        message = await asyncio.wait_for(self._arrived.get(), seconds)
        assert message is None, message
        return self.connection.close_code

    def waiting(self) -> int:
        """How many frames have arrived and were not asked for."""
        return self._arrived.qsize()

    async def say(self, message: Any) -> None:
        """Send JSON, or text and bytes as they are."""
        if isinstance(message, bytes):
            await self.connection.write_message(message, binary=True)
        else:
            text = message if isinstance(message, str) else json.dumps(message)
            await self.connection.write_message(text)


@asynccontextmanager
async def connected(
    api: Api,
    path: str = "/ws/tickets",
    *,
    as_: str | Person | None = None,
    since: str | None = None,
    headers: Mapping[str, str] | None = None,
    subprotocols: list[str] | None = None,
) -> AsyncIterator[Client]:
    """A connection: the token of one of the cast in the header, or without one."""
    person = api.cast[as_] if isinstance(as_, str) else as_
    sent = dict(headers or {}) | ({"x-access-token": person.token} if person else {})
    query = f"?since={since}" if since is not None else ""
    request = HTTPRequest(f"ws://127.0.0.1:{api.port}{path}{query}", headers=sent)
    client = Client()
    client.connection = await websocket_connect(
        request, on_message_callback=client.arrived, subprotocols=subprotocols
    )
    try:
        yield client
    finally:
        client.connection.close()


async def refused(api: Api, path: str = "/ws/tickets", **headers: str) -> Answer:
    """The answer to an upgrade that is refused."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return await api.get(path, headers=UPGRADE | named)
