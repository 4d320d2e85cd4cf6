"""The log of events: sunshine/database/event_log.py. Real connections, real commits."""

import asyncio
import random
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from decimal import Decimal
from typing import Any

import psycopg
import pytest
from sqlalchemy import func, select

from sunshine.core.principals import System
from sunshine.database.connections import conninfo
from sunshine.database.database import EVENT_CHANNEL, Database
from sunshine.database.event_log import Cursor, Event, Feed
from sunshine.database.invalidation import ACK_CHANNEL, FORGET_CHANNEL
from sunshine.database.statements import Statement
from tests.api import Api

WRITERS = 16
EACH = 60
TAKE_ID = Statement(select(func.pg_current_xact_id()))
FEEDS = "datname = current_database() AND application_name = 'sunshine feed'"


def never() -> None:
    """What a feed that nobody's cache depends on forgets."""


@asynccontextmanager
async def following(
    database: Database, *subscribers: Callable[[Event], None], forget: Callable[[], None] = never
) -> AsyncIterator[Feed]:
    """A feed, connected and caught up."""
    feed = Feed(database)
    for subscriber in subscribers:
        feed.subscribe(subscriber)
    feed.on_forget(forget)
    feed.start()
    try:
        await until(lambda: feed.connected and feed._cursor is not None)
        yield feed
    finally:
        await feed.stop()


async def until(holds: Callable[[], object], seconds: float = 10) -> None:
    """Wait for it."""
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, "it did not happen"
        await asyncio.sleep(0.005)


async def write(
    database: Database, type_: str, *, begun: float = 0, delay: float = 0, fails: bool = False
) -> None:
    """One change with one event, recorded `begun` seconds after the transaction took its id and
    committed `delay` seconds later."""
    try:
        async with database.transaction(System("writer")) as tx:
            if begun:
                await tx.one_or_none(TAKE_ID)
                await asyncio.sleep(begun)
            await tx.record(type_, "thing", 1)
            await asyncio.sleep(delay)
            if fails:
                raise LookupError
    except LookupError:
        assert fails


async def write_many(database: Database, writer: int) -> None:
    """EACH changes, some taken back."""
    dice = random.Random(writer)
    for number in range(EACH):
        begun, delay = dice.choice([0, 0, 0.003, 0.01]), dice.choice([0, 0.001, 0.004, 0.015])
        type_ = f"w{writer}-{number}"
        await write(database, type_, begun=begun, delay=delay, fails=number % 10 == 9)


async def stored(api: Api) -> list[tuple[int, int, str]]:
    """Every event there is, in the order of delivery."""
    rows = await api.sql("SELECT xid::text::bigint AS xid, id, type FROM event ORDER BY xid, id")
    return [(row["xid"], row["id"], row["type"]) for row in rows]


def told(events: list[Event]) -> list[tuple[int, int, str]]:
    """The same of what a subscriber was told."""
    return [(*event.cursor, event.type) for event in events]


@pytest.fixture
def database(api: Api) -> Database:
    """The one that everything here writes to."""
    return api.app.databases.sunshine


async def test_it_loses_none_and_repeats_none_under_16_writers(
    api: Api, database: Database
) -> None:
    seen: list[Event] = []
    other: list[Event] = []
    async with following(database, seen.append, other.append):
        await asyncio.gather(*(write_many(database, writer) for writer in range(WRITERS)))
        expected = await stored(api)
        assert len(expected) == WRITERS * EACH * 9 // 10
        await until(lambda: len(seen) >= len(expected))
        await asyncio.sleep(0.1)
    assert told(seen) == expected
    assert other == seen
    # Or else transactions came in the order of their serial numbers, and nothing was proved.
    by_id = sorted(expected, key=lambda event: event[1])
    assert by_id != expected


async def test_each_writers_events_come_in_its_own_order(api: Api, database: Database) -> None:
    seen: list[Event] = []
    async with following(database, seen.append):
        await asyncio.gather(*(write_many(database, writer) for writer in range(4)))
        await until(lambda: len(seen) >= 4 * EACH * 9 // 10)
    for writer in range(4):
        own = [e.type for e in seen if e.type.startswith(f"w{writer}-")]
        assert own == [f"w{writer}-{number}" for number in range(EACH) if number % 10 != 9]


async def test_a_broken_connection_loses_none_and_repeats_none(
    api: Api, database: Database
) -> None:
    seen: list[Event] = []
    forgotten: list[float] = []
    async with following(
        database, seen.append, forget=lambda: forgotten.append(time.monotonic())
    ) as feed:
        writing = asyncio.gather(*(write_many(database, writer) for writer in range(WRITERS)))
        for _ in range(2):
            await asyncio.sleep(0.2)
            before = len(forgotten)
            await api.sql(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE {FEEDS}")
            await until(lambda before=before: len(forgotten) > before)  # type: ignore[misc]
            await until(lambda: feed.connected)
        await writing
        expected = await stored(api)
        await until(lambda: len(seen) >= len(expected))
        await asyncio.sleep(0.1)
    assert told(seen) == expected
    await reconnected(api)


async def reconnected(api: Api) -> None:
    """Leave the servers' own feeds as they were found."""
    await until(lambda: api.app.feed.connected)


async def test_a_rolled_back_change_leaves_none(api: Api, database: Database) -> None:
    seen: list[Event] = []
    async with following(database, seen.append):
        await write(database, "undone", fails=True)
        await write(database, "done")
        await until(lambda: seen)
    assert [event.type for event in seen] == ["done"]
    assert await api.events() == ["done"]


async def test_a_long_transaction_delays_but_loses_none(api: Api, database: Database) -> None:
    seen: list[Event] = []
    settings = database.settings
    async with (
        following(database, seen.append),
        await psycopg.AsyncConnection.connect(conninfo(settings)) as slow,
    ):
        await slow.execute(
            "INSERT INTO event (at, type, entity, actor_type, actor_name)"
            " VALUES (now(), 'slow', 'thing', 'system', 'test')"
        )
        began = time.monotonic()
        for number in range(5):
            await write(database, f"fast{number}")
        assert time.monotonic() - began < 1, "writes must not wait"
        await asyncio.sleep(0.3)
        assert seen == []
        await slow.commit()
        await until(lambda: len(seen) == 6, seconds=1)
    assert [event.type for event in seen] == ["slow", *(f"fast{number}" for number in range(5))]


async def test_an_event_arrives_at_once(database: Database, api: Api) -> None:
    """By notification, not by the slow poll."""
    arrived: list[float] = []
    async with following(database, lambda _: arrived.append(time.monotonic())):
        for number in range(5):
            began = time.monotonic()
            await write(database, "quick")
            await until(lambda number=number: len(arrived) > number)  # type: ignore[misc]
            assert arrived[-1] - began < 0.5


async def test_an_event_tells_everything_that_was_recorded(database: Database, api: Api) -> None:
    seen: list[Event] = []
    async with following(database, seen.append):
        async with database.transaction(System("me"), request_id="r1") as tx:
            await tx.record("changed", "thing", 7, before={"a": 1}, after={"a": [1, "ä"]})
            now = tx.now
        await until(lambda: seen)
    [event] = seen
    assert event._replace(cursor=Cursor(0, 0)) == Event(
        Cursor(0, 0), now, "changed", "thing", 7, "system", None, "me", "r1",
        {"a": 1}, {"a": [1, "ä"]},
    )  # fmt: skip
    assert Cursor.parse(str(event.cursor)) == event.cursor


async def test_many_are_recorded_as_each_would_be(database: Database, api: Api) -> None:
    rows: list[tuple[int | None, dict[str, Any] | None, dict[str, Any] | None]] = [
        (7, {"a": 1}, {"a": [1, "ä\\"], "at": database.clock(), "price": Decimal("1.50")}),
        (None, None, {}),
        (5, {"a": None}, None),
    ]
    stored = "SELECT at, type, entity, entity_id, actor_name, request_id, before, after FROM event"
    texts = "SELECT before::text, after::text FROM event ORDER BY id"
    async with database.transaction(System("me"), request_id="r1") as tx:
        for id_, before, after in rows:
            await tx.record("changed", "thing", id_, before=before, after=after)
    alone, as_text = await api.sql(f"{stored} ORDER BY id"), await api.sql(texts)
    await api.sql("DELETE FROM event")
    async with database.transaction(System("me"), request_id="r1", now=tx.now) as tx:
        await tx.record_all("changed", "thing", iter(rows))
        await tx.record_all("changed", "thing", [])
    assert await api.sql(f"{stored} ORDER BY id") == alone
    assert await api.sql(texts) == as_text


async def test_many_wake_the_followers_once(database: Database, api: Api) -> None:
    async with await psycopg.AsyncConnection.connect(
        conninfo(database.settings), autocommit=True
    ) as listener:
        await listener.execute(f"LISTEN {EVENT_CHANNEL}")
        async with database.transaction(System()) as tx:
            await tx.record_all("changed", "thing", [(id_, None, {"a": 1}) for id_ in range(1000)])
        notices = [notice async for notice in listener.notifies(timeout=0.3)]
    assert [notice.payload for notice in notices] == [""]
    ids = await api.sql("SELECT entity_id FROM event ORDER BY id")
    assert [row["entity_id"] for row in ids] == list(range(1000))


async def test_a_subscriber_that_fails_stops_nobody(database: Database, api: Api) -> None:
    seen: list[Event] = []

    def fails(_: Event) -> None:
        raise ValueError("on purpose")

    async with following(database, fails, seen.append):
        for type_ in ("one", "two"):
            await write(database, type_)
        await until(lambda: len(seen) == 2)


async def test_a_feed_starts_with_what_is_new(database: Database, api: Api) -> None:
    seen: list[Event] = []
    await write(database, "old")
    async with following(database, seen.append):
        await write(database, "new")
        await until(lambda: seen)
    assert [event.type for event in seen] == ["new"]


# The barrier of Transaction.invalidate_principals.


@asynccontextmanager
async def listener(database: Database) -> AsyncIterator[psycopg.AsyncConnection]:
    """A feed that another process has: it is heard of, and does what the test says."""
    async with await psycopg.AsyncConnection.connect(
        conninfo(database.settings, application_name="sunshine feed"), autocommit=True
    ) as connection:
        await connection.execute(f"LISTEN {FORGET_CHANNEL}")
        yield connection


async def invalidate_everywhere(database: Database) -> float:
    """A change that ends something; how long until it may be answered."""
    began = time.monotonic()
    async with database.transaction(System("test")) as tx:
        await tx.record("ended", "thing", 1)
        tx.invalidate_principals()
    return time.monotonic() - began


@pytest.fixture
def counted() -> list[list[int]]:
    """Three feeds' counts of how often they forgot."""
    return [[], [], []]


async def test_every_feed_has_forgotten_when_the_change_is_answered(
    api: Api, second: Api, database: Database, counted: list[list[int]]
) -> None:
    first, middle, last = counted
    async with (
        following(database, forget=lambda: first.append(1)),
        following(database, forget=lambda: middle.append(1)),
        following(database, forget=lambda: last.append(1)),
    ):
        for _ in range(20):
            before = [len(count) for count in counted]
            took = await invalidate_everywhere(database)
            assert all(len(c) > b for c, b in zip(counted, before, strict=True))
            assert took < 0.9


async def test_it_waits_for_the_slowest_feed(api: Api, database: Database) -> None:
    async with listener(database) as slow:

        async def acknowledge() -> None:
            [notice] = [n async for n in slow.notifies(timeout=5, stop_after=1)]
            await asyncio.sleep(0.4)
            await slow.execute("SELECT pg_notify(%s, %s)", (ACK_CHANNEL, notice.payload))

        acknowledging = asyncio.ensure_future(acknowledge())
        took = await invalidate_everywhere(database)
        await acknowledging
    assert 0.4 <= took < 0.9


async def test_a_frozen_feed_is_given_up_after_a_second(api: Api, database: Database) -> None:
    async with listener(database):
        took = await invalidate_everywhere(database)
    assert 0.9 < took < 1.4
    assert await api.events() == ["ended"]


async def test_a_feed_that_died_is_not_waited_for(api: Api, database: Database) -> None:
    async with listener(database) as dead:
        [row] = await api.sql(
            "SELECT pg_terminate_backend(%(pid)s, 2000) AS ended", pid=dead.info.backend_pid
        )
        assert row["ended"]
        took = await invalidate_everywhere(database)
    assert took < 0.9


async def test_without_any_feed_there_is_nothing_to_wait_for(api: Api, database: Database) -> None:
    """As at the command line while no server runs: in a database that no server follows."""
    assert await invalidate_everywhere(api.app.databases["mitra"]) < 0.9


async def test_a_change_taken_back_makes_nobody_forget(api: Api, database: Database) -> None:
    forgot: list[int] = []

    async def change() -> None:
        async with database.transaction(System("test")) as tx:
            await tx.record("ended", "thing", 1)
            tx.invalidate_principals()
            raise LookupError

    async with following(database, forget=lambda: forgot.append(1)):
        forgot.clear()
        with pytest.raises(LookupError):
            await change()
        await asyncio.sleep(0.1)
    # Stopping forgets too.
    assert len(forgot) <= 1


async def test_what_was_cached_is_dropped_when_the_feed_breaks(api: Api) -> None:
    assert (await api.get("/api/auth/account", as_="admin")).status == 200
    assert api.app.principals._known
    await api.sql(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE {FEEDS}")
    await until(lambda: not api.app.feed.connected, seconds=2)
    assert not api.app.principals._known
    # And nothing is kept meanwhile.
    assert (await api.get("/api/auth/account", as_="admin")).status == 200
    assert not api.app.principals._known
    await reconnected(api)
