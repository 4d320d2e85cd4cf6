"""Four databases by name: read, transaction. SQLAlchemy describes, psycopg's pools run.

Beside them, what partners' documents hold: sunshine/database/documents.py.

A read is one round trip outside any transaction; a change runs in `transaction(actor)`, records
its events there (sunshine/database/event_log.py reads them), and tells every process at the commit.
What the database refuses comes out as a business error (sunshine/core/errors.py).
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
from typing import Any, Protocol, TypeVar

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
from sunshine.database.statements import Row, Statement

set_json_dumps(json.encode)
set_json_loads(json.decode_stored)


class _Number(Loader):
    """numeric without idle zeros: JSON says 30 and 0.5 where the column says 30.00 and 0.50."""

    def load(self, data: Buffer) -> Decimal:
        text = bytes(data).decode()
        return Decimal(text.rstrip("0").rstrip(".") if "." in text else text)


psycopg.adapters.register_loader("numeric", _Number)

R = TypeVar("R")
log = structlog.get_logger("sunshine.db")

EVENT_CHANNEL = "sunshine_event"
# Between two times that a pool leaves a server which takes no writes.
LEAVE_SECONDS = 1.0
READ_ONLY = "read_only"


_COMMON = ("at", "type", "entity", "actor_type", "actor_id", "actor_name", "request_id")
# The wake-up rides on the insert: sent at the commit, once per transaction.
_TELL = func.pg_notify(literal(EVENT_CHANNEL), literal("")).label("told")


def _record_statement(database: str) -> Statement[Row]:
    table = kernel.event[database]
    columns = (*_COMMON, "entity_id", "before", "after")
    values = {name: bindparam(name, type_=table.c[name].type) for name in columns}
    return Statement(insert(table).values(values).returning(_TELL))


def _record_all_statement(database: str) -> Statement[Row]:
    table = kernel.event[database]
    # One parameter for all rows, each [entity_id, before, after]: half the time of a pipeline, and
    # nearly all of it the database's.
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
    return Statement(select(_TELL).select_from(recorded.returning(table.c.id).cte()).limit(1))


class Reader(Protocol):
    """What can be read from: a database, or a transaction under way."""

    async def all(self, statement: Statement[R], **values: Any) -> list[R]: ...
    async def one_or_none(self, statement: Statement[R], **values: Any) -> R | None: ...


class Transaction:
    """One change in progress: its statements, its events, who makes it and when.

    A parameter called `now` is bound to that instant in every statement.
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
        """The day it is where the business is."""
        return today(self.now, self.policy.timezone)

    async def execute(self, statement: Statement[Any], **values: Any) -> int:
        """Execute; the number of rows touched."""
        return (await self._execute(statement, values)).rowcount

    async def all(self, statement: Statement[R], **values: Any) -> list[R]:
        """Every row."""
        return await (await self._execute(statement, values)).fetchall()

    async def one_or_none(self, statement: Statement[R], **values: Any) -> R | None:
        """The first row, or None."""
        return await (await self._execute(statement, values)).fetchone()

    async def one(self, statement: Statement[R], **values: Any) -> R:
        """The row that cannot be missing."""
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
        """Append an event: what happened, in the past tense, to which row."""
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
        """What all events of one kind share."""
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
        """Have every process drop what it cached of people before this change is answered."""
        self.invalidates_principals = True


class Database:
    """One database: a pool of connections, with an end to every wait."""

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
        # Others on the same servers, who leave them together.
        self.beside: list[Database] = []
        # Whether the only servers there are take no writes, and are not what the settings ask for.
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
            # Give up soon: the next request asks again, so a database that is back serves at once.
            reconnect_timeout=0.5,
            name=name,
            open=False,
        )

    @property
    def today(self) -> date:
        """The day it is where the business is."""
        return today(self.clock(), self.policy.timezone)

    @property
    def pool(self) -> Mapping[str, int]:
        """How its pool of connections is doing, in psycopg's words."""
        return self._pool.get_stats()

    @property
    def absence(self) -> str:
        """Why there is no connection, as far as is known: unreachable, or read_only where servers
        answer and none of them takes writes."""
        return READ_ONLY if self._read_only else "unreachable"

    async def open(self) -> None:
        """Start connecting; does not wait for the server to answer."""
        await self._pool.open()

    async def close(self) -> None:
        """Close every connection; one in use when it comes back."""
        await self._pool.close(timeout=2)

    async def all(self, statement: Statement[R], **values: Any) -> list[R]:
        """Every row of a read, in one round trip."""
        connection = await self._take()
        try:
            return await (await self.execute(connection, statement, values)).fetchall()
        finally:
            await self._pool.putconn(connection)

    async def one_or_none(self, statement: Statement[R], **values: Any) -> R | None:
        """The first row of a read, or None."""
        connection = await self._take()
        try:
            return await (await self.execute(connection, statement, values)).fetchone()
        finally:
            await self._pool.putconn(connection)

    async def one(self, statement: Statement[R], **values: Any) -> R:
        """The row of a read that cannot be missing."""
        return _present(await self.one_or_none(statement, **values))

    @asynccontextmanager
    async def transaction(
        self, actor: Actor, *, request_id: str | None = None, now: datetime | None = None
    ) -> AsyncIterator[Transaction]:
        """A change: all of it with its events, or nothing. Made in `actor`'s name, at the present
        instant where no other is given."""
        connection = await self._take()
        try:
            async with connection.transaction():
                tx = Transaction(self, connection, actor, request_id, now)
                yield tx
            if tx.invalidates_principals:  # on this connection: another one might not be free
                await invalidate_everywhere(connection)
        except psycopg.Error as error:  # BEGIN and COMMIT fail too
            raise _problem(error, self.name) from error
        finally:
            await self._pool.putconn(connection)

    async def execute(
        self,
        connection: psycopg.AsyncConnection[DictRow],
        statement: Statement[Any],
        values: Mapping[str, Any],
    ) -> psycopg.AsyncCursor[Any]:
        """Run a statement on a connection in hand; a refusal becomes a business error."""
        if self._log_sql:
            log.info("sql", database=self.name, statement=statement.text.decode())
        try:
            return await connection.execute(statement.text, statement.bind(values))
        except psycopg.Error as error:
            if isinstance(error, sqlstate.ReadOnlySqlTransaction):
                await self.leave()
            raise _problem(error, self.name) from error

    async def leave(self) -> None:
        """The server takes no writes any more: another one may. Each connection is made anew, those
        in use when they come back, and goes where the settings' target is found now."""
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
        """Why the pool could not connect."""
        self._read_only = await are_read_only(self.settings)

    async def _take(self) -> psycopg.AsyncConnection[DictRow]:
        """A live connection. After a restart of the server every idle one is dead: they are passed
        over at once, where the pool's own check would pause for seconds between them."""
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
    """The four of them by name: `databases["fleet"]`; `sunshine` is the one most rules mean.

    `documents` keeps what partners' documents hold.
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
        """Users, people and everything that refers to them."""
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
    # The driver takes half a second to import, which only those wait for who use it.
    from sunshine.database.mongo import MongoDocuments

    return MongoDocuments(settings.mongo_mitra)


def _is_full(error: psycopg.Error) -> bool:
    """Whether the server's disk is: of a quota it has no code of its own to tell."""
    return isinstance(error, sqlstate.DiskFull) or (
        isinstance(error, sqlstate.IoError) and os.strerror(errno.EDQUOT) in str(error)
    )


def _present(row: R | None) -> R:
    if row is None:
        raise LookupError("a statement that always has a row has none")
    return row


def _read_only() -> Unavailable:
    return Unavailable("The database takes no changes at present", code=READ_ONLY)


def _problem(error: psycopg.Error, database: str) -> Exception:
    """What a refusal of the database means to the caller; itself, when it can only be our fault."""
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
