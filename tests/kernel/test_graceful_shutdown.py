"""How a server that stops parts from connections that are kept: no request is left unanswered."""

import asyncio
import select
import socket
from collections.abc import Iterator
from dataclasses import replace

import pytest
from tornado.ioloop import IOLoop

from sunshine.core.settings import Settings
from sunshine.web.server import shutdown
from tests.api import Api
from tests.conftest import Now, serve

REQUEST = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"


@pytest.fixture
def parted(settings: Settings, io_loop: IOLoop, now: Now) -> Iterator[Api]:
    """A server that a test parts from its clients."""
    yield from serve(replace(settings, shutdown_seconds=0), io_loop, now)


class Client:
    """One that keeps its connection, and looks whether it still stands before it asks again."""

    def __init__(self) -> None:
        self.answers: list[bytes] = []
        self._socket = socket.socket()

    async def connect(self, port: int) -> "Client":
        self._socket.setblocking(False)
        await asyncio.get_running_loop().sock_connect(self._socket, ("127.0.0.1", port))
        return self

    def stands(self) -> bool:
        poller = select.poll()
        poller.register(self._socket, select.POLLIN)
        return not poller.poll(0)

    async def ask(self, request: bytes = REQUEST) -> bytes:
        """An answer's bytes; empty where there was none."""
        loop = asyncio.get_running_loop()
        self._socket.send(request)
        try:
            self.answers.append(await loop.sock_recv(self._socket, 65536))
        except ConnectionError:
            self.answers.append(b"")
        return self.answers[-1]

    async def go_on(self, pause: float) -> None:
        """Until the line is closed."""
        while self.stands():
            await self.ask()
            await asyncio.sleep(pause)

    def close(self) -> None:
        self._socket.close()


async def part(api: Api, seconds: float = 8) -> None:
    api.app.http.stop()
    await shutdown.shut_down(api.app.http, api.app.application, seconds)


@pytest.fixture
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    """It closes what is idle at once, and looks all the time."""
    monkeypatch.setattr(shutdown, "LINGER_SECONDS", 0.0)
    monkeypatch.setattr(shutdown, "LOOK_SECONDS", 0.0)


@pytest.mark.usefixtures("hasty")
async def test_no_request_that_was_sent_goes_without_an_answer(parted: Api) -> None:
    clients = [await Client().connect(parted.port) for _ in range(60)]
    asking = [
        asyncio.create_task(client.go_on(number / 1e4)) for number, client in enumerate(clients)
    ]
    await asyncio.sleep(0.1)
    await asyncio.wait_for(part(parted), 10)
    await asyncio.gather(*asking)
    for client in clients:
        assert client.answers
        assert all(answer.startswith(b"HTTP/1.1 200") for answer in client.answers)
        client.close()


@pytest.mark.usefixtures("hasty")
async def test_a_request_that_nobody_has_read_yet_is_answered(parted: Api) -> None:
    client = await Client().connect(parted.port)
    await client.ask()
    await asyncio.sleep(0.05)
    client._socket.send(REQUEST)
    await part(parted)  # looks before the loop has had its turn
    said = await asyncio.get_running_loop().sock_recv(client._socket, 65536)
    assert said.startswith(b"HTTP/1.1 200")
    client.close()


async def test_the_next_answer_says_that_it_is_the_last(parted: Api) -> None:
    client = await Client().connect(parted.port)
    assert b"Connection: close" not in await client.ask()
    ending = asyncio.create_task(part(parted))
    await asyncio.sleep(0)
    assert b"Connection: close" in await client.ask()
    client.close()
    await asyncio.wait_for(ending, shutdown.LINGER_SECONDS)


async def test_one_that_asks_nothing_is_closed_after_a_moment(parted: Api) -> None:
    client = await Client().connect(parted.port)
    await client.ask()
    began = asyncio.get_running_loop().time()
    await part(parted)
    took = asyncio.get_running_loop().time() - began
    assert shutdown.LINGER_SECONDS <= took < shutdown.LINGER_SECONDS + 2
    assert not client.stands()
    client.close()


@pytest.mark.usefixtures("hasty")
async def test_half_a_request_is_waited_for_and_not_for_ever(parted: Api) -> None:
    whole, half = [await Client().connect(parted.port) for _ in range(2)]
    for client in (whole, half):
        client._socket.send(REQUEST[:10])
    await asyncio.sleep(0.05)
    ending = asyncio.create_task(part(parted, 0.5))
    await asyncio.sleep(0.1)
    assert (await whole.ask(REQUEST[10:])).startswith(b"HTTP/1.1 200")
    await asyncio.wait_for(ending, 2)
    assert not half.stands()
    whole.close()
    half.close()
