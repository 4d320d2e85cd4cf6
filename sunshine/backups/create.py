"""Creates a backup.

Each database is dumped and summed up in one snapshot; the four run in parallel. In the backup
directory it appears complete or not at all.
"""

import tempfile
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from subprocess import DEVNULL, PIPE, Popen
from threading import Lock
from typing import IO

import psycopg

from sunshine import __version__
from sunshine.backups import content, documents, manifest, repository
from sunshine.backups.content import Content
from sunshine.backups.files import gathered
from sunshine.backups.manifest import CHUNK, BackupError, DatabasePart, Manifest
from sunshine.backups.writer import Writer
from sunshine.core.clock import Clock
from sunshine.core.database_settings import DatabaseSettings
from sunshine.core.settings import Settings
from sunshine.database import migrations, pg_tools
from sunshine.database.pg_tools import Programs

Advance = Callable[[], None]
Connections = Mapping[str, psycopg.Connection]

# Custom format compresses with gzip; not every build of PostgreSQL supports others.
DUMP_OPTIONS = ("--format=custom", "--lock-wait-timeout=10s", "--no-password")


def create(settings: Settings, to: Path, clock: Clock, advance: Advance = lambda: None) -> Manifest:
    """Add a backup to the directory `to`, which the caller has locked.

    Raises BackupError, PostgresError or MigrationError, with nothing left behind.
    """
    begun = clock()
    name = repository.name_at(begun)
    with (
        repository.added(to, name) as part,
        _connected(settings) as connections,
        gathered(settings, part) as files,
    ):
        programs = _programs(settings, connections)
        files.gather(advance)
        databases = _databases(settings, connections, programs, part, advance)
        kept_elsewhere = documents.dump(settings, part)
        files.gather(advance)
        made = Manifest(
            format=manifest.FORMAT, name=name, created=begun, finished=clock(),
            program=__version__, databases=databases, files=files.finish(),
            documents=kept_elsewhere,
        )  # fmt: skip
        manifest.write(part, made)
    return made


@contextmanager
def _connected(settings: Settings) -> Iterator[Connections]:
    with ExitStack() as stack:
        yield {
            name: stack.enter_context(migrations.connect(database))
            for name, database in settings.databases.items()
        }


def _programs(settings: Settings, connections: Connections) -> Programs:
    newest = max(connection.info.server_version for connection in connections.values())
    return pg_tools.find(settings.pg_bin_dir, newest // 10_000)


def _databases(
    settings: Settings, connections: Connections, programs: Programs, part: Path, advance: Advance
) -> dict[str, DatabasePart]:
    """Dump and sum up concurrently, each pair in the same snapshot."""
    made = {}
    with _together(connections) as (pool, started):
        begun = {}
        for name, connection in connections.items():
            database, snapshot = (
                _pinned(settings.databases[name], connection),
                _snapshot(connection),
            )
            target = part / f"{name}.dump"
            dumping = pool.submit(_dump, database, programs, snapshot, target, started)
            begun[name] = (content.sequences(connection), dumping)
        reading = {name: pool.submit(_read, c) for name, c in connections.items()}
        for name, (sequences, dumping) in begun.items():
            made[name] = DatabasePart(
                part=dumping.result().part,
                database=settings.databases[name].database,
                server=connections[name].info.parameter_status("server_version") or "",
                programs=programs.version,
                content=replace(reading[name].result(), sequences=sequences),
            )
            advance()
    return made


class _Started:
    """The running programs. One that starts after the others were killed is killed, too."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._processes: list[Popen[bytes]] = []
        self._ended = False

    def add(self, process: Popen[bytes]) -> None:
        with self._lock:
            self._processes.append(process)
            if self._ended:
                pg_tools.end(process)

    def end(self) -> None:
        with self._lock:
            self._ended = True
            for process in self._processes:
                pg_tools.end(process)


@contextmanager
def _together(
    connections: Connections,
) -> Iterator[tuple[ThreadPoolExecutor, _Started]]:
    """Yield threads for the work and the programs they start; killed if one fails or on Ctrl-C."""
    started = _Started()
    with ThreadPoolExecutor(2 * len(connections)) as pool:
        try:
            yield pool, started
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            started.end()
            for connection in connections.values():
                with suppress(psycopg.Error):
                    connection.cancel_safe(timeout=2)
            raise


def _pinned(database: DatabaseSettings, connection: psycopg.Connection) -> DatabaseSettings:
    """Return settings that lead to a connection's own server: no other one knows its snapshot."""
    if not database.further:
        return database
    return replace(database, host=connection.info.host, port=connection.info.port, further=())


def _snapshot(connection: psycopg.Connection) -> str:
    content.session(connection)
    connection.execute("BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY")
    row = connection.execute("SELECT pg_export_snapshot()").fetchone()
    assert row  # noqa: S101 - for mypy
    return str(row[0])


def _read(connection: psycopg.Connection) -> Content:
    try:
        return content.read(connection)
    except psycopg.Error as error:
        line = str(error).strip().partition("\n")[0]
        raise BackupError(f"database {connection.info.dbname}: {line}") from error


def _dump(
    database: DatabaseSettings,
    programs: Programs,
    snapshot: str,
    target: Path,
    started: _Started,
) -> Writer:
    """Run pg_dump into a file, through a pipe of ours.

    If we are killed, it ends with its next write; and the checksum is of its output, not of what a
    broken disk wrote.
    """
    command = [programs.path("pg_dump"), *DUMP_OPTIONS, f"--snapshot={snapshot}"]
    with (
        pg_tools.reaching(database) as (environment, inherited),
        tempfile.TemporaryFile() as complaints,
        Writer(target) as writer,
        pg_tools.begun(
            command, env=environment, pass_fds=inherited,
            stdin=DEVNULL, stdout=PIPE, stderr=complaints,
        ) as process,
    ):  # fmt: skip
        started.add(process)
        _copy(process.stdout, writer)
        if process.wait():
            line = pg_tools.complaint(complaints)
            raise BackupError(f"database {database.database}: {line}")
    return writer


def _copy(source: IO[bytes] | None, writer: Writer) -> None:
    assert source  # noqa: S101 - for mypy
    while chunk := source.read(CHUNK):
        writer.write(chunk)
