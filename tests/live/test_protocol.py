"""What a client may say, how it is known to be alive, and how it is closed: docs/sockets.md."""

import asyncio
import struct
import subprocess
import sys
import time

import jwt
import pytest

from sunshine.live import presence
from sunshine.web import sockets
from tests.api import Api
from tests.conftest import SECRET, Now
from tests.live.conftest import Noted, own_server
from tests.sockets import connected, frame, masked, raw, reset, until

# What a client says.


@pytest.mark.parametrize(
    "message", ['{"type": "hello"}', "nonsense", "", b"\x00", '{"type": "auth", "token": "x"}']
)
async def test_it_says_that_it_does_not_know_a_message_and_goes_on(
    api: Api, noted: Noted, message: str | bytes
) -> None:
    async with connected(api, as_="employee") as client:
        await client.ready()
        await client.say(message)
        assert await client.frame() == {
            "type": "error",
            "data": {
                "code": "unknown_message",
                "message": "Nothing is expected from you here",
            },
        }
        await noted("employee", 1)
        assert (await client.frame())["data"]["number"] == 1


async def test_it_takes_4096_bytes_and_no_more(api: Api) -> None:
    async with connected(api, as_="employee") as client:
        await client.ready()
        await client.say("x" * 4096)
        assert (await client.frame())["type"] == "error"
        await client.say("x" * 4097)
        assert await client.closed() == 1009
    async with connected(api) as client:
        await client.say("x" * 4097)
        assert await client.closed() == 1009


async def test_it_takes_no_more_in_pieces(api: Api) -> None:
    async with raw(api) as (reader, writer):
        assert (await frame(reader))[0] == 1
        writer.write(masked(1, b"x" * 4000, final=False) + masked(0, b"x" * 97))
        assert await frame(reader) == (8, struct.pack("!H", 1009) + b"message too big")


async def test_it_takes_twenty_messages_in_a_second(api: Api) -> None:
    async with connected(api, as_="employee") as client:
        await client.ready()
        for pause in (1.05, 0.0):
            for _ in range(20):
                await client.say("x")
            for _ in range(20):
                assert (await client.frame())["type"] == "error"
            await asyncio.sleep(pause)


async def test_it_closes_on_more(api: Api) -> None:
    async with raw(api) as (reader, writer):
        assert (await frame(reader))[0] == 1
        writer.write(masked(1, b"x") * 21)
        for _ in range(20):
            assert (await frame(reader))[0] == 1
        assert await frame(reader) == (8, struct.pack("!H", 1008) + b"too many messages")


@pytest.mark.parametrize("opcode", [9, 10])
async def test_pings_and_pongs_count_too(api: Api, opcode: int) -> None:
    async with raw(api) as (reader, writer):
        writer.write(masked(opcode, b"") * 50)
        codes: list[int] = []
        while not codes or codes[-1] != 8:
            kind, content = await frame(reader)
            codes.append(kind)
        assert content[:2] == struct.pack("!H", 1008)


async def test_it_answers_a_ping(api: Api) -> None:
    async with raw(api) as (reader, writer):
        assert (await frame(reader))[0] == 1
        writer.write(masked(9, b"are you there"))
        assert await frame(reader) == (10, b"are you there")


async def test_it_never_compresses(api: Api) -> None:
    headers = {"Sec-WebSocket-Extensions": "permessage-deflate"}
    async with connected(api, as_="employee", headers=headers) as client:
        await client.ready()
        answered = client.connection.headers
        assert answered is not None
        assert "Sec-WebSocket-Extensions" not in answered


# Alive or not.


def test_it_pings_every_thirty_seconds_and_waits_for_twenty() -> None:
    assert (sockets.PING_SECONDS, sockets.PONG_SECONDS, presence.TICK_SECONDS) == (30, 20, 1)


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(presence, "TICK_SECONDS", 0.05)
    monkeypatch.setattr(sockets, "PING_SECONDS", 0.4)
    monkeypatch.setattr(sockets, "PONG_SECONDS", 0.2)


@pytest.mark.usefixtures("quick")
async def test_it_drops_who_does_not_answer_a_ping(api: Api) -> None:
    async with raw(api) as (reader, writer), raw(api) as (silent, _):
        assert (await frame(reader))[0] == (await frame(silent))[0] == 1
        pings = 0
        began = time.monotonic()
        while pings < 3:
            assert await frame(reader) == (9, b"")
            writer.write(masked(10, b""))
            pings += 1
        assert time.monotonic() - began > 0.8
        assert await frame(silent) == (9, b"")
        with pytest.raises((asyncio.IncompleteReadError, ConnectionError)):
            await frame(silent)


def test_it_may_open_more_files_than_it_was_started_with() -> None:
    """A thousand and twenty-four is the usual limit, and a socket is a file."""
    code = (
        "import resource as r, server; hard = r.getrlimit(r.RLIMIT_NOFILE)[1];"
        "r.setrlimit(r.RLIMIT_NOFILE, (256, hard)); server._allow_files();"
        "print(r.getrlimit(r.RLIMIT_NOFILE)[0] == min(hard, server.FILES))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "True\n"


# The end of a token.


async def test_it_closes_when_the_token_expires(api: Api, noted: Noted) -> None:
    said = jwt.decode(api.employee.token, options={"verify_signature": False})
    short = jwt.encode(said | {"exp": int(time.time()) + 2}, SECRET, algorithm="HS256")
    async with connected(api, headers={"x-access-token": short}) as client:
        await client.ready()
        await noted("employee", 1)
        assert (await client.frame())["data"]["number"] == 1
        began = time.monotonic()
        assert await client.closed() == 4401
        assert time.monotonic() - began < 4


async def test_it_goes_by_the_servers_clock(api: Api, now: Now) -> None:
    async with connected(api, as_="employee") as client:
        await client.ready()
        now.shift(days=2)
        assert await client.closed() == 4401


# Gone.


async def test_it_counts_who_is_connected(api: Api) -> None:
    here = api.app.presence
    before = here.connected
    async with connected(api) as stranger, connected(api, as_="employee") as client:
        await client.ready()
        assert here.connected == before + 1
        await stranger.say({"type": "auth", "token": api.hr.token})
        await stranger.ready()
        assert here.connected == before + 2
    await until(lambda: here.connected == before)


async def test_it_leaves_nothing_behind_of_who_is_reset(api: Api, noted: Noted) -> None:
    here = api.app.presence
    async with raw(api) as (reader, writer):
        assert (await frame(reader))[0] == 1
        reset(writer)
        await until(lambda: not here._guests)
        assert len(here._hubs["notes"]) == 0
        assert not api.app.application.in_flight
        await noted("employee", 1)


async def test_it_sends_everybody_away_at_the_end(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Known, a stranger, and one that never says goodbye."""
    async with (
        own_server(api) as own,
        connected(own, as_="hr") as known,
        connected(own) as other,
        raw(own) as (reader, _),
    ):
        assert (await frame(reader))[0] == 1
        await known.ready()
        began = time.monotonic()
        monkeypatch.setattr(presence, "GOODBYE_SECONDS", 0.5)
        await own.app.stop()
        assert 0.4 < time.monotonic() - began < 3
        assert await known.closed() == 1001
        assert await other.closed() == 1001
        assert await frame(reader) == (8, struct.pack("!H", 1001) + b"the server is stopping")
        assert await reader.read() == b""


async def test_it_stops_at_once_where_everybody_says_goodbye(api: Api) -> None:
    async with own_server(api) as own, connected(own, as_="hr") as client:
        await client.ready()
        began = time.monotonic()
        await own.app.stop()
        assert time.monotonic() - began < 1
        assert await client.closed() == 1001
