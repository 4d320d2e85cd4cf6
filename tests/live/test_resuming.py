"""What was missed is told, in order and once, and then what happens: docs/sockets.md."""

import asyncio
import gc
import os
import struct
import time
from contextlib import AsyncExitStack

import psycopg
import pytest

from sunshine import events, live
from sunshine.connections import conninfo
from sunshine.events import Cursor
from sunshine.people import System
from tests.api import Api
from tests.live import channel
from tests.live.conftest import Noted
from tests.sockets import Client, connected, frame, raw, until


async def write(api: Api, numbers: range, name: str = "employee") -> None:
    """Notes, all in one transaction."""
    async with api.app.databases.sunshine.transaction(System("test")) as tx:
        for number in numbers:
            await tx.record(
                "employee_noted", "employee", api.cast[name].employee_id, after={"number": number}
            )


def numbers(frames: list[dict]) -> list[int]:
    """What notes say, of frames that end with `ready`."""
    assert [f["type"] for f in frames] == ["employee_noted"] * (len(frames) - 1) + ["ready"]
    return [f["data"]["number"] for f in frames[:-1]]


async def missed(api: Api, since: str, as_: str = "employee") -> list[int]:
    """What one is told who resumes."""
    async with connected(api, as_=as_, since=since) as client:
        return numbers(await client.until_ready())


@pytest.mark.parametrize("by", ["query", "message"])
async def test_it_tells_what_was_missed_and_then_what_happens(
    api: Api, noted: Noted, by: str
) -> None:
    async with connected(api, as_="employee") as client:
        await client.ready()
        await noted("employee", 1)
        seq = (await client.frame())["seq"]
    await noted("employee", 2)
    await noted("stranger", 3)
    await noted("employee", 4)
    async with connected(
        api, **({"as_": "employee", "since": seq} if by == "query" else {})
    ) as client:
        if by == "message":
            await client.say({"type": "auth", "token": api.employee.token, "since": seq})
        frames = await client.until_ready()
        assert numbers(frames) == [2, 4]
        assert frames[-1]["seq"] == frames[-2]["seq"]
        await noted("employee", 5)
        assert (await client.frame())["data"]["number"] == 5


async def test_every_seq_is_a_place_to_resume_from(api: Api) -> None:
    async with connected(api, as_="employee") as client:
        places = [await client.ready()]
        await write(api, range(20))
        places += [(await client.frame())["seq"] for _ in range(20)]
    assert len(set(places)) == 21
    for told, seq in enumerate(places):
        assert await missed(api, seq) == list(range(told, 20))


async def test_ready_tells_a_place_after_what_others_may_see(api: Api, noted: Noted) -> None:
    """Or a client that sees little would go through ever more of the log at each return."""
    async with connected(api, as_="stranger") as client:
        before = await client.ready()
        await noted("employee", 1)
        await noted("hr", 2)
    async with connected(api, as_="stranger", since=before) as client:
        after = await client.ready()
    assert Cursor.parse(before) < Cursor.parse(after)


async def test_it_resumes_at_another_process(api: Api, second: Api, noted: Noted) -> None:
    async with connected(api, as_="employee") as client:
        await client.ready()
        await noted("employee", 1)
        seq = (await client.frame())["seq"]
    await noted("employee", 2)
    async with connected(second, as_="employee", since=seq) as client:
        assert numbers(await client.until_ready()) == [2]
        await noted("employee", 3)
        assert (await client.frame())["data"]["number"] == 3


async def test_it_tells_more_than_one_part_of_the_log(api: Api) -> None:
    async with connected(api, as_="employee") as client:
        seq = await client.ready()
    await write(api, range(3 * events.PAGE))
    assert await missed(api, seq) == list(range(3 * events.PAGE))
    await write(api, range(600, 600 + events.PAGE - 1))
    assert len(await missed(api, seq)) == 4 * events.PAGE - 1


async def test_what_happens_while_it_resumes_is_told_once_and_in_order(api: Api) -> None:
    """Sockets that come in the middle of everything, at every stage of somebody's writing."""
    async with connected(api, as_="employee") as client:
        seq = await client.ready()
    await write(api, range(1000))
    done = asyncio.Event()

    async def go_on() -> None:
        for number in range(1000, 1300):
            await write(api, range(number, number + 1))
        done.set()

    writing = asyncio.create_task(go_on())
    async with AsyncExitStack() as stack:
        clients: list[Client] = []
        while not done.is_set():
            clients.append(
                await stack.enter_async_context(connected(api, as_="employee", since=seq))
            )
            await asyncio.sleep(0.02)
        await writing
        for client in clients:
            told: list[int] = []
            while len(told) < 1300:
                said = await client.frame()
                if said["type"] != "ready":
                    told.append(said["data"]["number"])
            assert told == list(range(1300))
            assert client.waiting() <= 1, "ready"
    assert len(clients) > 5


async def test_a_long_transaction_is_told_in_its_place(api: Api, noted: Noted) -> None:
    """It took its place in the log early and commits late: who resumes meanwhile hears it too."""
    employee = api.employee.employee_id
    settings = api.app.settings.databases["sunshine"]
    async with (
        connected(api, as_="employee") as live_one,
        await psycopg.AsyncConnection.connect(conninfo(settings)) as slow,
    ):
        seq = await live_one.ready()
        await slow.execute(
            "INSERT INTO event (at, type, entity, entity_id, actor_type, actor_name, after)"
            " VALUES (now(), 'employee_noted', 'employee', %s, 'system', 'x', '{\"number\": 1}')",
            [employee],
        )
        await noted("employee", 2)
        async with connected(api, as_="employee", since=seq) as client:
            assert (await client.ready(), live_one.waiting()) == (seq, 0)
            await slow.commit()
            for each in (client, live_one):
                assert [(await each.frame())["data"]["number"] for _ in range(2)] == [1, 2]


# Cursors that lead nowhere.


BAD = ["", "x", "1", "1-2-3", "-1-2", "1-", "٣-٤", "1" * 40 + "-1", "0x1-1", "1-1 ", "null"]


@pytest.mark.parametrize("since", BAD)
async def test_it_says_that_a_cursor_is_none(api: Api, since: str) -> None:
    async with connected(api) as client:
        await client.say({"type": "auth", "token": api.employee.token, "since": since})
        assert await client.frame() == {
            "type": "error",
            "data": {"code": "bad_cursor", "message": "since is not a cursor"},
        }
        assert await client.closed() == 1008


@pytest.mark.parametrize("since", [7, True, ["1-1"], {"seq": "1-1"}])
async def test_a_cursor_is_a_text(api: Api, since: object) -> None:
    async with connected(api) as client:
        await client.say({"type": "auth", "token": api.employee.token, "since": since})
        assert (await client.frame())["data"]["code"] == "bad_cursor"
        assert await client.closed() == 1008


async def test_a_bad_cursor_in_the_url_is_told_too(api: Api) -> None:
    async with connected(api, as_="employee", since="x%FF") as client:
        assert (await client.frame())["data"]["code"] == "bad_cursor"
        assert await client.closed() == 1008


async def test_no_cursor_is_told_before_it_is_known_who_asks(api: Api) -> None:
    async with connected(api, since="x") as client:
        await client.say({"type": "auth", "token": "rubbish", "since": "x"})
        assert await client.closed() == 4401


async def test_it_says_where_the_log_no_longer_goes_back_so_far(api: Api, noted: Noted) -> None:
    async with connected(api, as_="employee") as client:
        places = [await client.ready()]
        for number in range(4):
            await noted("employee", number)
            places.append((await client.frame())["seq"])
    xid, id_ = Cursor.parse(places[2])
    await api.sql(
        "DELETE FROM event WHERE (xid, id) < (%(xid)s::text::xid8, %(id)s)", xid=xid, id=id_
    )
    for old in places[:2]:
        async with connected(api, as_="employee", since=old) as client:
            assert await client.frame() == {"type": "reset"}
            assert Cursor.parse(await client.ready()) >= Cursor.parse(places[4])
            await noted("stranger", 8)
            await noted("employee", 9)
            assert (await client.frame())["data"]["number"] == 9
    assert (await missed(api, places[2]))[:2] == [2, 3]
    assert (await missed(api, places[4]))[:1] == [9]


async def test_a_place_that_was_never_reached_is_another_databases(api: Api) -> None:
    async with connected(api, as_="employee", since=f"{10**17}-1") as client:
        assert await client.frame() == {"type": "reset"}
        await client.ready()


# Readers that are slow.


async def test_who_sleeps_is_closed_and_hurts_nobody(api: Api, noted: Noted) -> None:
    async with raw(api, buffer=4096) as (reader, _):
        assert (await frame(reader))[0] == 1
        async with connected(api, as_="hr") as other:
            await other.ready()
            hub = api.app.presence.hub(channel.channel)
            told = 0
            while len(hub) == 2:
                await noted("employee", told, filling="x" * 60_000)
                assert (await other.frame(seconds=1))["data"]["number"] == told
                told += 1
                assert told < 500
            await noted("employee", told)
            assert (await other.frame(seconds=1))["data"]["number"] == told
        got = []
        while (said := await frame(reader))[0] == 1:
            got.append(said[1])
        assert said == (8, struct.pack("!H", 1013) + b"too slow")
        assert b"".join(got).count(b"employee_noted") == len(got) <= told, (
            "what it was told is whole"
        )


async def test_a_reader_that_wakes_up_resumes_where_it_was(api: Api) -> None:
    """24 MB are waiting for it; they are read as it takes them."""
    async with connected(api, as_="employee") as client:
        seq = await client.ready()
    async with api.app.databases.sunshine.transaction(System("test")) as tx:
        for number in range(800):
            await tx.record(
                "employee_noted", "employee", api.employee.employee_id,
                after={"number": number, "filling": "x" * 30_000},
            )  # fmt: skip
    async with raw(api, since=seq, buffer=4096) as (reader, _):
        async with connected(api, as_="employee") as other:
            await other.ready()
            [socket] = [g for g in api.app.presence._guests if g._listening]  # type: ignore[attr-defined]
            stream = socket._stream  # type: ignore[attr-defined]
            await until(lambda: len(stream._write_buffer))
            await write(api, range(800, 801))
            assert (await other.frame())["data"]["number"] == 800
            assert len(stream._write_buffer) < 64 * 1024
        told = []
        while (said := await frame(reader))[1].find(b'"ready"') < 0:
            told.append(int(said[1].partition(b'"number":')[2].partition(b",")[0].rstrip(b"}")))
        assert told == list(range(801))


async def test_a_frame_larger_than_what_may_wait_is_told_too(api: Api, noted: Noted) -> None:
    async with connected(api, as_="employee") as client:
        seq = await client.ready()
        await noted("employee", 1, filling="x" * 3_000_000)
        assert (await client.frame())["data"]["number"] == 1
    assert await missed(api, seq) == [1]


def resident() -> int:
    """Bytes of memory of this process."""
    with open("/proc/self/statm", encoding="ascii") as statm:
        return int(statm.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")


async def test_a_sleeper_costs_little(api: Api) -> None:
    """10,000 events of 1 KiB; tests/system has the 110,000."""
    async with raw(api, buffer=4096) as (reader, _):
        assert (await frame(reader))[0] == 1
        hub = api.app.presence.hub(channel.channel)

        async def publish(number: int) -> None:
            async with api.app.databases.sunshine.transaction(System("test")) as tx:
                for _ in range(number):
                    await tx.record(
                        "employee_noted", "employee", api.employee.employee_id,
                        after={"number": number, "filling": "x" * 1000},
                    )  # fmt: skip

        async with connected(api, as_="stranger") as other:
            await other.ready()
            await publish(500)
            gc.collect()
            before = resident()
            began = time.monotonic()
            for _ in range(10):
                await publish(1000)
            await until(lambda: len(hub) == 1)
            gc.collect()
            assert resident() - before < 10_000_000
            assert time.monotonic() - began < 20
        assert live.AT_ONCE < 1 << 20
