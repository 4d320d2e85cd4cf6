"""Connection parameters, and health checks of pooled connections.

Used by sunshine/database/database.py.
"""

import asyncio
import re
import select
from dataclasses import replace
from typing import Any, LiteralString

import psycopg
from psycopg.conninfo import make_conninfo
from psycopg.rows import DictRow, dict_row
from psycopg_pool import AsyncConnectionPool

from sunshine.core.database_settings import DatabaseSettings

# Nothing a client waits for may hang: each wait is bounded, and the request has a total deadline.
SESSION: dict[LiteralString, LiteralString] = {
    "statement_timeout": "10s",
    "lock_timeout": "2500ms",
    "idle_in_transaction_session_timeout": "15s",
    "timezone": "UTC",
    # Servers that can compile queries would do so for the monthly report, and take longer than it.
    "jit": "off",
    "application_name": "sunshine",
}
_SET = "; ".join(
    f"SET {name} = '{value}'" for name, value in SESSION.items() if name != "application_name"
)
_ATTEMPT = re.compile(r"- host: .*?, port: .*?, hostaddr: .*?: (?:connection failed: )?(.*)")
# The targets that a read-only server does not satisfy.
WRITABLE = ("read-write", "primary")
CONNECT_SECONDS = 2  # for each configured server
# PgBouncer accepts a client before it has a server connection for it.
POOLER_SECONDS = 2.0


def conninfo(settings: DatabaseSettings, **more: str) -> str:
    """Return the libpq connection string with our session settings; `more` overrides them.

    A pooler refuses or ignores session settings at connect time; there `configure` sets them.
    """
    session = SESSION | more
    options = " ".join(
        f"-c {name}={value}" for name, value in session.items() if name != "application_name"
    )
    return make_conninfo(
        **settings.libpq,
        password=settings.password or None,
        connect_timeout=CONNECT_SECONDS,
        # Over TCP: notice within seconds that the server's machine is gone.
        keepalives_idle=10,
        keepalives_interval=5,
        keepalives_count=3,
        tcp_user_timeout=10_000,
        options=None if settings.pooler else options,
        application_name=session["application_name"],
    )


async def configure(settings: DatabaseSettings, connection: psycopg.AsyncConnection[Any]) -> None:
    """Apply our session settings to a new connection if connecting could not."""
    if settings.pooler:
        async with asyncio.timeout(POOLER_SECONDS):
            await connection.execute(_SET)


async def connected(
    settings: DatabaseSettings, application_name: str
) -> psycopg.AsyncConnection[DictRow]:
    """Open a separate connection in autocommit, for work that a pool's connection cannot do."""
    connection = await psycopg.AsyncConnection.connect(
        conninfo(settings, application_name=application_name),
        autocommit=True,
        row_factory=dict_row,
    )
    try:
        await configure(settings, connection)
    except BaseException:
        await connection.close()
        raise
    return connection


def connect(settings: DatabaseSettings) -> psycopg.Connection:
    """Open a blocking connection in autocommit, for a command that waits for nothing else."""
    connection = psycopg.connect(conninfo(settings), autocommit=True)
    if settings.pooler:
        connection.execute(_SET)
    return connection


async def are_read_only(settings: DatabaseSettings) -> bool:
    """Return whether servers respond but are rejected only because they are read-only."""
    if settings.target not in WRITABLE:
        return False
    try:
        async with await connected(settings, "sunshine probe"):
            return False
    except (psycopg.Error, TimeoutError):
        pass
    try:
        async with await connected(replace(settings, target="any"), "sunshine probe"):
            return True
    except (psycopg.Error, TimeoutError):
        return False


async def is_alive(connection: psycopg.AsyncConnection[Any]) -> bool:
    """Return whether a pooled connection is alive; query it only if its socket is readable.

    An idle live connection is silent. A server that went away has closed it, which makes the socket
    readable; a ping each time would cost a round trip.
    """
    poll = select.poll()
    poll.register(connection.pgconn.socket, select.POLLIN)
    if not poll.poll(0):
        return True
    try:
        await AsyncConnectionPool.check_connection(connection)
    except psycopg.Error:
        return False
    return True


def explain_error(error: BaseException) -> str:
    """Return the line of PostgreSQL's message that explains the error.

    If several servers were tried, the line of each, joined by "; ".
    """
    lines = [line.strip(" \t") for line in str(error).splitlines() if line.strip()]
    tried = dict.fromkeys(found[1] for line in lines if (found := _ATTEMPT.fullmatch(line)))
    return "; ".join(tried) if tried else lines[0] if lines else type(error).__name__
