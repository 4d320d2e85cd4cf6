"""Tornado's HTTP server, extended to count the connections of each address (connections.py)."""

import asyncio
import socket
from contextlib import suppress
from typing import Any

from tornado.httpserver import HTTPServer
from tornado.iostream import IOStream, StreamClosedError

from sunshine.core import json
from sunshine.core.errors import TooMany
from sunshine.web.endpoint import Services
from sunshine.web.server.connections import RETRY_SECONDS

# A refused client may read why; beyond so many at once, connections are just closed.
FAREWELL_SECONDS = 1.0
MOST_FAREWELLS = 100


class CountedServer(HTTPServer):
    """Tornado's server, which reports each connection to us."""

    request_callback: Services
    _farewells: set[asyncio.Task[None]]

    def initialize(self, *arguments: Any, **options: Any) -> None:
        """Tornado's constructor hook."""
        super().initialize(*arguments, **options)
        self._farewells = set()

    def handle_stream(self, stream: IOStream, address: Any) -> None:
        """Accept or refuse a new connection (Tornado's hook)."""
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
        """Uncount a connection that has ended or become a WebSocket (Tornado's hook)."""
        self.request_callback.connections.leave(server_conn.stream)  # type: ignore[attr-defined]
        super().on_close(server_conn)


async def _refuse(stream: IOStream) -> None:
    """Send the reason, and close once the client could read it."""
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
