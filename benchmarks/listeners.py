"""A process that holds many sockets and times what it hears: `listeners.py PORT PATH < tokens`.

Says "ready" when all are open, hears until its standard input ends, then prints one line of JSON.
What is published carries the instant at which that began, on the machine's monotonic clock.
"""

import asyncio
import json
import os
import resource
import sys
import time
from array import array

HANDSHAKE = (
    "GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nUpgrade: websocket\r\n"
    "Connection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
    "Sec-WebSocket-Version: 13\r\nx-access-token: {token}\r\n\r\n"
)
AT_ONCE = 50
MARK = b'"name":"T'


class Listener(asyncio.Protocol):
    """One socket: answers pings, times frames, notes its end."""

    def __init__(self, heard: "Heard", request: bytes) -> None:
        self.heard = heard
        self.request = request
        self.open = asyncio.get_running_loop().create_future()
        self.buffer = b""
        self.upgraded = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        transport.write(self.request)

    def data_received(self, data: bytes) -> None:
        now = time.monotonic_ns()
        self.buffer += data
        if not self.upgraded:
            head, found, rest = self.buffer.partition(b"\r\n\r\n")
            if not found:
                return
            if b" 101 " not in head.partition(b"\r\n")[0]:
                self.open.set_exception(ConnectionError(head.decode()[:200]))
                return
            self.upgraded, self.buffer = True, rest
            self.open.set_result(None)
        while len(self.buffer) >= 2:
            size, at = self.buffer[1], 2
            if size == 126:
                size, at = int.from_bytes(self.buffer[2:4]), 4
            if len(self.buffer) < at + size:
                return
            kind, content = self.buffer[0] & 15, self.buffer[at : at + size]
            self.buffer = self.buffer[at + size :]
            self.on_frame(kind, content, now)

    def on_frame(self, kind: int, content: bytes, now: int) -> None:
        if kind == 9:
            self.transport.write(b"\x8a\x80\0\0\0\0")
        elif kind == 1 and (begins := content.find(MARK)) >= 0:
            begins += len(MARK)
            sent = int(content[begins : content.index(b'"', begins)])
            self.heard.waits.append((now - sent) / 1e9)

    def connection_lost(self, error: Exception | None) -> None:
        self.heard.lost += not self.heard.over
        if not self.open.done():
            self.open.set_exception(ConnectionError("closed"))


class Heard:
    """What all of them heard: seconds from the publication, frame by frame."""

    def __init__(self) -> None:
        self.waits = array("d")
        self.lost = 0
        self.over = False


async def main(port: int, path: str, tokens: list[str]) -> None:
    loop, heard = asyncio.get_running_loop(), Heard()
    began = time.monotonic()
    for start in range(0, len(tokens), AT_ONCE):
        await asyncio.gather(
            *(connect(heard, port, path, token) for token in tokens[start : start + AT_ONCE])
        )
    print(json.dumps({"seconds": time.monotonic() - began}), flush=True)
    while await loop.run_in_executor(None, sys.stdin.readline):
        pass
    heard.over = True
    waits = sorted(heard.waits)
    print(
        json.dumps({
            "frames": len(waits), "lost": heard.lost,
            **{name: waits[int(len(waits) * part)] if waits else None
               for name, part in (("p50", 0.5), ("p99", 0.99), ("longest", 0.999_999_999))},
        }),
        flush=True,
    )  # fmt: skip
    os._exit(0)


async def connect(heard: Heard, port: int, path: str, token: str) -> None:
    request = HANDSHAKE.format(path=path, port=port, token=token).encode()
    _, listener = await asyncio.get_running_loop().create_connection(
        lambda: Listener(heard, request), "127.0.0.1", port
    )
    await listener.open


if __name__ == "__main__":
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    given: list[str] = []
    while line := sys.stdin.readline().strip():
        given.append(line)
    asyncio.run(main(int(sys.argv[1]), sys.argv[2], given))
