"""Starts PostgreSQL and prepares the four databases before anything uses them.

sunshine/database/embedded.py is the embedded server, sunshine/database/migrations.py creates the
tables; sunshine/database/database.py and the commands connect with the settings returned here.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace

import psycopg
from psycopg.pq import PGconn, Ping

from sunshine.core import systemd
from sunshine.core.database_settings import DatabaseSettings
from sunshine.core.settings import Settings
from sunshine.database import embedded, migrations, pgbouncer
from sunshine.database.connections import WRITABLE, conninfo, explain_error
from sunshine.database.migrations import MigrationError

KNOCK_SECONDS = 0.5
Say = Callable[[str], None]


def reach(settings: Settings, say: Say | None = None) -> tuple[Settings, embedded.Server | None]:
    """Start or join the embedded server unless another one is configured; return settings that
    reach it.

    The caller stops the server. Raises PostgresError.
    """
    if not settings.embedded:
        return settings, None
    home = settings.private / "postgres"
    if say and not embedded.is_made(home):
        say(f"sunshine: making a database in {home}, once")
    server = embedded.start(home)
    found = {
        name: replace(database, host=server.host, port=server.port, user=server.user, password="")
        for name, database in settings.databases.items()
    }
    return replace(settings, databases=found), server


def prepare(settings: Settings, say: Say | None = None) -> tuple[Settings, embedded.Server | None]:
    """Call `reach`, then create and migrate the databases; cheap if there is nothing to do.

    With `say` it reports what takes time, and waits for a server that is away (PG_WAIT_SECONDS).
    Raises PostgresError or MigrationError, after stopping the server.
    """
    settings, server = reach(settings, say)
    try:
        if say and not server:
            _wait(settings, say)
        with _explained(settings):
            migrations.create(settings)
            if not server:
                settings = pgbouncer.recognised(settings)
                pgbouncer.refuse(settings)
            migrations.upgrade(settings)
        if server and server.is_new:
            # A thousand new files: recovery from a crash would have to flush each of them.
            with suppress(psycopg.Error):
                server.settle()
    except BaseException:
        if server:
            server.stop()
        raise
    return settings, server


def _wait(settings: Settings, say: Say) -> None:
    """Wait for servers that are away; any other error is left to `migrate`."""
    deadline = time.monotonic() + settings.pg_wait
    for where, database in {place(each): each for each in settings.databases.values()}.items():
        announced = False
        while (reason := _waiting_reason(database)) and time.monotonic() < deadline:
            if not announced:
                announced = True
                line = f"waiting for PostgreSQL at {where} ({reason}), at most {settings.pg_wait} s"
                say(f"sunshine: {line}")
                systemd.notify(f"STATUS={line}")
            time.sleep(min(KNOCK_SECONDS, max(0.0, deadline - time.monotonic())))


def _waiting_reason(database: DatabaseSettings) -> str | None:
    """Return why the server cannot be reached now but could be soon; None if it can, or refuses us.

    libpq distinguishes these by the server's error code, which its message omits: a wrong password
    and a missing database count as a response, a server that is starting does not.
    """
    # As for a pooler, without session settings, which could be refused.
    where = conninfo(replace(database, pooler=True))
    try:
        psycopg.connect(where).close()
    except psycopg.errors.ConnectionTimeout as error:
        return explain_error(error)
    except psycopg.OperationalError as error:
        away = PGconn.ping(where.encode()) in (Ping.REJECT, Ping.NO_RESPONSE)
        return explain_error(error) if away or _only_reads(database) else None
    except psycopg.Error:
        pass
    return None


def _only_reads(database: DatabaseSettings) -> bool:
    """Return whether the servers are rejected only because they are read-only; one may be
    promoted."""
    if database.target not in WRITABLE:
        return False
    try:
        psycopg.connect(conninfo(replace(database, pooler=True, target="any"))).close()
    except psycopg.Error:
        return False
    return True


def place(database: DatabaseSettings) -> str:
    """Return the addresses of a database's servers as text for people."""
    return ", ".join(f"{host}:{port}" for host, port in database.servers)


@contextmanager
def _explained(settings: Settings) -> Iterator[None]:
    """Explain why there is no embedded server if no variable names another one's host."""
    try:
        yield
    except MigrationError as error:
        named = settings.server_named_by
        if settings.embedded or any(name.endswith("_HOST") for name in named):
            raise
        are = f"{', '.join(named)} {'is' if len(named) == 1 else 'are'} set"
        raise MigrationError(f"{error} ({are}, so the embedded PostgreSQL is not used)") from error


@contextmanager
def opened(settings: Settings, *, migrated: bool = True) -> Iterator[Settings]:
    """Prepare the databases for the duration of a block: `prepare`, or only `reach`."""
    settings, server = prepare(settings) if migrated else reach(settings)
    if not migrated and server is None:
        settings = pgbouncer.recognised(settings)
    try:
        yield settings
    finally:
        if server:
            server.stop()
