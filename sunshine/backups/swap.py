"""Swaps the restored databases in for those in use: renames, those of one server in one
transaction."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import psycopg
from psycopg import errors, sql

from sunshine.backups import content, staging
from sunshine.backups.manifest import BackupError
from sunshine.backups.staging import Scratch
from sunshine.core.settings import Settings
from sunshine.database import migrations


def swap_in(settings: Settings, scratches: Mapping[str, Scratch], stamp: str) -> dict[str, str]:
    """Give the scratch databases the names of those in use, which get other names.

    One transaction per server; most often there is one server. If a later one refuses, the earlier
    ones are reverted.
    """
    done: list[tuple[psycopg.Connection, list[tuple[str, str]]]] = []
    replaced: dict[str, str] = {}
    groups = list(staging.servers(settings).values())
    with _all_of(settings, groups) as connections:
        try:
            for names, connection in zip(groups, connections, strict=True):
                steps = list(_steps(settings, connection, scratches, names, stamp, replaced))
                _rename(connection, steps)
                done.append((connection, steps))
        except psycopg.Error as error:
            if error.sqlstate is None:  # the connection broke: nobody knows whether it was done
                raise
            for connection, steps in reversed(done):
                _rename(connection, [(new, old) for old, new in reversed(steps)])
            raise _refused(error) from error
    return replaced


def drop_empty(settings: Settings, replaced: dict[str, str]) -> None:
    """Drop the replaced databases that nobody could want back."""
    for name, database in list(replaced.items()):
        if _is_empty(settings, name, database):
            with staging.maintained(settings.databases[name]) as connection:
                staging.drop(connection, database)
            del replaced[name]


@contextmanager
def _all_of(settings: Settings, groups: list[list[str]]) -> Iterator[list[psycopg.Connection]]:
    connections = [staging.maintained(settings.databases[names[0]]) for names in groups]
    try:
        yield connections
    finally:
        for connection in connections:
            connection.close()


def _steps(
    settings: Settings,
    connection: psycopg.Connection,
    scratches: Mapping[str, Scratch],
    names: list[str],
    stamp: str,
    replaced: dict[str, str],
) -> Iterator[tuple[str, str]]:
    """Yield (old name, new name), in order."""
    for name in names:
        target = settings.databases[name].database
        if staging.exists(connection, settings.databases[name]):
            replaced[name] = staging.replaced_name(target, stamp)
            yield target, replaced[name]
        yield scratches[name].database.database, target


def _rename(connection: psycopg.Connection, steps: list[tuple[str, str]]) -> None:
    statement = sql.SQL("ALTER DATABASE {} RENAME TO {}")
    with connection.transaction():
        for old, new in steps:
            connection.execute(statement.format(sql.Identifier(old), sql.Identifier(new)))


def _refused(error: psycopg.Error) -> BackupError:
    line = str(error).strip().partition("\n")[0]
    if isinstance(error, errors.ObjectInUse):
        return BackupError(f"{line}: stop the servers first. Nothing was changed")
    return BackupError(f"{line}. Nothing was changed")


def _is_empty(settings: Settings, name: str, database: str) -> bool:
    with migrations.connect(settings.databases[name], dbname=database) as connection:
        return content.is_empty(connection)
