"""Readers that are slow or asleep cost little and hurt nobody: docs/sockets.md."""

import gc
import os
import struct

from sunshine.core.principals import System
from tests.api import Api
from tests.live import channel
from tests.live.conftest import Noted, write
from tests.sockets import connected, frame, raw, until


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
    async with connected(api, as_="employee", since=seq) as client:
        assert (await client.frame())["data"]["number"] == 1
        await client.ready()


def resident() -> int:
    """Bytes of memory of this process."""
    with open("/proc/self/statm", encoding="ascii") as statm:
        return int(statm.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")


PUBLISH = """
INSERT INTO event (at, type, entity, entity_id, actor_type, actor_name, after)
SELECT now(), 'employee_noted', 'employee', %(id)s, 'system', 'test',
       jsonb_build_object('number', i, 'filling', repeat('x', 1000))
FROM generate_series(1, %(number)s) AS i RETURNING pg_notify('sunshine_event', '')
"""


async def test_a_sleeper_costs_little(api: Api) -> None:
    """10,000 events of 1 KiB; `benchmarks/run.py sockets` has the 110,000."""
    hub = api.app.presence.hub(channel.channel)
    async with raw(api, buffer=4096) as (reader, _), connected(api, as_="stranger") as other:
        assert (await frame(reader))[0] == 1
        await other.ready()
        await api.sql(PUBLISH, id=api.employee.employee_id, number=500)
        gc.collect()
        before = resident()
        for _ in range(10):
            await api.sql(PUBLISH, id=api.employee.employee_id, number=1000)
        await until(lambda: len(hub) == 1)
        gc.collect()
        assert resident() - before < 10_000_000
