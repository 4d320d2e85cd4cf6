"""Scratch databases a backup is restored into: next to those in use, and dropped unless swapped
in."""

import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from subprocess import DEVNULL, PIPE
from typing import IO

import psycopg
from psycopg import errors, sql

from sunshine.backups.manifest import CHUNK, BackupError
from sunshine.core.database_settings import DatabaseSettings
from sunshine.core.settings import Settings
from sunshine.database import migrations, pg_tools
from sunshine.database.pg_tools import Programs

LOCK = 0x73756E72  # "sunr"; any number would do
MARK = "_restoring_"
NAME_MAX = 63  # bytes of a name in PostgreSQL
# The locale decides how a database sorts and folds text: the new one must do it like the old one.
_LOCALE = """
SELECT datcollate, datctype, to_jsonb(d)->>'datlocprovider',
    coalesce(to_jsonb(d)->>'datlocale', to_jsonb(d)->>'daticulocale')
FROM pg_database d WHERE datname = %s
"""
_EXISTS = "SELECT EXISTS (SELECT FROM pg_database WHERE datname = %s)"
_SAME_CLUSTER = "SELECT datname FROM pg_database WHERE datname LIKE %s"


@dataclass(frozen=True)
class Scratch:
    """A database to be filled, as settings that reach it; `target` is the database it will
    replace."""

    name: str
    target: DatabaseSettings
    database: DatabaseSettings


def maintained(database: DatabaseSettings) -> psycopg.Connection:
    """Connect to the server's database `postgres`, to create, rename and drop others."""
    connection = migrations.connect(database, dbname="postgres")
    connection.execute("SET application_name = 'sunshine restore'; SET lock_timeout = '10s'")
    return connection


def servers(settings: Settings) -> dict[tuple[object, str], list[str]]:
    """Return the databases' names by the server and account that reach them; most often one
    group."""
    found: dict[tuple[object, str], list[str]] = {}
    for name, database in settings.databases.items():
        found.setdefault((database.servers, database.user), []).append(name)
    return found


def exists(connection: psycopg.Connection, database: DatabaseSettings) -> bool:
    """Return whether the server has the database."""
    row = connection.execute(_EXISTS, (database.database,)).fetchone()
    return bool(row and row[0])


@contextmanager
def made(settings: Settings, stamp: str) -> Iterator[dict[str, Scratch]]:
    """Yield an empty database for each of the four; drop those that were not renamed.

    One process at a time per server: it also drops what a killed one left.
    """
    with ExitStack() as stack:
        scratches: dict[str, Scratch] = {}
        for names in servers(settings).values():
            maintenance = stack.enter_context(maintained(settings.databases[names[0]]))
            _lock(maintenance)
            for name in names:
                target = settings.databases[name]
                _drop_all(maintenance, _beside(target.database, MARK, ""))
                scratch = replace(target, database=_beside(target.database, MARK, stamp))
                stack.callback(_drop_quietly, maintenance, scratch.database)
                _create(maintenance, target, scratch.database)
                scratches[name] = Scratch(name, target, scratch)
        yield scratches


def fill(scratch: Scratch, archive: Path, programs: Programs) -> None:
    """Restore an archive into a scratch database: as a script through psql, in one transaction.

    Not with pg_restore alone: from 17 on it sets a parameter that older servers do not know.
    """
    script = [programs.path("pg_restore"), "--no-owner", "--no-acl", "--file=-", str(archive)]
    options = ["-Xq1", "--set=ON_ERROR_STOP=1", "--no-password", "--output=/dev/null"]
    with (
        pg_tools.reaching(scratch.database) as (environment, inherited),
        tempfile.TemporaryFile() as complaints,
        pg_tools.begun(
            script, env=environment, stdin=DEVNULL, stdout=PIPE, stderr=complaints
        ) as reading,
        pg_tools.begun(
            [programs.path("psql"), *options], env=environment, pass_fds=inherited,
            stdin=PIPE, stderr=complaints,
        ) as writing,
    ):  # fmt: skip
        with suppress(BrokenPipeError):
            _pour(reading.stdout, writing.stdin)
        if any((writing.wait(), reading.wait())):
            line = pg_tools.complaint(complaints)
            raise BackupError(f"database {scratch.target.database} cannot be restored: {line}")


def replaced_name(database: str, stamp: str) -> str:
    """Return the new name of a database that was replaced."""
    return _beside(database, "_replaced_", stamp)


def _pour(script: IO[bytes] | None, psql: IO[bytes] | None) -> None:
    assert script  # noqa: S101 - for mypy
    assert psql  # noqa: S101
    with script, psql:
        first = script.read(4096)
        # It is at the very top, before any line that is ours.
        psql.write(first.replace(b"SET transaction_timeout = 0;\n", b"", 1))
        while chunk := script.read(CHUNK):
            psql.write(chunk)


def _lock(maintenance: psycopg.Connection) -> None:
    row = maintenance.execute("SELECT pg_try_advisory_lock(%s)", (LOCK,)).fetchone()
    if not row or not row[0]:
        raise BackupError("another process is restoring or verifying a backup right now")


def _create(maintenance: psycopg.Connection, target: DatabaseSettings, name: str) -> None:
    found = maintenance.execute(_LOCALE, (target.database,)).fetchone()
    options = sql.SQL("") if found is None else _locale(*found)
    statement = sql.SQL("CREATE DATABASE {} TEMPLATE template0 ENCODING 'UTF8' {}")
    try:
        maintenance.execute(statement.format(sql.Identifier(name), options))
    except errors.InsufficientPrivilege as error:
        role = sql.Identifier(target.user).as_string()
        raise BackupError(
            f"role {target.user} may not create databases, and a backup is restored beside what is "
            f"in use. As a superuser run: ALTER ROLE {role} CREATEDB"
        ) from error
    except psycopg.Error as error:
        line = str(error).strip().partition("\n")[0]
        raise BackupError(f"cannot create database {name}: {line}") from error


def _locale(collate: str, ctype: str, provider: str | None, locale: str | None) -> sql.Composed:
    options = sql.SQL("LC_COLLATE {} LC_CTYPE {}").format(sql.Literal(collate), sql.Literal(ctype))
    kinds = {
        "i": "LOCALE_PROVIDER icu ICU_LOCALE {}",
        "b": "LOCALE_PROVIDER builtin BUILTIN_LOCALE {}",
    }
    if provider in kinds and locale:
        options += sql.SQL(" " + kinds[provider]).format(sql.Literal(locale))
    elif provider:
        options += sql.SQL(" LOCALE_PROVIDER libc")
    return options


def _drop_all(maintenance: psycopg.Connection, beginning: str) -> None:
    like = beginning.replace("\\", "\\\\").replace("_", "\\_").replace("%", "\\%") + "%"
    for (name,) in maintenance.execute(_SAME_CLUSTER, (like,)).fetchall():
        drop(maintenance, name)


def drop(maintenance: psycopg.Connection, name: str) -> None:
    """Drop a database that nobody is connected to."""
    maintenance.execute(sql.SQL("DROP DATABASE IF EXISTS {}").format(sql.Identifier(name)))


def _drop_quietly(maintenance: psycopg.Connection, name: str) -> None:
    """Drop a database, ignoring errors: the next process drops what this one could not."""
    with suppress(psycopg.Error):
        drop(maintenance, name)


def _beside(database: str, mark: str, stamp: str) -> str:
    room = NAME_MAX - len(mark) - len("YYYYMMDDTHHMMSSZ")
    return database.encode()[:room].decode(errors="ignore") + mark + stamp
