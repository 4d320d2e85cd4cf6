"""How many sockets and connections one may hold, and what counts as a message."""

import asyncio
import struct
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace

import pytest
from tornado.ioloop import IOLoop

from sunshine.core.settings import Settings
from sunshine.web import sockets
from sunshine.web.server import counted
from tests.api import Api
from tests.conftest import Now, serve
from tests.sockets import connected, frame, masked, raw, refused, until

Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]


@pytest.fixture
def few(settings: Settings, io_loop: IOLoop, now: Now, api: Api) -> Iterator[Api]:
    """A server that takes five connections of an address, and ten sockets of a user."""
    limits = replace(settings.limits, connections=5)
    counting = replace(settings, rate_limit_enabled=True, limits=limits)
    for made in serve(counting, io_loop, now):
        made.cast = api.cast
        yield made


@pytest.fixture
def direct(settings: Settings, io_loop: IOLoop, now: Now, api: Api) -> Iterator[Api]:
    """The same, which clients reach themselves."""
    limits = replace(settings.limits, connections=5)
    counting = replace(settings, rate_limit_enabled=True, limits=limits, trusted_proxies=())
    for made in serve(counting, io_loop, now):
        made.cast = api.cast
        yield made


@asynccontextmanager
async def line(api: Api) -> AsyncIterator[Streams]:
    """A connection on which nothing is said."""
    reader, writer = await asyncio.open_connection("127.0.0.1", api.port)
    try:
        yield reader, writer
    finally:
        writer.transport.abort()


async def asked(streams: Streams, **headers: str) -> str:
    """A request on it; the answer's status line and the code of an error."""
    reader, writer = streams
    sent = {"Host": "x", **{n.replace("_", "-"): value for n, value in headers.items()}}
    lines = ["GET /api/positions HTTP/1.1", *(f"{name}: {value}" for name, value in sent.items())]
    writer.write("\r\n".join([*lines, "", ""]).encode())
    head = (await reader.readuntil(b"\r\n\r\n")).decode()
    size = int(head.lower().partition("content-length: ")[2].partition("\r")[0])
    body = (await reader.readexactly(size)).decode()
    code = "too_many_requests" if "too_many_requests" in body else ""
    return f"{head.split()[1]} {code}".strip()


def held(api: Api) -> int:
    return api.app.application.connections.most


# Sockets of one user.


async def test_the_eleventh_socket_of_a_user_is_refused(limited: Api) -> None:
    async with AsyncExitStack() as stack:
        clients = [
            await stack.enter_async_context(connected(limited, as_="employee")) for _ in range(10)
        ]
        for client in clients:
            await client.ready()
        answer = await refused(limited, x_access_token=limited.employee.token)
        assert (answer.status, answer.code) == (429, "too_many_requests")
        assert int(answer.headers["Retry-After"]) > 0
        async with connected(limited) as late:
            await late.say({"type": "auth", "token": limited.employee.token})
            assert await late.closed() == 1013
        async with connected(limited, as_="manager") as other:
            await other.ready()
        clients[0].connection.close()
        await until(lambda: limited.app.presence.connected == 9)
        async with connected(limited, as_="employee") as again:
            await again.ready()


async def test_fifteen_at_once_are_ten(limited: Api) -> None:
    async with AsyncExitStack() as stack:
        tried = [stack.enter_async_context(raw(limited)) for _ in range(15)]
        results = await asyncio.gather(*tried, return_exceptions=True)
        assert sum(isinstance(result, AssertionError) for result in results) == 5
        assert limited.app.presence.held == {f"user:{limited.employee.user_id}": 10}
    await until(lambda: not limited.app.presence.held)


# Connections of one address.


async def test_the_sixth_connection_of_an_address_is_refused(direct: Api) -> None:
    async with AsyncExitStack() as stack:
        lines = [await stack.enter_async_context(line(direct)) for _ in range(5)]
        await until(lambda: held(direct) == 5)
        async with line(direct) as sixth:
            assert await asked(sixth) == "429 too_many_requests"
            assert await sixth[0].read() == b"", "it is closed"
        assert await asked(lines[0]) == "401"
        lines[1][1].close()
        await until(lambda: held(direct) == 4)
        async with line(direct) as another:
            assert await asked(another) == "401"
    await until(lambda: held(direct) == 0)


async def test_one_refused_that_says_nothing_is_closed(
    direct: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(counted, "FAREWELL_SECONDS", 0.1)
    async with AsyncExitStack() as stack:
        for _ in range(5):
            await stack.enter_async_context(line(direct))
        await until(lambda: held(direct) == 5)
        async with line(direct) as (reader, _):
            assert b"429 Too Many Requests" in await asyncio.wait_for(reader.read(), 5)
        await until(lambda: not direct.app.http._farewells)


async def test_a_socket_is_a_connection(direct: Api) -> None:
    async with AsyncExitStack() as stack:
        streams = [await stack.enter_async_context(raw(direct)) for _ in range(3)]
        for _ in range(2):
            await stack.enter_async_context(line(direct))
        await until(lambda: held(direct) == 5)
        async with line(direct) as sixth:
            assert await asked(sixth) == "429 too_many_requests"
        streams[0][1].transport.abort()
        await until(lambda: held(direct) == 4)
    await until(lambda: held(direct) == 0)


async def test_behind_a_proxy_each_client_has_so_many_sockets(few: Api) -> None:
    one, other = {"X-Forwarded-For": "203.0.113.1"}, {"X-Forwarded-For": "203.0.113.2"}
    async with AsyncExitStack() as stack:
        for _ in range(5):
            coming = connected(few, as_="employee", headers=one)
            await (await stack.enter_async_context(coming)).ready()
        answer = await refused(
            few, X_Forwarded_For="203.0.113.1", x_access_token=few.employee.token
        )
        assert (answer.status, answer.code) == (429, "too_many_requests")
        async with connected(few, as_="employee", headers=other) as client:
            await client.ready()
    await until(lambda: held(few) == 0)


async def test_a_proxy_holds_as_many_as_it_needs_and_itself_no_more_than_others(few: Api) -> None:
    async with AsyncExitStack() as stack:
        lines = [await stack.enter_async_context(line(few)) for _ in range(12)]
        for each in lines:
            assert await asked(each, X_Forwarded_For="203.0.113.1") == "401"
        answers = [await asked(each) for each in lines]
        assert answers == ["401"] * 5 + ["429 too_many_requests"] * 7
        assert await asked(lines[-1], X_Forwarded_For="203.0.113.1") == "401"
    await until(lambda: held(few) == 0)


# Messages.


async def test_a_flood_of_pings_is_answered_no_more_than_twenty_times(api: Api) -> None:
    async with raw(api) as (reader, writer):
        assert (await frame(reader))[0] == 1
        writer.write(masked(9, b"") * 60_000)
        answered = 0
        while (heard := await frame(reader))[0] == 10:
            answered += 1
        assert heard == (8, struct.pack("!H", 1008) + b"too many messages")
        assert answered == 20
        with pytest.raises((asyncio.IncompleteReadError, TimeoutError, ConnectionError)):
            await asyncio.wait_for(frame(reader), 0.5)


@pytest.mark.parametrize("content", [b"", b"x"])
async def test_pieces_count_too(api: Api, content: bytes) -> None:
    async with raw(api) as (reader, writer):
        assert (await frame(reader))[0] == 1
        pieces = masked(1, b"x", final=False) + masked(0, content, final=False) * 50
        writer.write(pieces)
        assert await frame(reader) == (8, struct.pack("!H", 1008) + b"too many messages")


async def test_who_was_closed_may_still_say_goodbye(api: Api) -> None:
    async with raw(api) as (reader, writer):
        assert (await frame(reader))[0] == 1
        writer.write(masked(1, b"x") * 40 + masked(8, struct.pack("!H", 1008)))
        heard = [await frame(reader) for _ in range(21)]
        assert [opcode for opcode, _ in heard] == [1] * 20 + [8]
        assert await asyncio.wait_for(reader.read(), sockets.GOODBYE_SECONDS - 2) == b""
