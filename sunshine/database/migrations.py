"""Creates and migrates the four databases; the migrations themselves are in migrations/versions.

sunshine/database/startup.py calls it at every start, sunshine/commands/db.py on demand. Alembic is
imported only when there is something to do: a start that finds everything up to date does not pay
for it.
"""

import re
import time
import tomllib
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psycopg
import structlog
from psycopg import errors, sql
from psycopg.conninfo import make_conninfo

from sunshine import __version__
from sunshine.core.database_settings import DatabaseSettings
from sunshine.core.settings import Settings
from sunshine.core.variables import DATABASES
from sunshine.database.connections import explain_error

if TYPE_CHECKING:
    from alembic.config import Config
    from sqlalchemy import Connection, Engine

OLDEST_SERVER = 14
CONNECT_SECONDS = 5
LOCK = 0x73756E73  # "suns"; any number would do, as long as every process uses the same one
LOCK_POLL = 0.1  # seconds
LOCK_TELL = 2.0
LOCK_GIVE_UP = 60.0
SESSION = """
SET lock_timeout = '5s';
SET statement_timeout = 0;
SET idle_in_transaction_session_timeout = 0;
"""

STANDING = """
SELECT version_num AS current,
    obj_description('alembic_version'::regclass, 'pg_class') AS compatibility
FROM alembic_version
"""

log = structlog.get_logger("sunshine.migrate")


class MigrationError(Exception):
    """A database cannot be reached, created or migrated; the message is one clear line."""


@dataclass(frozen=True)
class Standing:
    """The schema version of one database. `current` is None while it is empty or missing.

    `usable`: this program runs on it, because it is up to date or one release ahead.
    """

    name: str
    database: str
    exists: bool
    current: str | None
    head: str
    behind: int
    usable: bool

    @property
    def ahead(self) -> bool:
        """Return whether a newer program has migrated it."""
        return self.current is not None and self.current not in revisions(self.name)


def folder() -> Path:
    """Return migrations/: inside the package when installed, next to it in a checkout."""
    package = Path(__file__).absolute().parents[1]
    inside = package / "migrations"
    return inside if inside.is_dir() else package.parent / "migrations"


def revisions(name: str) -> list[str]:
    """Return a database's revisions, oldest first, from their file names: 0001_people.py."""
    files = (folder() / "versions" / name).glob("[0-9][0-9][0-9][0-9]_*.py")
    return sorted(file.name[:4] for file in files)


def extensions(name: str) -> list[str]:
    """Return the PostgreSQL extensions that a database's migrations create."""
    steps = sorted((folder() / "versions" / name).glob("*.py"))
    found = (re.findall(r"CREATE EXTENSION (?:IF NOT EXISTS )?(\w+)", s.read_text()) for s in steps)
    return list(dict.fromkeys(extension for each in found for extension in each))


def heads() -> dict[str, str]:
    """Return the head revision of each database."""
    return {name: revisions(name)[-1] for name in DATABASES}


def oldest(name: str) -> str:
    """Return the oldest head whose programs run on this schema: the last release's."""
    released = tomllib.loads((folder() / "releases.toml").read_text(encoding="utf-8"))
    earlier = [found for version, found in released.items() if version != __version__]
    return str(earlier[-1][name]) if earlier else revisions(name)[-1]


def runs_on(head: str, current: str | None, compatibility: str | None) -> bool:
    """Return whether a program with this head runs on a database.

    `current` and `compatibility` are the row of `STANDING`: the revision, and the comment that
    names the oldest program.
    """
    if current == head:
        return True
    found = re.fullmatch(r"(\d+) is for programs from (\d+) on", compatibility or "")
    return found is not None and found[1] == current and found[2] <= head < found[1]


def _record_oldest(name: str) -> Callable[..., None]:
    """Return Alembic's hook that records, in each step's transaction, the oldest program that still
    runs."""

    def tell(*, ctx: Any, step: Any, **_: Any) -> None:
        if step.is_upgrade:
            text = f"{step.up_revision_id} is for programs from {oldest(name)} on"
            ctx.connection.exec_driver_sql(f"COMMENT ON TABLE alembic_version IS '{text}'")

    return tell


def connect(database: DatabaseSettings, *, dbname: str | None = None) -> psycopg.Connection:
    """Open a plain connection in autocommit; MigrationError if that fails."""
    try:
        where = make_conninfo(
            **database.libpq | {"dbname": dbname or database.database},
            password=database.password or None,
            connect_timeout=CONNECT_SECONDS,
            application_name="sunshine migrate",
        )
        return psycopg.connect(where, autocommit=True)
    except (psycopg.OperationalError, UnicodeError) as error:
        name = dbname or database.database
        raise MigrationError(
            f"cannot connect to database {name} at {database.where} as {database.user}: "
            f"{explain_error(error)}"
        ) from error


def engine(database: DatabaseSettings) -> "Engine":
    """Return an engine for work that needs SQLAlchemy's own connections: one patient one at a
    time."""
    from sqlalchemy import NullPool, create_engine

    def creator() -> psycopg.Connection:
        connection = connect(database)
        connection.execute(SESSION)
        connection.autocommit = False
        return connection

    return create_engine("postgresql+psycopg://", creator=creator, poolclass=NullPool)


def create(settings: Settings, names: Iterable[str] = DATABASES) -> list[str]:
    """Create the missing databases, owned by the connecting role; return their names."""
    made = []
    for name in names:
        database = settings.databases[name]
        with _connected(database) as (exists, connection):
            if connection.info.server_version < OLDEST_SERVER * 10_000:
                raise MigrationError(
                    f"{database.where} runs PostgreSQL {connection.info.server_version // 10_000}; "
                    f"{OLDEST_SERVER} or newer is needed"
                )
            if not exists:
                _create(database, connection)
                made.append(database.database)
    return made


def status(settings: Settings, names: Iterable[str] = DATABASES) -> list[Standing]:
    """Return the schema version of each database; changes nothing."""
    return [_standing(name, settings.databases[name]) for name in names]


def upgrade(
    settings: Settings, names: Iterable[str] = DATABASES, revision: str = "head"
) -> list[str]:
    """Migrate databases up to a revision; return the names of those that changed.

    Each migration is one transaction: a killed process leaves the old schema or the new one.
    """
    standings = status(settings, names)
    for standing in standings:
        if standing.ahead:
            _look_ahead(standing)
    wanted = [found.name for found in standings if found.behind]
    return [name for name in wanted if _move(name, settings.databases[name], "upgrade", revision)]


def _look_ahead(standing: Standing) -> None:
    line = (
        f"database {standing.database} is at {standing.current}, this program knows nothing past "
        f"{standing.head}"
    )
    if not standing.usable:
        raise MigrationError(f"{line}: run the newer version")
    log.warning(f"{line}; it runs on the schema one release ahead")


def downgrade(settings: Settings, name: str, revision: str) -> bool:
    """Migrate one database down to a revision, or to `base`; what the later steps created is
    lost."""
    return _move(name, settings.databases[name], "downgrade", revision)


@contextmanager
def _connected(database: DatabaseSettings) -> Iterator[tuple[bool, psycopg.Connection]]:
    """Yield whether the database exists, with a connection to it or else to the database
    `postgres`."""
    try:
        exists, connection = True, connect(database)
    except MigrationError as refusal:
        exists, connection = _existence(database, refusal)
    with connection:
        yield exists, connection


def _existence(
    database: DatabaseSettings, refusal: MigrationError
) -> tuple[bool, psycopg.Connection]:
    """Return whether the database exists, by a query.

    The error of the refused connection has no code and is in the server's language.
    """
    try:
        connection = connect(database, dbname="postgres")
    except MigrationError:
        raise refusal from None
    query = "SELECT 1 FROM pg_database WHERE datname = %s"
    if not connection.execute(query, (database.database,)).fetchone():
        return False, connection
    connection.close()
    # Another server may have created it meanwhile; otherwise this fails for the same reason again.
    return True, connect(database)


def _create(database: DatabaseSettings, connection: psycopg.Connection) -> None:
    statement = sql.SQL("CREATE DATABASE {} TEMPLATE template0 ENCODING 'UTF8'")
    name = sql.Identifier(database.database)
    try:
        connection.execute(statement.format(name))
    except (errors.DuplicateDatabase, errors.UniqueViolation):
        pass  # another server was as quick
    except errors.InsufficientPrivilege as error:
        raise MigrationError(
            f"role {database.user} may not create databases. As a superuser run: "
            f"CREATE DATABASE {name.as_string()} OWNER "
            f"{sql.Identifier(database.user).as_string()}"
        ) from error
    except psycopg.Error as error:
        problem = f"cannot create database {database.database}: {explain_error(error)}"
        raise MigrationError(problem) from error


def _standing(name: str, database: DatabaseSettings) -> Standing:
    known = revisions(name)
    with _connected(database) as (exists, connection):
        current, compatibility = _current(database, connection) if exists else (None, None)
    behind = sum(revision > (current or "") for revision in known)
    usable = runs_on(known[-1], current, compatibility)
    return Standing(name, database.database, exists, current, known[-1], behind, usable)


def _current(
    database: DatabaseSettings, connection: psycopg.Connection
) -> tuple[str | None, str | None]:
    try:
        row = connection.execute(STANDING).fetchone()
    except errors.UndefinedTable:
        return None, None
    except psycopg.Error as error:
        raise MigrationError(explanation(database, error)) from error
    return row or (None, None)


def _move(name: str, database: DatabaseSettings, direction: str, revision: str) -> bool:
    from alembic import command
    from alembic.util import CommandError
    from sqlalchemy.exc import DBAPIError

    step = {"upgrade": command.upgrade, "downgrade": command.downgrade}[direction]
    try:
        with _alone(database) as connection:
            before = _revision(connection)
            step(_config(name, connection), revision)
            after = _revision(connection)
    except DBAPIError as error:
        raise MigrationError(explanation(database, error.orig or error)) from error
    except CommandError as error:
        raise MigrationError(f"database {database.database}: {error}") from error
    if after != before:
        log.info("database migrated", database=database.database, before=before, after=after)
    return after != before


@contextmanager
def _alone(database: DatabaseSettings) -> Iterator["Connection"]:
    """Yield a connection that holds the database's migration lock for as long as it is open.

    The lock belongs to its session, so a killed process keeps the others out until PostgreSQL has
    released its table locks, too. It is polled: a session that waits in a statement holds a
    snapshot, and CREATE INDEX CONCURRENTLY would wait for that one in turn.
    """
    with engine(database).connect() as connection:
        _take_turn(database, connection)
        yield connection


def _take_turn(database: DatabaseSettings, connection: "Connection") -> None:
    begun, announced = time.monotonic(), False
    while True:
        got = connection.exec_driver_sql(f"SELECT pg_try_advisory_lock({LOCK})").scalar_one()
        connection.commit()
        if got:
            return
        waited = time.monotonic() - begun
        if waited > LOCK_GIVE_UP:
            raise MigrationError(
                f"another process has been migrating {database.database} for {waited:.0f} s"
            )
        if waited > LOCK_TELL and not announced:
            log.warning("waiting for another process's migration", database=database.database)
            announced = True
        time.sleep(LOCK_POLL)


def _revision(connection: "Connection") -> str | None:
    from alembic.runtime.migration import MigrationContext

    found = MigrationContext.configure(connection).get_current_revision()
    connection.commit()  # Alembic begins and ends its own transactions only if none is open
    return found


def _config(name: str, connection: "Connection") -> "Config":
    from alembic.config import Config

    import models

    where = str(folder()).replace("%", "%%")
    config = Config()
    config.set_main_option("script_location", where)
    config.set_main_option("path_separator", "newline")  # folders may have spaces
    config.set_main_option("version_locations", f"{where}/versions/{name}")
    config.attributes.update(
        connection=connection, metadata=models.METADATA[name], on_version_apply=_record_oldest(name)
    )
    return config


def explanation(database: DatabaseSettings, error: BaseException) -> str:
    """Return one line on PostgreSQL's error, and what to do about it if we know."""
    line = f"database {database.database}: {explain_error(error)}"
    if isinstance(error, errors.LockNotAvailable):
        return f"{line}; something else is using that table, try again when it has ended"
    if isinstance(error, errors.InsufficientPrivilege):
        name = sql.Identifier(database.database).as_string()
        owner = sql.Identifier(database.user).as_string()
        return f"{line}. As a superuser run: ALTER DATABASE {name} OWNER TO {owner}"
    return line
