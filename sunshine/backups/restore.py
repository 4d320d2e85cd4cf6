"""Restores a backup, or tries to.

Everything is restored next to what is in use, compared with the manifest and migrated there; then
four databases are renamed in one transaction. Before it nothing has changed, after it everything
has.
"""

import json
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

import psycopg

from sunshine.backups import content, documents, files, manifest, staging, swap
from sunshine.backups.manifest import BackupError, Manifest
from sunshine.backups.staging import Scratch
from sunshine.core.settings import Settings
from sunshine.database import migrations, pg_tools

Advance = Callable[[], None]

# More than any account's version increases between two backups.
VERSIONS = 1_000_000
# Seconds: PostgreSQL still lists clients that have just disconnected, such as pg_dump.
LEAVING = 2.0
_END_TOKENS = {
    "sunshine": "UPDATE users SET token_version = token_version + %s",
    "fleet": "UPDATE driver SET token_version = token_version + %s",
}
# In the cluster's present: a reader's old cursor is behind all of it, and the reader gets a reset.
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


@dataclass(frozen=True)
class Order:
    """Who requests the restore, when, and how.

    Only missing or empty databases are restored into, unless `force`: then those in use are kept
    under another name. All tokens are revoked, unless `keep_tokens`.
    """

    now: datetime
    actor: str
    force: bool
    keep_tokens: bool


@dataclass(frozen=True)
class Restored:
    """The result: the number of files, and the new names of the databases that were in use
    before."""

    files: int
    replaced: dict[str, str]


def verify(
    settings: Settings, folder: Path, found: Manifest, advance: Advance = lambda: None
) -> dict[str, list[str]]:
    """Restore into scratch databases and compare; return the differences by database.

    Changes nothing.
    """
    manifest.check(folder, found, advance)
    files.examine(folder, found)
    _check_versions(settings, found)
    with staging.made(settings, f"{found.created:%Y%m%dT%H%M%SZ}") as scratches:
        return _fill_all(settings, folder, found, scratches, advance)


def restore(
    settings: Settings, folder: Path, found: Manifest, order: Order, advance: Advance = lambda: None
) -> Restored:
    """Restore everything or nothing. Raises BackupError, PostgresError or MigrationError."""
    files.check(settings, found)
    manifest.check(folder, found, advance)
    _check_versions(settings, found)
    _check_targets(settings, force=order.force)
    stamp = f"{order.now:%Y%m%dT%H%M%SZ}"
    with (
        manifest.one_line_errors(settings.directory),
        staging.made(settings, stamp) as scratches,
        files.staged(settings, folder, found) as staged,
    ):
        _prepare(settings, folder, found, scratches, order, advance)
        staged.unpack(advance)
        documents.load(settings, folder, found)
        with staged.put() as count:
            replaced = swap.swap_in(settings, scratches, stamp)
        swap.drop_empty(settings, replaced)
    return Restored(count, replaced)


def _check_versions(settings: Settings, found: Manifest) -> None:
    """Raise BackupError for a backup that this program, or these servers, cannot restore."""
    documents.check(settings, found)
    for name, part in found.databases.items():
        revision = part.content.revision
        if revision is not None and revision not in migrations.revisions(name):
            raise BackupError(
                f"the backup's {name} is at revision {revision}, this program knows nothing past "
                f"{migrations.heads()[name]}: restore it with Sunshine {found.program} or newer"
            )
        with staging.maintained(settings.databases[name]) as connection:
            server = connection.info.server_version // 10_000
        if server < _major(part.server):
            raise BackupError(
                f"the backup was made from PostgreSQL {part.server}, and {name} is on PostgreSQL "
                f"{server}: restore it on {_major(part.server)} or newer"
            )


def _check_targets(settings: Settings, *, force: bool) -> None:
    for names in staging.servers(settings).values():
        targets = [settings.databases[name].database for name in names]
        with staging.maintained(settings.databases[names[0]]) as connection:
            if clients := _clients_of(connection, targets):
                raise _in_use(clients)
            there = [name for name in names if staging.exists(connection, settings.databases[name])]
        for name in there if not force else ():
            with migrations.connect(settings.databases[name]) as target:
                if not content.is_empty(target):
                    raise BackupError(
                        f"database {settings.databases[name].database} is not empty; with --force "
                        "the backup takes its place, and it is kept under another name"
                    )


def _clients_of(connection: psycopg.Connection, targets: list[str]) -> list[tuple[str, str, int]]:
    """Return the clients of these databases that are not about to disconnect."""
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
        "`systemctl stop 'sunshine@*'`. Nothing was changed"
    )


def _fill_all(
    settings: Settings,
    folder: Path,
    found: Manifest,
    scratches: Mapping[str, Scratch],
    advance: Advance,
) -> dict[str, list[str]]:
    """Fill the scratch databases concurrently; return the differences from the manifest."""
    newest = max(_major(part.programs) for part in found.databases.values())
    programs = pg_tools.find(settings.pg_bin_dir, newest)

    def fill(each: Scratch) -> list[str]:
        staging.fill(each, folder / found.databases[each.name].part.name, programs)
        lines = _compared(each, folder, found)
        advance()
        return lines

    with ThreadPoolExecutor(len(scratches)) as pool:
        results = dict(zip(scratches, pool.map(fill, scratches.values()), strict=True))
    return {name: lines for name, lines in results.items() if lines}


def _compared(each: Scratch, folder: Path, found: Manifest) -> list[str]:
    with migrations.connect(each.database) as connection:
        content.session(connection)
        connection.execute("ANALYZE")
        expected = found.databases[each.name].content
        lines = content.differences(expected, content.read(connection))
        if each.name == "mitra":
            lines += documents.missing(folder, found, connection)
    return lines


def _prepare(
    settings: Settings,
    folder: Path,
    found: Manifest,
    scratches: Mapping[str, Scratch],
    order: Order,
    advance: Advance,
) -> None:
    """Fill the scratch databases and make them ready for use."""
    wrong = _fill_all(settings, folder, found, scratches, advance)
    for name, lines in wrong.items():
        raise BackupError(f"database {name} is not restored as it was: {lines[0]}")
    # An older backup is migrated before it takes a place: if that fails, nothing changes.
    databases = {name: each.database for name, each in scratches.items()}
    migrations.upgrade(replace(settings, databases=databases))
    for each in scratches.values():
        _finalise(each, found, order)


def _finalise(each: Scratch, found: Manifest, order: Order) -> None:
    """Change what cannot stay: transaction ids of another cluster, and tokens possibly revoked
    since."""
    after = {
        "name": found.name,
        "createdAt": found.created.isoformat(),
        "tokensEnded": not order.keep_tokens,
    }
    with migrations.connect(each.database) as connection, connection.transaction():
        content.session(connection)
        connection.execute(_RENUMBER)
        if each.name in _END_TOKENS and not order.keep_tokens:
            connection.execute(_END_TOKENS[each.name], (VERSIONS,))
        connection.execute(_RECORD, (order.now, order.actor, json.dumps(after)))


def _major(version: str) -> int:
    return int(version.partition(".")[0])
