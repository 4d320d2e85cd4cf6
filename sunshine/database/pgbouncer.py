"""Detects a connection pooler such as PgBouncer in front of a database, and its pooling mode.

Session pooling works: each connection has its own server connection until it ends. Transaction and
statement pooling do not: session settings, advisory locks and LISTEN would belong to somebody else.
"""

import asyncio
from collections.abc import Iterable
from dataclasses import replace

import psycopg

from sunshine.core.database_settings import DatabaseSettings
from sunshine.core.settings import Settings
from sunshine.database import migrations
from sunshine.database.cluster import PostgresError
from sunshine.database.connections import conninfo, explain_error

# The second connection waits for a server as long as the pooler likes: two minutes.
LOOK_SECONDS = 5.0
ROUNDS = 5
_PID = "SELECT pg_backend_pid()"


def recognised(settings: Settings) -> Settings:
    """Return the settings with every database marked that is behind a pooler.

    A server reports its real process id at connect time, a pooler makes one up. A database that
    cannot be reached stays as it is: the first use reports the error.
    """
    known: dict[object, bool] = {}
    for database in settings.databases.values():
        if database.servers not in known:
            known[database.servers] = _is_pooler(database)
    marked = {
        name: replace(database, pooler=known[database.servers])
        for name, database in settings.databases.items()
    }
    return replace(settings, databases=marked)


def refuse(settings: Settings) -> None:
    """Raise PostgresError, in one line, if a pooler does not use session pooling."""
    for line in asyncio.run(_refusals(settings.databases.values())):
        raise PostgresError(line)


def refusal(database: DatabaseSettings) -> str | None:
    """Return why a pooler is not usable; None if it is, or if there is none."""
    return next(iter(asyncio.run(_refusals([database]))), None)


def _is_pooler(database: DatabaseSettings) -> bool:
    try:
        with migrations.connect(database) as connection:
            row = connection.execute(_PID).fetchone()
            return row is not None and row[0] != connection.info.backend_pid
    except (migrations.MigrationError, psycopg.Error):
        return False


async def _refusals(databases: Iterable[DatabaseSettings]) -> list[str]:
    pooled = [database for database in databases if database.pooler]
    found = await asyncio.gather(*(_refusal(database) for database in pooled))
    return [line for line in found if line]


async def _refusal(database: DatabaseSettings) -> str | None:
    what = f"the pooler (PgBouncer) at {database.where}"
    try:
        async with asyncio.timeout(LOOK_SECONDS):
            mode = await _mode(database)
    except TimeoutError:
        return (
            f"{what} has no second connection to {database.database}: raise default_pool_size to "
            f"{database.pool_max + 3} for each process"
        )
    except psycopg.Error as error:
        return f"{what} does not serve {database.database}: {explain_error(error)}"
    if mode == "session":
        return None
    return f"{what} pools {database.database} by {mode}: Sunshine needs pool_mode = session"


async def _mode(database: DatabaseSettings) -> str:
    """Return the pooling mode: session, transaction or statement.

    With session pooling a connection keeps its server connection exclusively. Otherwise the one it
    has just used is free for the next client: PgBouncer hands out the most recently returned one.
    """
    where = conninfo(replace(database, pooler=True))
    async with (
        await psycopg.AsyncConnection.connect(where, autocommit=True) as ours,
        await psycopg.AsyncConnection.connect(where, autocommit=True) as other,
    ):
        for _ in range(ROUNDS):
            mine = await _pid(ours)
            try:
                await other.execute("BEGIN")
            except psycopg.errors.ProtocolViolation:
                return "statement"
            if await _pid(other) == mine or await _pid(ours) != mine:
                return "transaction"
            await other.execute("ROLLBACK")
    return "session"


async def _pid(connection: psycopg.AsyncConnection) -> int:
    row = await (await connection.execute(_PID)).fetchone()
    assert row  # noqa: S101 - for mypy
    return int(row[0])
