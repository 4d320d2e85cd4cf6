"""What a connection may wait for, and what happens where no descriptor is left for the next one."""

import asyncio
import errno
import json
import os
import socket
from collections.abc import Iterator
from dataclasses import replace

import pytest
from structlog.testing import capture_logs
from tornado.ioloop import IOLoop

from sunshine.core.settings import Settings
from sunshine.files import local
from sunshine.web.server import http_server
from tests.api import Api
from tests.conftest import Now, serve

REQUEST = b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"


@pytest.fixture
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    """Seconds become tenths."""
    for name, seconds in {
        "IDLE_SECONDS": 1.0, "HEADER_SECONDS": 0.5, "BODY_SECONDS": 0.4, "LOOK_SECONDS": 0.05,
        "PRESSED_SECONDS": 0.2, "PAUSE_SECONDS": 0.1, "QUIET_SECONDS": 0.4,
    }.items():  # fmt: skip
        monkeypatch.setattr(http_server, name, seconds)


@pytest.fixture
def served(hasty: None, settings: Settings, io_loop: IOLoop, now: Now) -> Iterator[Api]:
    """A server of these tests' own."""
    yield from serve(replace(settings, shutdown_seconds=0), io_loop, now)


class Line:
    """A raw connection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer
        self._begun = asyncio.get_running_loop().time()

    @classmethod
    async def open(cls, port: int) -> "Line":
        return cls(*await asyncio.open_connection("127.0.0.1", port))

    def send(self, some: bytes) -> None:
        self._writer.write(some)

    async def trickle(self, some: bytes, pause: float) -> None:
        """A byte now and then, for as long as somebody takes them."""
        for byte in some:
            if self._reader.at_eof():
                return
            self.send(bytes([byte]))
            await asyncio.sleep(pause)

    async def answer(self) -> bytes:
        """The head of what comes; empty where the line is closed."""
        try:
            return await asyncio.wait_for(self._reader.read(65536), 5)
        except ConnectionError:
            return b""

    async def seconds_to_the_end(self) -> float:
        """Until the other side closes, since the last call or the beginning."""
        assert await self.answer() == b""
        return self._since()

    def _since(self) -> float:
        now = asyncio.get_running_loop().time()
        passed, self._begun = now - self._begun, now
        return passed

    def close(self) -> None:
        self._writer.close()


async def test_headers_that_trickle_are_cut(served: Api) -> None:
    line = await Line.open(served.port)
    trickling = asyncio.create_task(line.trickle(REQUEST * 20, 0.02))
    assert 0.4 < await line.seconds_to_the_end() < 0.9
    trickling.cancel()
    line.close()


async def test_a_connection_that_says_nothing_has_no_longer(served: Api) -> None:
    line = await Line.open(served.port)
    assert 0.4 < await line.seconds_to_the_end() < 0.9
    line.close()


async def test_one_that_is_kept_may_rest_and_then_has_its_time_for_headers(served: Api) -> None:
    line = await Line.open(served.port)
    line.send(REQUEST)
    assert (await line.answer()).startswith(b"HTTP/1.1 200")
    await asyncio.sleep(0.8)
    await line.trickle(REQUEST[:10], 0.03)  # longer than the rest it has left
    line.send(REQUEST[10:])
    assert (await line.answer()).startswith(b"HTTP/1.1 200")
    line._since()
    await line.trickle(REQUEST[:8], 0.1)
    assert 0.4 < await line.seconds_to_the_end() < 0.95
    line.close()


async def test_one_that_is_kept_and_asks_nothing_ends(served: Api) -> None:
    line = await Line.open(served.port)
    line.send(REQUEST)
    await line.answer()
    line._since()
    assert 0.9 < await line.seconds_to_the_end() < 1.5
    line.close()


async def test_a_body_that_trickles_is_cut(served: Api) -> None:
    line = await Line.open(served.port)
    line.send(b"POST /api/auth/login HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
              b"Content-Length: 100\r\n\r\n{")  # fmt: skip
    assert 0.3 < await line.seconds_to_the_end() < 0.9
    line.close()


class Starved:
    """A listening socket that cannot accept for a while."""

    def __init__(self, real: socket.socket, error: int) -> None:
        self._real, self._error, self.tries = real, error, 0

    def accept(self) -> tuple[socket.socket, object]:
        self.tries += 1
        if self._error:
            raise OSError(self._error, os.strerror(self._error))
        return self._real.accept()

    def feed(self) -> None:
        """There are descriptors again."""
        self._error = 0

    def __getattr__(self, name: str) -> object:
        return getattr(self._real, name)


def starve(served: Api, error: int) -> Starved:
    """Have the server listen on a socket that fails so."""
    http = served.app.http
    [real] = http._sockets.values()
    starved = Starved(real, error)
    http._deafen(real)
    http._handlers.clear()
    http.add_sockets([starved])  # type: ignore[list-item]
    return starved


@pytest.mark.parametrize("error", [errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM])
async def test_where_accept_fails_it_pauses_and_says_so_once(served: Api, error: int) -> None:
    kept = await Line.open(served.port)
    kept.send(REQUEST)
    await kept.answer()
    with capture_logs() as logs:
        starved = starve(served, error)
        waiting = await Line.open(served.port)
        waiting.send(REQUEST)
        await asyncio.sleep(0.1)
        kept.send(REQUEST)  # those who are here are served
        assert (await kept.answer()).startswith(b"HTTP/1.1 200")
        await asyncio.sleep(0.45)
        assert 3 <= starved.tries <= 8
        starved.feed()
        assert (await waiting.answer()).startswith(b"HTTP/1.1 200")
        await asyncio.sleep(0.8)
    told = [line["event"] for line in logs if "new connections" in line["event"]]
    assert told == ["new connections wait", "new connections are accepted again"]
    kept.close()
    waiting.close()


async def test_a_client_that_left_the_queue_stops_nobody(served: Api) -> None:
    with capture_logs() as logs:
        starved = starve(served, errno.ECONNABORTED)
        line = await Line.open(served.port)
        line.send(REQUEST)
        await asyncio.sleep(0.05)
        starved.feed()
        assert (await line.answer()).startswith(b"HTTP/1.1 200")
    assert not [each for each in logs if "new connections" in each["event"]]
    line.close()


async def test_the_idle_make_room_where_others_find_none(served: Api) -> None:
    kept = await Line.open(served.port)
    kept.send(REQUEST)
    await kept.answer()
    kept._since()
    starve(served, errno.EMFILE)
    waiting = await Line.open(served.port)
    assert await kept.seconds_to_the_end() < 0.6  # and not after the whole second
    kept.close()
    waiting.close()


async def test_it_can_stop_while_it_waits_for_descriptors(served: Api) -> None:
    faults: list[object] = []
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(lambda _, context: faults.append(context))
    starve(served, errno.EMFILE)
    line = await Line.open(served.port)
    await asyncio.sleep(0.05)
    served.app.http.stop()
    await asyncio.sleep(0.3)  # when it would listen again
    loop.set_exception_handler(None)
    assert faults == []
    line.close()


async def test_a_file_that_cannot_be_opened_for_want_of_descriptors_is_503(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def full(*_: object) -> None:
        raise OSError(errno.EMFILE, os.strerror(errno.EMFILE), "x")

    monkeypatch.setattr(local.LocalStorage, "open", full)
    with capture_logs() as logs:
        answer = await api.get("/api/static/onapps/voucher/x.png")
    assert answer.status == 503, answer.body
    assert json.loads(answer.body)["code"] == "overloaded"
    assert not [line for line in logs if line["event"] == "crash"]
