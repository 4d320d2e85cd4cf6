"""Brings PostgreSQL and the four databases up before anything uses them.

The embedded server is sunshine/database/embedded.py, its tables sunshine/database/migrations.py;
sunshine/database/database.py and the commands connect to the settings that these return.
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
from sunshine.database.connections import WRITABLE, conninfo, telling
from sunshine.database.migrations import MigrationError

KNOCK_SECONDS = 0.5
Say = Callable[[str], None]


def reach(settings: Settings, say: Say | None = None) -> tuple[Settings, embedded.Server | None]:
    """Start or join the embedded server where no other is named; settings that lead to it.

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
    """`reach`, then make and migrate the databases; cheap where there is nothing to do.

    With `say` it tells what takes time, and waits for a server that is away (PG_WAIT_SECONDS).
    Raises PostgresError or MigrationError, with the server stopped again.
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
            # A thousand new files: recovery from a crash would have to bring each to the disk.
            with suppress(psycopg.Error):
                server.settle()
    except BaseException:
        if server:
            server.stop()
        raise
    return settings, server


def _wait(settings: Settings, say: Say) -> None:
    """Give servers that are away the time to come; whatever else is wrong, `migrate` tells."""
    deadline = time.monotonic() + settings.pg_wait
    for where, database in {place(each): each for each in settings.databases.values()}.items():
        told = False
        while (reason := _away(database)) and time.monotonic() < deadline:
            if not told:
                told = True
                line = f"waiting for PostgreSQL at {where} ({reason}), at most {settings.pg_wait} s"
                say(f"sunshine: {line}")
                systemd.notify(f"STATUS={line}")
            time.sleep(min(KNOCK_SECONDS, max(0.0, deadline - time.monotonic())))


def _away(database: DatabaseSettings) -> str | None:
    """Why the server cannot be talked to now and could soon; None where it can, or refuses us.

    libpq tells these apart by the server's code, which its message is without: a wrong password
    and a missing database count as an answer, a server that is starting does not.
    """
    where = conninfo(replace(database, pooler=True))  # one would refuse more than it needs
    try:
        psycopg.connect(where).close()
    except psycopg.errors.ConnectionTimeout as error:
        return telling(error)
    except psycopg.OperationalError as error:
        away = PGconn.ping(where.encode()) in (Ping.REJECT, Ping.NO_RESPONSE)
        return telling(error) if away or _only_reads(database) else None
    except psycopg.Error:
        pass
    return None


def _only_reads(database: DatabaseSettings) -> bool:
    """Whether servers are refused by us, for they take no writes; one may be promoted."""
    if database.target not in WRITABLE:
        return False
    try:
        psycopg.connect(conninfo(replace(database, pooler=True, target="any"))).close()
    except psycopg.Error:
        return False
    return True


def place(database: DatabaseSettings) -> str:
    """Where a server is, as people write it."""
    return ", ".join(f"{host}:{port}" for host, port in database.servers)


@contextmanager
def _explained(settings: Settings) -> Iterator[None]:
    """Say why there is no embedded server where nobody named another one by its host."""
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
    """The databases for the length of a block: `prepare`, or only `reach`."""
    settings, server = prepare(settings) if migrated else reach(settings)
    if not migrated and server is None:
        settings = pgbouncer.recognised(settings)
    try:
        yield settings
    finally:
        if server:
            server.stop()
