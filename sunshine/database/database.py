"""Four databases by name: reads and transactions. SQLAlchemy builds SQL, psycopg's pools run it.

The contents of partners' documents are separate: sunshine/database/documents.py.

A read is one round trip outside any transaction. A change runs in `transaction(actor)` and records
its events there; the commit notifies every process (sunshine/database/event_log.py reads them).
Errors of the database become business errors (sunshine/core/errors.py).
"""

import asyncio
import copy
import errno
import os
import time
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Protocol, TypedDict, TypeVar

import psycopg
import structlog
from psycopg import errors as sqlstate
from psycopg.abc import Buffer
from psycopg.adapt import Loader
from psycopg.rows import DictRow, dict_row
from psycopg.types.json import set_json_dumps, set_json_loads
from psycopg_pool import AsyncConnectionPool, PoolClosed, PoolTimeout, TooManyRequests
from sqlalchemy import Integer, bindparam, func, insert, literal, select
from sqlalchemy.dialects.postgresql import JSONB

from models import DATABASES, kernel
from sunshine.core import json
from sunshine.core.clock import Clock, today
from sunshine.core.database_settings import DatabaseSettings
from sunshine.core.errors import VIOLATIONS, Conflict, StorageFull, Unavailable
from sunshine.core.policy import Policy
from sunshine.core.principals import Actor
from sunshine.core.settings import Settings
from sunshine.database.connections import are_read_only, configure, conninfo, is_alive
from sunshine.database.documents import Documents, RowDocuments
from sunshine.database.invalidation import invalidate_everywhere
from sunshine.database.statements import Statement

set_json_dumps(json.encode)
set_json_loads(json.decode_stored)


class _Number(Loader):
    """numeric without trailing zeros: JSON has 30 and 0.5 where the column has 30.00 and 0.50."""

    def load(self, data: Buffer) -> Decimal:
        text = bytes(data).decode()
        return Decimal(text.rstrip("0").rstrip(".") if "." in text else text)


psycopg.adapters.register_loader("numeric", _Number)

R = TypeVar("R")
log = structlog.get_logger("sunshine.db")

EVENT_CHANNEL = "sunshine_event"
# Seconds between two attempts of a pool to leave a read-only server.
LEAVE_SECONDS = 1.0
READ_ONLY = "read_only"


_COMMON = ("at", "type", "entity", "actor_type", "actor_id", "actor_name", "request_id")
# The wake-up is part of the insert: sent at the commit, once per transaction.
_NOTIFY = func.pg_notify(literal(EVENT_CHANNEL), literal("")).label("notified")


class NotifiedRow(TypedDict):
    """The empty result of `pg_notify`."""

    notified: str


def _record_statement(database: str) -> Statement[NotifiedRow]:
    table = kernel.event[database]
    columns = (*_COMMON, "entity_id", "before", "after")
    values = {name: bindparam(name, type_=table.c[name].type) for name in columns}
    return Statement(insert(table).values(values).returning(_NOTIFY), NotifiedRow)


def _record_all_statement(database: str) -> Statement[NotifiedRow]:
    table = kernel.event[database]
    # One parameter for all rows, each [entity_id, before, after]: takes half the time of a
    # pipeline, nearly all of it in the database.
    row = func.jsonb_array_elements(bindparam("rows", type_=JSONB), type_=JSONB).column_valued(
        "row"
    )
    values = {name: bindparam(name, type_=table.c[name].type).label(name) for name in _COMMON}
    values |= {
        "entity_id": row[0].astext.cast(Integer).label("entity_id"),
        "before": row[1].label("before"),
        "after": row[2].label("after"),
    }
    recorded = insert(table).from_select(list(values), select(*values.values()))
    notified = select(_NOTIFY).select_from(recorded.returning(table.c.id).cte()).limit(1)
    return Statement(notified, NotifiedRow)


class Reader(Protocol):
    """A source of reads: a database, or a transaction in progress."""

    async def all(self, statement: Statement[R], **values: Any) -> list[R]: ...
    async def one_or_none(self, statement: Statement[R], **values: Any) -> R | None: ...


class Transaction:
    """One change in progress: its statements, its events, its author and its time.

    A parameter called `now` is bound to that time in every statement.
    """

    def __init__(
        self,
        database: "Database",
        connection: psycopg.AsyncConnection[DictRow],
        actor: Actor,
        request_id: str | None,
        now: datetime | None,
    ) -> None:
        self.database = database
        self._connection = connection
        self.actor = actor
        self.now = now or database.clock()
        self.policy = database.policy
        self.request_id = request_id
        self.invalidates_principals = False

    @property
    def today(self) -> date:
        """Return the current day in the business timezone."""
        return today(self.now, self.policy.timezone)

    async def execute(self, statement: Statement[Any], **values: Any) -> int:
        """Execute a statement; return the number of affected rows."""
        return (await self._execute(statement, values)).rowcount

    async def all(self, statement: Statement[R], **values: Any) -> list[R]:
        """Return all rows."""
        return await (await self._execute(statement, values)).fetchall()

    async def one_or_none(self, statement: Statement[R], **values: Any) -> R | None:
        """Return the first row, or None."""
        return await (await self._execute(statement, values)).fetchone()

    async def one(self, statement: Statement[R], **values: Any) -> R:
        """Return the first row; LookupError if there is none."""
        return _present(await self.one_or_none(statement, **values))

    async def _execute(
        self, statement: Statement[Any], values: dict[str, Any]
    ) -> psycopg.AsyncCursor[Any]:
        values.setdefault("now", self.now)
        return await self.database.execute(self._connection, statement, values)

    async def record(
        self,
        type_: str,
        entity: str,
        entity_id: int | None,
        *,
        before: Mapping[str, Any] | None = None,
        after: Mapping[str, Any] | None = None,
    ) -> None:
        """Append an event: what happened (in the past tense), to which row."""
        row = {"entity_id": entity_id, "before": before, "after": after}
        await self.execute(self.database.record, **self._common(type_, entity), **row)

    async def record_all(
        self,
        type_: str,
        entity: str,
        rows: Iterable[tuple[int | None, Mapping[str, Any] | None, Mapping[str, Any] | None]],
    ) -> None:
        """Append an event for each (entity_id, before, after), in order, in one round trip."""
        if listed := list(rows):
            await self.execute(self.database.record_all, **self._common(type_, entity), rows=listed)

    def _common(self, type_: str, entity: str) -> dict[str, Any]:
        """Return the columns that all events of one call share."""
        return {
            "at": self.now,
            "type": type_,
            "entity": entity,
            "actor_type": self.actor.kind,
            "actor_id": self.actor.id,
            "actor_name": self.actor.name,
            "request_id": self.request_id,
        }

    def invalidate_principals(self) -> None:
        """Make every process drop its cached principals before the response to this change is
        sent."""
        self.invalidates_principals = True


class Database:
    """One database: a pool of connections with bounded waits."""

    def __init__(
        self,
        name: str,
        settings: DatabaseSettings,
        clock: Clock,
        policy: Policy,
        *,
        log_sql: bool = False,
    ) -> None:
        self.name = name
        self.settings = settings
        self.clock = clock
        self.policy = policy
        self.record = _record_statement(name)
        self.record_all = _record_all_statement(name)
        self._log_sql = log_sql
        self._left = -LEAVE_SECONDS
        # Databases on the same servers; their pools leave a server together.
        self.beside: list[Database] = []
        # Whether the only reachable servers are read-only and do not satisfy the configured target.
        self._read_only = False
        self._pool: AsyncConnectionPool[psycopg.AsyncConnection[DictRow]] = AsyncConnectionPool(
            conninfo(settings),
            kwargs={"autocommit": True, "row_factory": dict_row},
            min_size=settings.pool_min,
            max_size=settings.pool_max,
            max_idle=settings.pool_idle,
            timeout=settings.pool_wait,
            max_waiting=1000,
            configure=self._begin,
            reconnect_failed=self._find_out,
            # Give up soon: the next request tries again, so a database that is back serves at once.
            reconnect_timeout=0.5,
            name=name,
            open=False,
        )

    @property
    def today(self) -> date:
        """Return the current day in the business timezone."""
        return today(self.clock(), self.policy.timezone)

    @property
    def pool(self) -> Mapping[str, int]:
        """Return the statistics of the connection pool, under psycopg's names."""
        return self._pool.get_stats()

    @property
    def absence(self) -> str:
        """Return why there is no connection, as far as is known.

        `unreachable`, or `read_only` if servers respond but none accepts writes.
        """
        return READ_ONLY if self._read_only else "unreachable"

    async def open(self) -> None:
        """Start connecting; does not wait for the server to respond."""
        await self._pool.open()

    async def close(self) -> None:
        """Close every connection; one in use is closed when it is returned."""
        await self._pool.close(timeout=2)

    async def all(self, statement: Statement[R], **values: Any) -> list[R]:
        """Return all rows of a read, in one round trip."""
        connection = await self._take()
        try:
            return await (await self.execute(connection, statement, values)).fetchall()
        finally:
            await self._pool.putconn(connection)

    async def one_or_none(self, statement: Statement[R], **values: Any) -> R | None:
        """Return the first row of a read, or None."""
        connection = await self._take()
        try:
            return await (await self.execute(connection, statement, values)).fetchone()
        finally:
            await self._pool.putconn(connection)

    async def one(self, statement: Statement[R], **values: Any) -> R:
        """Return the first row of a read; LookupError if there is none."""
        return _present(await self.one_or_none(statement, **values))

    @asynccontextmanager
    async def transaction(
        self, actor: Actor, *, request_id: str | None = None, now: datetime | None = None
    ) -> AsyncIterator[Transaction]:
        """Run a change: it commits completely, with its events, or not at all.

        `actor` is its author, `now` its time, by default the current instant.
        """
        connection = await self._take()
        try:
            async with connection.transaction():
                tx = Transaction(self, connection, actor, request_id, now)
                yield tx
            if tx.invalidates_principals:  # on this connection: another one might not be free
                await invalidate_everywhere(connection)
        except psycopg.Error as error:  # BEGIN and COMMIT can fail, too
            raise _business_error(error, self.name) from error
        finally:
            await self._pool.putconn(connection)

    async def execute(
        self,
        connection: psycopg.AsyncConnection[DictRow],
        statement: Statement[Any],
        values: Mapping[str, Any],
    ) -> psycopg.AsyncCursor[Any]:
        """Run a statement on a given connection; database errors become business errors."""
        if self._log_sql:
            log.info("sql", database=self.name, statement=statement.text.decode())
        try:
            return await connection.execute(statement.text, statement.bind(values))
        except psycopg.Error as error:
            if isinstance(error, sqlstate.ReadOnlySqlTransaction):
                await self.leave()
            raise _business_error(error, self.name) from error

    async def leave(self) -> None:
        """Reconnect the pool because its server has become read-only and another one may be the
        primary.

        Every connection is replaced, those in use when they are returned, by one to a server that
        satisfies the configured target.
        """
        now = time.monotonic()
        if now - self._left > LEAVE_SECONDS:
            log.warning("read-only", database=self.name)
            for database in (self, *self.beside):
                database._left = now
                await database._pool.drain()

    async def _begin(self, connection: psycopg.AsyncConnection[DictRow]) -> None:
        await configure(self.settings, connection)
        self._read_only = False

    async def _find_out(self, _: AsyncConnectionPool[psycopg.AsyncConnection[DictRow]]) -> None:
        """Determine why the pool could not connect."""
        self._read_only = await are_read_only(self.settings)

    async def _take(self) -> psycopg.AsyncConnection[DictRow]:
        """Return a live connection.

        After a restart of the server every idle connection is dead. They are skipped at once; the
        pool's own check would pause for seconds between them.
        """
        try:
            while True:
                connection = await self._pool.getconn()
                try:
                    alive = await is_alive(connection)
                except BaseException:
                    await self._pool.putconn(connection)
                    raise
                if alive:
                    return connection
                await self._pool.putconn(connection)  # which replaces it
        except (PoolTimeout, TooManyRequests, PoolClosed) as error:
            log.warning("no connection", database=self.name, reason=str(error))
            if self._read_only:
                raise _read_only() from error
            raise Unavailable("Database unavailable", code="database_unavailable") from error


class Databases(dict[str, Database]):
    """The four databases by name: `databases["fleet"]`; `sunshine` is the one most rules use.

    `documents` stores the contents of partners' documents.
    """

    def __init__(self, settings: Settings, clock: Clock) -> None:
        super().__init__(
            {
                name: Database(
                    name,
                    settings.databases[name],
                    clock,
                    settings.policy,
                    log_sql=settings.log_sql,
                )
                for name in DATABASES
            }
        )
        for database in self.values():
            there = database.settings.servers
            database.beside = [
                other
                for other in self.values()
                if other is not database and other.settings.servers == there
            ]
        self.documents = _documents(settings)

    @property
    def sunshine(self) -> Database:
        """Return the database of users, people and everything that refers to them."""
        return self["sunshine"]

    async def open(self) -> None:
        """Open every pool."""
        for database in self.values():
            await database.open()
        await self.documents.open()

    async def close(self) -> None:
        """Close every pool."""
        await asyncio.gather(*(database.close() for database in self.values()))
        await self.documents.close()


def _documents(settings: Settings) -> Documents:
    if not settings.mongo_mitra:
        return RowDocuments()
    # The driver takes half a second to import; only those who use it wait for it.
    from sunshine.database.mongo import MongoDocuments

    return MongoDocuments(settings.mongo_mitra)


def _is_full(error: psycopg.Error) -> bool:
    """Return whether the server's disk is full; an exceeded quota has no error code of its own."""
    return isinstance(error, sqlstate.DiskFull) or (
        isinstance(error, sqlstate.IoError) and os.strerror(errno.EDQUOT) in str(error)
    )


def _present(row: R | None) -> R:
    if row is None:
        raise LookupError("a statement that always has a row has none")
    return row


def _read_only() -> Unavailable:
    return Unavailable("The database takes no changes at present", code=READ_ONLY)


def _business_error(error: psycopg.Error, database: str) -> Exception:
    """Return the business error that a database error means; the error itself if it is our
    fault."""
    if _is_full(error):
        return StorageFull(database)
    if isinstance(error, sqlstate.IntegrityError):
        meaning = VIOLATIONS.get(error.diag.constraint_name or "")
        return copy.copy(meaning) if meaning else error
    if isinstance(error, sqlstate.LockNotAvailable | sqlstate.DeadlockDetected):
        return Conflict("Somebody else is changing this right now; try again", code="busy")
    if isinstance(error, sqlstate.ReadOnlySqlTransaction):
        return _read_only()
    if isinstance(error, psycopg.OperationalError | psycopg.InterfaceError):
        log.warning("database error", reason=str(error).strip())
        return Unavailable("Database unavailable", code="database_unavailable")
    return error
