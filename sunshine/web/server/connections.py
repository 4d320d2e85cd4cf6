"""How many connections each address holds open to this process; one too many is 429.

One of a client counts from the moment it is accepted, whatever is asked on it, sockets included. A
trusted proxy holds connections for others: what it forwards is not counted here (nginx counts its
clients: config/nginx.conf), but for sockets, which are one client's each.
"""

import asyncio
import socket
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from tornado.httpserver import HTTPServer
from tornado.httputil import HTTPServerRequest
from tornado.iostream import IOStream, StreamClosedError

from sunshine.core import json
from sunshine.core.errors import TooMany
from sunshine.operations.rate_limits import Standing, bucket

if TYPE_CHECKING:
    from sunshine.web.application import Application

# When another connection may be tried: nobody knows when one ends.
RETRY_SECONDS = 10
# One that is refused may read why; beyond so many at once they are just closed.
FAREWELL_SECONDS = 1.0
MOST_FAREWELLS = 100


class Connections:
    """Whose they are. One per process."""

    def __init__(self, most: int | None, trusts: Callable[[str], bool]) -> None:
        """`most` of one address; None for any number."""
        self._most = most
        self._trusts = trusts
        self._held: Counter[str] = Counter()
        self._of: dict[object, str] = {}

    @property
    def most(self) -> int:
        """How many there are by address, of the address with the most."""
        return max(self._held.values(), default=0)

    def accepts(self, stream: object, address: str) -> bool:
        """Count a connection that was accepted; whether it is not one too many."""
        if self._most is None or self._trusts(address) or not address:
            return True
        return self._enter(stream, address)

    def check(self, request: HTTPServerRequest, address: str) -> None:
        """Count the connection of a request that a trusted address makes for itself, for nothing
        was forwarded; TooMany when it is one too many."""
        if self._most is None or not self._trusts(address):
            return
        headers, stream = request.headers, getattr(request.server_connection, "stream", None)
        if "X-Forwarded-For" in headers or "X-Real-IP" in headers:
            return
        if stream is not None and stream not in self._of and not self._enter(stream, address):
            raise self._too_many()

    def check_socket(self, stream: object, address: str) -> None:
        """TooMany when a client may not have a socket more; its connection may be one already."""
        if self._most is not None:
            others = self._held[bucket(address)] - (stream in self._of)
            if others >= self._most:
                raise self._too_many()

    def keep(self, guest: object, address: str) -> None:
        """A socket stands, on a connection that is no longer a server's."""
        if self._most is not None:
            self._of[guest] = key = bucket(address)
            self._held[key] += 1

    def leave(self, stream: object) -> None:
        """A connection or a socket is no more."""
        key = self._of.pop(stream, None)
        if key is not None:
            self._held[key] -= 1
            if not self._held[key]:
                del self._held[key]

    def _enter(self, stream: object, address: str) -> bool:
        key = bucket(address)
        if self._held[key] >= (self._most or 0):
            return False
        self._of[stream] = key
        self._held[key] += 1
        return True

    def _too_many(self) -> TooMany:
        return too_many(self._most or 0)


def too_many(most: int) -> TooMany:
    """As many are open as may be."""
    standing = Standing(most, 0, int(time.time()) + RETRY_SECONDS)
    return TooMany(standing, retry_after=RETRY_SECONDS)


class Server(HTTPServer):
    """Tornado's, which tells us of each connection."""

    request_callback: "Application"
    _farewells: set[asyncio.Task[None]]

    def initialize(self, *arguments: Any, **options: Any) -> None:
        """Tornado's constructor hook."""
        super().initialize(*arguments, **options)
        self._farewells = set()

    def handle_stream(self, stream: IOStream, address: Any) -> None:
        """Tornado's hook: somebody has connected."""
        peer = address[0].removeprefix("::ffff:") if isinstance(address, tuple) else ""
        if self.request_callback.connections.accepts(stream, peer):
            super().handle_stream(stream, address)
        elif len(self._farewells) < MOST_FAREWELLS:
            task = asyncio.create_task(_refuse(stream))
            self._farewells.add(task)
            task.add_done_callback(self._farewells.discard)
        else:
            stream.close()

    def on_close(self, server_conn: object) -> None:
        """Tornado's hook: it has ended, or became a socket's."""
        self.request_callback.connections.leave(server_conn.stream)  # type: ignore[attr-defined]
        super().on_close(server_conn)


async def _refuse(stream: IOStream) -> None:
    """Say why, and close: not before the client could read it."""
    body = json.encode(
        {"success": False, "message": "Too many connections", "errors": [], "code": TooMany.code}
    )
    head = (
        "HTTP/1.1 429 Too Many Requests\r\nContent-Type: application/json; charset=utf-8\r\n"
        f"Content-Length: {len(body)}\r\nRetry-After: {RETRY_SECONDS}\r\n"
        "Connection: close\r\n\r\n"
    )
    try:
        with suppress(StreamClosedError, OSError, TimeoutError):
            async with asyncio.timeout(FAREWELL_SECONDS):
                await stream.write(head.encode() + body)
                stream.socket.shutdown(socket.SHUT_WR)
                while True:
                    await stream.read_bytes(65_536, partial=True)
    finally:
        stream.close()
