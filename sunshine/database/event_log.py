"""Events after the commit: each process follows a database's events in order, none lost.

`Transaction.record` (sunshine/database/database.py) appends them. Serial ids are not in commit
order: a reader of `id > cursor` loses the rows of a transaction that took its ids early and
committed late. Rows are ordered by (transaction id, id) and read only below the oldest running
transaction; a long write transaction anywhere in the cluster delays delivery, never a write.
"""

import asyncio
import contextlib
import time
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, NamedTuple, TypedDict

import psycopg
import structlog
from psycopg.rows import DictRow
from sqlalchemy import (
    ARRAY,
    BigInteger,
    Text,
    any_,
    bindparam,
    cast,
    exists,
    func,
    select,
    tuple_,
)

from models import DATABASES, kernel
from models.kernel import XID8
from sunshine.core.errors import Invalid, Unavailable
from sunshine.database.connections import connected
from sunshine.database.database import EVENT_CHANNEL, Database
from sunshine.database.invalidation import ACK_CHANNEL, FORGET_CHANNEL
from sunshine.database.statements import Statement

log = structlog.get_logger("sunshine.events")

BATCH = 500
# How many events a reader of the log gets at once.
PAGE = 200
POLL_SECONDS = 5.0
# Seconds between polls while an older transaction holds events back: its end sends no notification.
HELD_SECONDS = 0.05


class Cursor(NamedTuple):
    """A position in the log. Opaque to clients, who send back the last one they saw."""

    xid: int
    id: int

    def __str__(self) -> str:
        return f"{self.xid}-{self.id}"

    @classmethod
    def parse(cls, text: str, field: str = "since") -> "Cursor":
        """Parse a cursor that a client sent back; Invalid if it is not a cursor."""
        parts = text.split("-")
        if len(parts) != 2 or not all(p.isascii() and p.isdigit() and len(p) < 19 for p in parts):
            raise Invalid.field(field, "is not a cursor")
        return cls(int(parts[0]), int(parts[1]))


class Event(NamedTuple):
    """One event, as it was recorded."""

    cursor: Cursor
    at: datetime
    type: str
    entity: str
    entity_id: int | None
    actor_type: str
    actor_id: int | None
    actor_name: str
    request_id: str | None
    before: Any
    after: Any


class EventRow(TypedDict):
    """A row of `columns`."""

    xid: int
    id: int
    at: datetime
    type: str
    entity: str
    entity_id: int | None
    actor_type: str
    actor_id: int | None
    actor_name: str
    request_id: str | None
    before: Any
    after: Any


class NewEventRow(EventRow):
    """An event, and whether no running transaction can still precede it."""

    ready: bool


class KeptRow(TypedDict):
    """Whether all events after a cursor can still be read."""

    kept: bool


class HereRow(TypedDict):
    """The oldest running transaction."""

    xid: int


class PlaceRow(HereRow):
    """A position in the log."""

    id: int


Subscriber = Callable[[Event], None]


def columns(database: str) -> list[Any]:
    """Return the columns to read of an event; its transaction id as a number."""
    e = kernel.event[database].c
    return [
        cast(cast(e.xid, Text), BigInteger).label("xid"), e.id, e.at, e.type, e.entity,
        e.entity_id, e.actor_type, e.actor_id, e.actor_name, e.request_id, e.before, e.after,
    ]  # fmt: skip


def _xmin() -> Any:
    return func.pg_snapshot_xmin(func.pg_current_snapshot())


def after_cursor(database: str) -> Any:
    """Return the SQL condition for events after the parameters `xid` and `id`."""
    e = kernel.event[database].c
    # A number cannot be cast to xid8, but its text can.
    xid = cast(cast(bindparam("xid", type_=BigInteger), Text), XID8)
    return tuple_(e.xid, e.id) > tuple_(xid, bindparam("id", type_=BigInteger))


def settled(database: str) -> Any:
    """Return the SQL condition for events that no running transaction can still precede."""
    return kernel.event[database].c.xid < _xmin()


def _since(database: str) -> Statement[NewEventRow]:
    e = kernel.event[database].c
    ready = settled(database).label("ready")
    return Statement(
        select(*columns(database), ready)
        .where(after_cursor(database))
        .order_by(e.xid, e.id)
        .limit(BATCH),
        NewEventRow,
    )


def _page(database: str) -> Statement[EventRow]:
    e = kernel.event[database].c
    return Statement(
        select(*columns(database))
        .where(
            after_cursor(database),
            settled(database),
            e.type == any_(bindparam("types", type_=ARRAY(Text))),
        )
        .order_by(e.xid, e.id)
        .limit(PAGE),
        EventRow,
    )


def _kept(database: str) -> Statement[KeptRow]:
    e = kernel.event[database].c
    xid, id_ = bindparam("xid", type_=BigInteger), bindparam("id", type_=BigInteger)
    at = tuple_(cast(cast(xid, Text), XID8), id_)
    itself = exists().where(tuple_(e.xid, e.id) == at)
    # A cursor taken before there was any event names no event, only the finished transactions.
    between = (id_ == 0) & exists().where(tuple_(e.xid, e.id) <= at)
    reached = xid <= cast(cast(_xmin(), Text), BigInteger)
    return Statement(select(((itself | between) & reached).label("kept")), KeptRow)


def _last(database: str) -> Statement[PlaceRow]:
    e = kernel.event[database].c
    found = select(cast(cast(e.xid, Text), BigInteger).label("xid"), e.id)
    last = found.where(settled(database)).order_by(e.xid.desc(), e.id.desc()).limit(1)
    return Statement(last, PlaceRow)


_LAST = {name: _last(name) for name in DATABASES}
_WRITES = "SHOW transaction_read_only"
_PAGE = {name: _page(name) for name in DATABASES}
_KEPT = {name: _kept(name) for name in DATABASES}
_HERE = Statement(select(cast(cast(_xmin(), Text), BigInteger).label("xid")), HereRow)


async def page_after(database: Database, since: Cursor, types: list[str]) -> list[Event]:
    """Return the next events of these types after a cursor, at most PAGE.

    Events that another one could still precede are not included.
    """
    rows = await database.all(_PAGE[database.name], types=types, **since._asdict())
    return [event_of(row) for row in rows]


async def is_kept(database: Database, since: Cursor) -> bool:
    """Return whether all events after a cursor can still be read.

    The oldest events are deleted first: if the one at the cursor exists, none after it is missing.
    If it does not, it was deleted or never was on this server: a standby that took over may not
    have received it, and uses its number for another one.
    """
    row = await database.one(_KEPT[database.name], **since._asdict())
    return bool(row["kept"])


class Feed:
    """Follows one database's events and passes each to the subscribers, in order, once.

    `connected` is false while the database cannot deliver events: caches must not be trusted.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._subscribers: list[Subscriber] = []
        self._caches: list[Callable[[], None]] = []
        self._breaks: list[Callable[[Cursor], None]] = []
        self._since = _since(database.name)
        self._cursor: Cursor | None = None
        self._placed = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self.connected = False
        self._behind_since: float | None = time.monotonic()

    @property
    def behind(self) -> float:
        """Return the seconds for which events may have been undelivered; normally 0."""
        return 0.0 if self._behind_since is None else time.monotonic() - self._behind_since

    @property
    def cursor(self) -> Cursor | None:
        """Return the position of the last delivered event; None until the database was reached."""
        return self._cursor

    async def placed(self) -> Cursor:
        """Wait for the first position and return the current one."""
        await self._placed.wait()
        assert self._cursor is not None  # noqa: S101 - for mypy
        return self._cursor

    def subscribe(self, subscriber: Subscriber) -> None:
        """Call `subscriber` with every event from now on."""
        self._subscribers.append(subscriber)

    def on_forget(self, forget: Callable[[], None]) -> None:
        """Call `forget` whenever cached principals must be dropped."""
        self._caches.append(forget)

    def on_break(self, begin_anew: Callable[[Cursor], None]) -> None:
        """Call `begin_anew` when the log does not continue from its last position.

        Its argument is the log's current end; the subscribers get the events after it.
        """
        self._breaks.append(begin_anew)

    def start(self) -> None:
        """Start following; returns at once."""
        self._task = asyncio.get_running_loop().create_task(self._run())

    async def stop(self) -> None:
        """Stop following."""
        if self._task:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task

    async def _run(self) -> None:
        reported = ""  # twice a second while PostgreSQL is away would be a flood
        while True:
            try:
                await self._follow()
            except (psycopg.Error, TimeoutError, Unavailable) as error:
                reason = str(error).strip()
                if self.connected or reason != reported:
                    log.warning("feed lost", database=self._database.name, reason=reason)
                reported = reason
            except Exception:
                log.exception("feed failed", database=self._database.name)
            finally:
                self.connected = False
                self._is_behind(True)
                self._forget()
            await asyncio.sleep(0.5)

    async def _follow(self) -> None:
        connection = await connected(self._database.settings, "sunshine feed")
        async with connection:
            await connection.execute(f"LISTEN {EVENT_CHANNEL}")
            await connection.execute(f"LISTEN {FORGET_CHANNEL}")
            self._forget()
            self.connected = True
            if self._cursor is not None:
                await self._check_place(connection, self._cursor)
            held = await self._catch_up(connection)
            while True:
                wait = HELD_SECONDS if held else POLL_SECONDS
                notices = [n async for n in connection.notifies(timeout=wait, stop_after=1)]
                asked = [notice.payload for notice in notices if notice.channel == FORGET_CHANNEL]
                if asked:
                    self._forget()
                for token in asked:
                    await connection.execute("SELECT pg_notify(%s, %s)", (ACK_CHANNEL, token))
                if not notices and not held and await self._is_read_only(connection):
                    # Nothing happens on this server any more; another one is the primary.
                    return await self._database.leave()
                held = await self._catch_up(connection)

    async def _is_read_only(self, connection: psycopg.AsyncConnection[DictRow]) -> bool:
        row = await (await connection.execute(_WRITES)).fetchone()
        return row is not None and row["transaction_read_only"] == "on"

    async def _catch_up(self, connection: psycopg.AsyncConnection[DictRow]) -> bool:
        """Deliver new events; return whether there are some that may not be delivered yet.

        Reads on the feed's own connection: it does not depend on the pool, and a dead one is
        noticed.
        """
        held = await self._deliver_new(connection)
        self._is_behind(held)
        return held

    async def _deliver_new(self, connection: psycopg.AsyncConnection[DictRow]) -> bool:
        if self._cursor is None:
            self._cursor = await self._end(connection)
            self._placed.set()
        while True:
            values = self._cursor._asdict()
            rows = await (await self._database.execute(connection, self._since, values)).fetchall()
            for row in rows:
                if not row["ready"]:
                    return True
                self._deliver(event_of(row))
            if len(rows) < BATCH:
                return False

    async def _check_place(
        self, connection: psycopg.AsyncConnection[DictRow], place: Cursor
    ) -> None:
        """Start again at the log's end if this server lacks the last delivered event.

        A standby that took over may not have received it; subscribers are asked to reload.
        """
        kept = _KEPT[self._database.name]
        row = await (await self._database.execute(connection, kept, place._asdict())).fetchone()
        if row is None or row["kept"]:
            return
        self._cursor = await self._end(connection)
        log.warning(
            "log broke", database=self._database.name, after=str(place), at=str(self._cursor)
        )
        for begin_anew in self._breaks:
            begin_anew(self._cursor)

    async def _end(self, connection: psycopg.AsyncConnection[DictRow]) -> Cursor:
        """Return the position of the last event that none can precede any more."""
        last = _LAST[self._database.name]
        row = await (await self._database.execute(connection, last, {})).fetchone()
        if row is not None:
            return Cursor(row["xid"], row["id"])
        [here] = await (await self._database.execute(connection, _HERE, {})).fetchall()
        return Cursor(here["xid"], 0)

    def _is_behind(self, behind: bool) -> None:
        if not behind:
            self._behind_since = None
        elif self._behind_since is None:
            self._behind_since = time.monotonic()

    def _forget(self) -> None:
        for forget in self._caches:
            forget()

    def _deliver(self, event: Event) -> None:
        self._cursor = event.cursor
        for subscriber in self._subscribers:
            try:
                subscriber(event)
            except Exception:  # one subscriber's error must not stop the log for the others
                log.exception("subscriber failed", event_type=event.type, seq=str(event.cursor))


def event_of(row: Mapping[str, Any]) -> Event:
    """Build an event from a row of `columns`."""
    cursor = Cursor(row["xid"], row["id"])
    return Event(cursor, *(row[name] for name in Event._fields[1:]))
