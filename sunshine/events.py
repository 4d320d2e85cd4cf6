"""Events after the commit: each process follows a database's events in order, none lost.

`Transaction.record` (sunshine/db.py) appends them. Serial ids are not commit order: a reader of
`id > cursor` loses the rows of a transaction that took its ids early and committed late. Rows are
ordered by (transaction id, id) and read only below the oldest transaction still running; a long
write transaction anywhere in the cluster delays delivery, never a write.
"""

import asyncio
import contextlib
from collections.abc import Callable
from datetime import datetime
from typing import Any, NamedTuple

import psycopg
import structlog
from psycopg.rows import DictRow, dict_row
from sqlalchemy import BigInteger, Text, bindparam, cast, func, select, tuple_

from models import kernel
from models.kernel import XID8
from sunshine.connections import conninfo
from sunshine.db import EVENT_CHANNEL, Database, Row
from sunshine.errors import Invalid, Unavailable
from sunshine.forgetting import ACK_CHANNEL, FORGET_CHANNEL
from sunshine.statements import Statement

log = structlog.get_logger("sunshine.events")

BATCH = 500
POLL_SECONDS = 5.0
# While an older transaction holds events back: no notification will come when it ends.
HELD_SECONDS = 0.05


class Cursor(NamedTuple):
    """A place in the log. Opaque to clients, who send back the last one they saw."""

    xid: int
    id: int

    def __str__(self) -> str:
        return f"{self.xid}-{self.id}"

    @classmethod
    def parse(cls, text: str, field: str = "since") -> "Cursor":
        """The cursor a client sent back; Invalid when it is none of ours."""
        parts = text.split("-")
        if len(parts) != 2 or not all(p.isascii() and p.isdigit() and len(p) < 19 for p in parts):
            raise Invalid.field(field, "is not a cursor")
        return cls(int(parts[0]), int(parts[1]))


class Event(NamedTuple):
    """One thing that happened, as it was recorded."""

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


Subscriber = Callable[[Event], None]


def columns(database: str) -> list[Any]:
    """What is read of an event; its transaction id as a number."""
    e = kernel.event[database].c
    return [
        cast(cast(e.xid, Text), BigInteger).label("xid"), e.id, e.at, e.type, e.entity,
        e.entity_id, e.actor_type, e.actor_id, e.actor_name, e.request_id, e.before, e.after,
    ]  # fmt: skip


def _xmin() -> Any:
    return func.pg_snapshot_xmin(func.pg_current_snapshot())


def after_cursor(database: str) -> Any:
    """The SQL condition of what comes after the parameters `xid` and `id`."""
    e = kernel.event[database].c
    # A number has no cast to xid8; its text has one.
    xid = cast(cast(bindparam("xid", type_=BigInteger), Text), XID8)
    return tuple_(e.xid, e.id) > tuple_(xid, bindparam("id", type_=BigInteger))


def settled(database: str) -> Any:
    """The SQL condition of what no running transaction can still precede."""
    return kernel.event[database].c.xid < _xmin()


def _since(database: str) -> Statement:
    e = kernel.event[database].c
    ready = settled(database).label("ready")
    return Statement(
        select(*columns(database), ready)
        .where(after_cursor(database))
        .order_by(e.xid, e.id)
        .limit(BATCH)
    )


_HERE = Statement(select(cast(cast(_xmin(), Text), BigInteger).label("xid")))


class Feed:
    """Follows one database's events and hands each to the subscribers, in order, once.

    `connected` is false while the database cannot tell us anything: caches must not be trusted.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._subscribers: list[Subscriber] = []
        self._caches: list[Callable[[], None]] = []
        self._since = _since(database.name)
        self._cursor: Cursor | None = None
        self._task: asyncio.Task[None] | None = None
        self.connected = False

    def subscribe(self, subscriber: Subscriber) -> None:
        """Call it with every event from now on."""
        self._subscribers.append(subscriber)

    def on_forget(self, forget: Callable[[], None]) -> None:
        """Call it whenever what was cached of people must be dropped."""
        self._caches.append(forget)

    def start(self) -> None:
        """Begin to follow; returns at once."""
        self._task = asyncio.get_running_loop().create_task(self._run())

    async def stop(self) -> None:
        """Stop following."""
        if self._task:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task

    async def _run(self) -> None:
        while True:
            try:
                await self._follow()
            except (psycopg.Error, Unavailable) as error:
                log.warning("feed lost", database=self._database.name, reason=str(error).strip())
            except Exception:
                log.exception("feed failed", database=self._database.name)
            finally:
                self.connected = False
                self._forget()
            await asyncio.sleep(0.5)

    async def _follow(self) -> None:
        connection = await psycopg.AsyncConnection.connect(
            conninfo(self._database.settings, application_name="sunshine feed"),
            autocommit=True,
            row_factory=dict_row,
        )
        async with connection:
            await connection.execute(f"LISTEN {EVENT_CHANNEL}")
            await connection.execute(f"LISTEN {FORGET_CHANNEL}")
            self._forget()
            self.connected = True
            held = await self._catch_up(connection)
            while True:
                wait = HELD_SECONDS if held else POLL_SECONDS
                notices = [n async for n in connection.notifies(timeout=wait, stop_after=1)]
                asked = [notice.payload for notice in notices if notice.channel == FORGET_CHANNEL]
                if asked:
                    self._forget()
                for token in asked:
                    await connection.execute("SELECT pg_notify(%s, %s)", (ACK_CHANNEL, token))
                held = await self._catch_up(connection)

    async def _catch_up(self, connection: psycopg.AsyncConnection[DictRow]) -> bool:
        """Deliver what is new; True when something is there that may not be delivered yet.

        Read on the feed's own connection: no pool can be exhausted, and a dead one is noticed.
        """
        if self._cursor is None:
            [here] = await (await self._database.execute(connection, _HERE, {})).fetchall()
            self._cursor = Cursor(here["xid"], 0)
        while True:
            values = self._cursor._asdict()
            rows = await (await self._database.execute(connection, self._since, values)).fetchall()
            for row in rows:
                if not row.pop("ready"):
                    return True
                self._deliver(event_of(row))
            if len(rows) < BATCH:
                return False

    def _forget(self) -> None:
        for forget in self._caches:
            forget()

    def _deliver(self, event: Event) -> None:
        self._cursor = event.cursor
        for subscriber in self._subscribers:
            try:
                subscriber(event)
            except Exception:  # one subscriber's fault must not stop the log for the others
                log.exception("subscriber failed", event_type=event.type, seq=str(event.cursor))


def event_of(row: Row) -> Event:
    """An event from a row of `columns`."""
    cursor = Cursor(row.pop("xid"), row.pop("id"))
    return Event(cursor, **row)
