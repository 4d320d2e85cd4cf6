"""HTTP/1.1 as the tests speak it: on connections that stay open, and exactly what they were given.

Tornado's own client opens a connection for each request and asks the resolver in a thread: two
thirds of what a request costs in a test. Libraries that keep connections mend what a test sends on
purpose: paths, headers, lengths. Used by tests/api.py.
"""

import asyncio
import contextlib
from typing import NamedTuple

from tornado.httputil import HTTPHeaders

LONGEST_HEAD = 1 << 20
SECONDS = 30


class Received(NamedTuple):
    """What came back."""

    status: int
    headers: HTTPHeaders
    body: bytes


class _Connection(NamedTuple):
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    @property
    def is_open(self) -> bool:
        return not (self.reader.at_eof() or self.writer.is_closing())


class Client:
    """Asks one server. ConnectionError where no whole answer comes, or none within 30 s."""

    def __init__(self, host: str, port: int) -> None:
        self._host = host
        self._port = port
        self._idle: list[_Connection] = []

    async def ask(
        self, method: str, path: str, headers: HTTPHeaders, body: bytes | None
    ) -> Received:
        """One request and its answer; redirects are not followed, nothing is unpacked."""
        sent = _written(method, path, f"{self._host}:{self._port}", headers, body)
        try:
            async with asyncio.timeout(SECONDS):
                while self._idle:
                    connection = self._idle.pop()
                    with contextlib.suppress(_ClosedMeanwhileError):
                        return await self._exchange(connection, method, sent)
                opened = await asyncio.open_connection(self._host, self._port, limit=LONGEST_HEAD)
                return await self._exchange(_Connection(*opened), method, sent)
        except TimeoutError:
            raise ConnectionError(f"{method} {path}: no answer within {SECONDS} s") from None

    async def _exchange(self, connection: _Connection, method: str, sent: bytes) -> Received:
        reader, writer = connection
        is_kept = False
        try:
            writer.write(sent)
            status, headers = await _head(reader)
            body, has_end = await _body(reader, method, status, headers)
            is_kept = has_end and headers.get("Connection", "").lower() != "close"
        finally:
            if is_kept:
                self._idle.append(connection)
            else:
                writer.close()
        return Received(status, headers, body)

    def close(self) -> None:
        """Close the connections that nobody uses."""
        while self._idle:
            self._idle.pop().writer.close()


class _ClosedMeanwhileError(ConnectionError):
    """The server had closed an idle connection before the request came, as it may."""


def _written(method: str, path: str, host: str, headers: HTTPHeaders, body: bytes | None) -> bytes:
    lines = [f"{method} {path} HTTP/1.1"]
    if "Host" not in headers:
        lines.append(f"Host: {host}")
    lines += [f"{name}: {value}" for name, value in headers.get_all()]
    if body is not None:
        lines.append(f"Content-Length: {len(body)}")
    first, *rest = lines
    head = first.encode() + "".join(f"\r\n{line}" for line in rest).encode("latin-1")
    return head + b"\r\n\r\n" + (body or b"")


async def _head(reader: asyncio.StreamReader) -> tuple[int, HTTPHeaders]:
    """Status and headers of the answer proper, whatever was said before it (100 Continue)."""
    while True:
        try:
            head = await reader.readuntil(b"\r\n\r\n")
        except (asyncio.IncompleteReadError, ConnectionResetError, BrokenPipeError) as error:
            if getattr(error, "partial", b""):
                raise ConnectionError("the answer broke off in its head") from error
            raise _ClosedMeanwhileError("the connection was closed without an answer") from error
        first, _, rest = head.decode("latin-1").partition("\r\n")
        status = int(first.split(" ", 2)[1])
        if status >= 200 or status == 101:
            return status, HTTPHeaders.parse(rest)


async def _body(
    reader: asyncio.StreamReader, method: str, status: int, headers: HTTPHeaders
) -> tuple[bytes, bool]:
    """The body, and whether its end was told, so that another answer can follow."""
    if method == "HEAD" or status in (101, 204, 304):
        return b"", status != 101
    try:
        if headers.get("Transfer-Encoding", "").lower() == "chunked":
            return await _chunks(reader), True
        if (length := headers.get("Content-Length")) is not None:
            return await reader.readexactly(int(length)), True
        return await reader.read(), False
    except asyncio.IncompleteReadError as error:
        raise ConnectionError("the answer broke off in its body") from error


async def _chunks(reader: asyncio.StreamReader) -> bytes:
    parts = []
    while size := int((await reader.readuntil(b"\r\n")).split(b";")[0], 16):
        parts.append(await reader.readexactly(size))
        await reader.readexactly(2)
    while await reader.readuntil(b"\r\n") != b"\r\n":
        pass
    return b"".join(parts)
