"""Puts a backup back, or tries to. Everything is restored beside what is in use, compared with the
manifest and migrated there; then four databases change their names in one transaction. Until then
nothing has changed, and after it everything has."""

import json
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

import psycopg
from psycopg import errors, sql

from sunshine import migrate, pg_programs
from sunshine.backups import content, documents, manifest, scratch
from sunshine.backups.files import Staged
from sunshine.backups.manifest import BackupError, Manifest
from sunshine.backups.scratch import Scratch
from sunshine.settings import Settings

Advance = Callable[[], None]

# More than any account's version grows by itself between two backups.
VERSIONS = 1_000_000
# Seconds: PostgreSQL still lists who has just left, pg_dump and a stopped server among them.
LEAVING = 2.0
_END_TOKENS = {
    "sunshine": "UPDATE users SET token_version = token_version + %s",
    "fleet": "UPDATE driver SET token_version = token_version + %s",
}
# In the cluster's own present: a reader's old cursor is behind all of it, and is told so.
_RENUMBER = "UPDATE event SET xid = pg_current_xact_id()"
_RECORD = """
INSERT INTO event (at, type, entity, actor_type, actor_name, after)
VALUES (%s, 'backup_restored', 'backup', 'system', %s, %s)
"""
_CLIENTS = """
SELECT datname, coalesce(nullif(application_name, ''), usename::text, '?'), count(*)
FROM pg_stat_activity
WHERE datname = ANY(%s) AND usesysid IS NOT NULL AND pid <> pg_backend_pid()
GROUP BY 1, 2 ORDER BY 1, 2
"""
_EXISTS = "SELECT EXISTS (SELECT FROM pg_database WHERE datname = %s)"


@dataclass(frozen=True)
class Restored:
    """What was put back. `replaced`: the databases that were in use before, by their new names."""

    manifest: Manifest
    files: int
    replaced: dict[str, str]


def verify(
    settings: Settings, folder: Path, found: Manifest, advance: Advance = lambda: None
) -> dict[str, list[str]]:
    """Restore into scratch databases and compare; what differs, by database. Changes nothing."""
    manifest.check(folder, found, advance)
    _check_versions(settings, found)
    with scratch.made(settings, f"{found.created:%Y%m%dT%H%M%SZ}") as scratches:
        return _filled(settings, folder, found, scratches, advance)


def restore(
    settings: Settings,
    folder: Path,
    *,
    now: datetime,
    actor: str,
    force: bool,
    keep_tokens: bool,
    advance: Advance = lambda: None,
) -> Restored:
    """Put all of it back, or nothing.

    Only into databases that are missing or empty, unless `force`; those that were in use are kept
    under another name. Raises BackupError, PostgresError or MigrationError.
    """
    found = manifest.read(folder)
    manifest.check(folder, found, advance)
    _check_versions(settings, found)
    _check_targets(settings, force=force)
    stamp = f"{now:%Y%m%dT%H%M%SZ}"
    with (
        manifest.plainly(settings.directory),
        scratch.made(settings, stamp) as scratches,
        _staged(settings, folder, found) as staged,
    ):
        wrong = _filled(settings, folder, found, scratches, advance)
        for name, lines in wrong.items():
            raise BackupError(f"database {name} does not come back as it was: {lines[0]}")
        if staged:
            staged.unpack(advance)
        _bring_up_to_date(settings, scratches)
        for each in scratches.values():
            _adopt(each, found, now=now, actor=actor, keep_tokens=keep_tokens)
        documents.load(settings, folder, found)
        files = staged.put() if staged else 0
        try:
            replaced = _swap(settings, scratches, stamp)
        except BackupError:
            if staged:
                staged.take_back()
            raise
        _drop_empty(settings, replaced)
    return Restored(found, files, replaced)


def _check_versions(settings: Settings, found: Manifest) -> None:
    """BackupError for what this program, or these servers, cannot hold."""
    documents.check(settings, found)
    for name, part in found.databases.items():
        revision = part.content.revision
        if revision is not None and revision not in migrate.revisions(name):
            raise BackupError(
                f"the backup's {name} is at revision {revision}, this program knows nothing past "
                f"{migrate.heads()[name]}: restore it with Sunshine {found.program} or newer"
            )
        with scratch.maintained(settings.databases[name]) as connection:
            server = connection.info.server_version // 10_000
        if server < _major(part.server):
            raise BackupError(
                f"the backup was made from PostgreSQL {part.server}, and {name} is on PostgreSQL "
                f"{server}: restore it on {_major(part.server)} or newer"
            )


def _check_targets(settings: Settings, *, force: bool) -> None:
    for names in scratch.servers(settings).values():
        targets = [settings.databases[name].database for name in names]
        with scratch.maintained(settings.databases[names[0]]) as connection:
            if clients := _staying(connection, targets):
                raise _in_use(clients)
            there = [name for name in names if _exists(connection, settings, name)]
        for name in there if not force else ():
            with migrate.connect(settings.databases[name]) as target:
                if not content.is_empty(target):
                    raise BackupError(
                        f"database {settings.databases[name].database} is not empty; with --force "
                        "the backup takes its place, and it is kept under another name"
                    )


def _staying(connection: psycopg.Connection, targets: list[str]) -> list[tuple[str, str, int]]:
    """Who is connected to them, and not about to leave."""
    deadline = time.monotonic() + LEAVING
    while clients := connection.execute(_CLIENTS, (targets,)).fetchall():
        if time.monotonic() > deadline:
            break
        time.sleep(0.05)
    return clients


def _in_use(clients: list[tuple[str, str, int]]) -> BackupError:
    who = ", ".join(f"{count} of {application} to {name}" for name, application, count in clients)
    return BackupError(
        f"the databases are in use ({who}): stop the servers first, as with "
        "`systemctl stop sunshine`. Nothing was changed"
    )


def _filled(
    settings: Settings,
    folder: Path,
    found: Manifest,
    scratches: Mapping[str, Scratch],
    advance: Advance,
) -> dict[str, list[str]]:
    """Fill the scratch databases, all at once; what did not come back as the manifest has it."""
    newest = max(_major(part.programs) for part in found.databases.values())
    programs = pg_programs.find(settings.pg_bin_dir, newest)

    def fill(each: Scratch) -> list[str]:
        part = found.databases[each.name]
        scratch.fill(each, folder / part.part.name, programs)
        with migrate.connect(each.database) as connection:
            content.session(connection)
            connection.execute("ANALYZE")
            lines = content.differences(part.content, content.read(connection))
            if each.name == "mitra":
                lines += documents.missing(folder, found, connection)
        advance()
        return lines

    with ThreadPoolExecutor(len(scratches)) as pool:
        results = dict(zip(scratches, pool.map(fill, scratches.values()), strict=True))
    return {name: lines for name, lines in results.items() if lines}


def _bring_up_to_date(settings: Settings, scratches: Mapping[str, Scratch]) -> None:
    """An older backup is migrated before it takes a place: should that fail, nothing changes."""
    databases = {name: each.database for name, each in scratches.items()}
    migrate.upgrade(replace(settings, databases=databases))


def _adopt(each: Scratch, found: Manifest, *, now: datetime, actor: str, keep_tokens: bool) -> None:
    """What cannot stay as it was: transaction ids of another cluster, and tokens that may have been
    ended since."""
    after = {
        "name": found.name,
        "createdAt": found.created.isoformat(),
        "tokensEnded": not keep_tokens,
    }
    with migrate.connect(each.database) as connection, connection.transaction():
        content.session(connection)
        connection.execute(_RENUMBER)
        if each.name in _END_TOKENS and not keep_tokens:
            connection.execute(_END_TOKENS[each.name], (VERSIONS,))
        connection.execute(_RECORD, (now, actor, json.dumps(after)))


def _swap(settings: Settings, scratches: Mapping[str, Scratch], stamp: str) -> dict[str, str]:
    """Give the scratch databases the names of those in use, which get others.

    One transaction on each server; most often there is one. Where there are more and a later one
    refuses, the earlier ones are taken back.
    """
    done: list[tuple[psycopg.Connection, list[tuple[str, str]]]] = []
    replaced: dict[str, str] = {}
    groups = list(scratch.servers(settings).values())
    with _all_of(settings, groups) as connections:
        try:
            for names, connection in zip(groups, connections, strict=True):
                steps = list(_steps(settings, connection, scratches, names, stamp, replaced))
                _rename(connection, steps)
                done.append((connection, steps))
        except psycopg.Error as error:
            if error.sqlstate is None:  # the line broke: nobody can tell whether it was done
                raise
            for connection, steps in reversed(done):
                _rename(connection, [(new, old) for old, new in reversed(steps)])
            raise _refused(error) from error
    return replaced


def _drop_empty(settings: Settings, replaced: dict[str, str]) -> None:
    """Of what was replaced, keep only what somebody could want back."""
    for name, database in list(replaced.items()):
        if _is_empty(settings, name, database):
            with scratch.maintained(settings.databases[name]) as connection:
                scratch.drop(connection, database)
            del replaced[name]


@contextmanager
def _all_of(settings: Settings, groups: list[list[str]]) -> Iterator[list[psycopg.Connection]]:
    connections = [scratch.maintained(settings.databases[names[0]]) for names in groups]
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
    """(old name, new name), in their order."""
    for name in names:
        target = settings.databases[name].database
        if _exists(connection, settings, name):
            replaced[name] = scratch.replaced_name(target, stamp)
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


def _exists(connection: psycopg.Connection, settings: Settings, name: str) -> bool:
    row = connection.execute(_EXISTS, (settings.databases[name].database,)).fetchone()
    return bool(row and row[0])


def _is_empty(settings: Settings, name: str, database: str) -> bool:
    with migrate.connect(settings.databases[name], dbname=database) as connection:
        return content.is_empty(connection)


@contextmanager
def _staged(settings: Settings, folder: Path, found: Manifest) -> Iterator[Staged | None]:
    if found.files.archive is None:
        yield None
        return
    with Staged(folder, settings.directory / "static") as staged:
        yield staged


def _major(version: str) -> int:
    return int(version.partition(".")[0])
