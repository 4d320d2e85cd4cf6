"""Brings PostgreSQL and the four databases up before anything uses them.

The embedded server is sunshine/postgres.py, its tables sunshine/migrate.py; sunshine/db.py and the
commands connect to the settings that these return.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from sunshine import migrate, pooling, postgres
from sunshine.settings import Settings


def reach(settings: Settings) -> tuple[Settings, postgres.Server | None]:
    """Start or join the embedded server where no other is named; settings that lead to it.

    The caller stops the server. Raises PostgresError.
    """
    if not settings.embedded:
        return settings, None
    server = postgres.start(settings.private / "postgres")
    found = {
        name: replace(database, host=server.host, port=server.port, user=server.user, password="")
        for name, database in settings.databases.items()
    }
    return replace(settings, databases=found), server


def prepare(settings: Settings) -> tuple[Settings, postgres.Server | None]:
    """`reach`, then make and migrate the databases; cheap where there is nothing to do.

    Raises PostgresError or MigrationError, with the server stopped again.
    """
    settings, server = reach(settings)
    try:
        migrate.create(settings)
        if server is None:
            settings = pooling.recognised(settings)
            pooling.refuse(settings)
        migrate.upgrade(settings)
    except BaseException:
        if server:
            server.stop()
        raise
    return settings, server


@contextmanager
def opened(settings: Settings, *, migrated: bool = True) -> Iterator[Settings]:
    """The databases for the length of a block: `prepare`, or only `reach`."""
    settings, server = prepare(settings) if migrated else reach(settings)
    if not migrated and server is None:
        settings = pooling.recognised(settings)
    try:
        yield settings
    finally:
        if server:
            server.stop()
