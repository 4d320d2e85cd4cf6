"""How a database is reached, and whether a pooled connection still is one. For sunshine/db.py."""

import select
from typing import Any

import psycopg
from psycopg.conninfo import make_conninfo
from psycopg_pool import AsyncConnectionPool

from sunshine.settings import DatabaseSettings

# Nothing a client waits for may hang: each wait has an end, and the request a deadline over all.
SESSION = {
    "statement_timeout": "10s",
    "lock_timeout": "2500ms",
    "idle_in_transaction_session_timeout": "15s",
    "timezone": "UTC",
    # Servers that can compile queries would do it for the monthly report, for longer than it takes.
    "jit": "off",
    "application_name": "sunshine",
}


def conninfo(settings: DatabaseSettings, **more: str) -> str:
    """How libpq reaches this database, with our session settings; `more` overrides them."""
    session = SESSION | more
    return make_conninfo(
        host=settings.host,
        port=settings.port,
        user=settings.user,
        password=settings.password or None,
        dbname=settings.database,
        connect_timeout=2,
        # Over TCP: notice within seconds that the server's machine is gone.
        keepalives_idle=10,
        keepalives_interval=5,
        keepalives_count=3,
        tcp_user_timeout=10_000,
        options=" ".join(
            f"-c {name}={value}" for name, value in session.items() if name != "application_name"
        ),
        application_name=session["application_name"],
    )


async def is_alive(connection: psycopg.AsyncConnection[Any]) -> bool:
    """Ask a pooled connection only if it has something to say: an idle one is silent while alive.

    A server that went away closed it, which is readable; a ping each time would be a round trip.
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
