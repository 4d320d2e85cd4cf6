"""A client for the sockets of a test's server. The protocol: docs/sockets.md."""

import asyncio
import json
import socket
import struct
import time
from collections.abc import AsyncIterator, Callable, Mapping
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
    await _begun(api)
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


async def _begun(api: Api) -> None:
    """Where somebody can sign in the log is never empty; tests empty it. And what happened before
    shall not be told as news: this server has heard of it."""
    if not await api.events():
        await api.sql(
            "INSERT INTO event (at, type, entity, actor_type, actor_name)"
            " VALUES (now(), 'began', 'test', 'system', 'test')"
            " RETURNING pg_notify('sunshine_event', '')"
        )
    [last] = await api.sql(
        "SELECT xid::text::bigint AS xid, id FROM event"
        " WHERE xid < pg_snapshot_xmin(pg_current_snapshot()) ORDER BY xid DESC, id DESC LIMIT 1"
    )
    await until(lambda: (api.app.feed.cursor or (0, 0)) >= (last["xid"], last["id"]))


async def until(holds: Callable[[], object], seconds: float = 10) -> None:
    """Wait for it."""
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, "it did not happen"
        await asyncio.sleep(0.005)


async def refused(api: Api, path: str = "/ws/tickets", **headers: str) -> Answer:
    """The answer to an upgrade that is refused."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return await api.get(path, headers=UPGRADE | named)


@asynccontextmanager
async def raw(
    api: Api, *, as_: str | Person = "employee", since: str | None = None, buffer: int = 0
) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    """A connection of one of the cast, with nothing that answers by itself."""
    await _begun(api)
    person = api.cast[as_] if isinstance(as_, str) else as_
    async with upgraded(api.port, person.token, since=since, buffer=buffer) as streams:
        yield streams


@asynccontextmanager
async def upgraded(
    port: int, token: str, *, since: str | None = None, buffer: int = 0
) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    """The same to any server; `buffer` bytes of it are in the system's hands."""
    opened = socket.socket()
    if buffer:
        opened.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, buffer)
    opened.setblocking(False)
    try:
        await asyncio.get_running_loop().sock_connect(opened, ("127.0.0.1", port))
    except OSError:
        opened.close()
        raise
    reader, writer = await asyncio.open_connection(sock=opened)
    query = f"?since={since}" if since is not None else ""
    headers = {**UPGRADE, "Host": "x", "x-access-token": token}
    lines = [f"GET /ws/tickets{query} HTTP/1.1", *(f"{n}: {v}" for n, v in headers.items())]
    try:
        writer.write("\r\n".join([*lines, "", ""]).encode())
        head = await reader.readuntil(b"\r\n\r\n")
        assert b" 101 " in head, head
        yield reader, writer
    finally:
        writer.transport.abort()


async def frame(reader: asyncio.StreamReader) -> tuple[int, bytes]:
    """The next frame's opcode and content."""
    first, size = await reader.readexactly(2)
    if size == 126:
        size = struct.unpack("!H", await reader.readexactly(2))[0]
    elif size == 127:
        size = struct.unpack("!Q", await reader.readexactly(8))[0]
    return first & 15, await reader.readexactly(size)


def masked(opcode: int, content: bytes, *, final: bool = True) -> bytes:
    """A client's frame."""
    size = len(content)
    length = bytes([0x80 | size]) if size < 126 else b"\xfe" + struct.pack("!H", size)
    return bytes([(0x80 if final else 0) | opcode]) + length + b"\0\0\0\0" + content


def reset(writer: asyncio.StreamWriter) -> None:
    """Break the connection off as a network does: with a reset, and without a word."""
    writer.transport.get_extra_info("socket").setsockopt(
        socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0)
    )
    writer.transport.abort()
