"""The databases: reachable, recent enough, created, migrated, in UTF-8, with connections for every
process; and the programs that back them up."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

import psycopg

from sunshine.core import clock
from sunshine.core.settings import Settings
from sunshine.core.variables import DATABASES
from sunshine.database import migrations, pg_tools, pgbouncer
from sunshine.database.cluster import PostgresError
from sunshine.database.connections import connect, explain_error
from sunshine.doctor import Check, Finding

BESIDE_POOLS = 3  # connections of a process outside the pools: two feeds and a job
SKEW_WARN, SKEW_FAIL = 2.0, 60.0  # seconds; jobs take a minute for a clock that was set back
_PROCESSES = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'sunshine feed'"
_ROOM = """
SELECT current_setting('max_connections')::int
    - current_setting('superuser_reserved_connections')::int
"""
_MISSING = """
SELECT wanted FROM unnest(%s::text[]) AS wanted
WHERE NOT EXISTS (SELECT FROM pg_available_extensions WHERE name = wanted)
"""


def database(name: str) -> Check:
    """Return the check of one of the four databases."""

    def check(settings: Settings) -> Iterator[Finding]:
        found, what = settings.databases[name], f"database {name}"
        begun = time.monotonic()
        try:
            with connect(found) as connection:
                yield from _made(name, connection, migrations.status(settings, [name])[0])
        except psycopg.OperationalError as error:
            # A database that does not respond would only be waited for a second time.
            missing = time.monotonic() - begun < 1 and _is_missing(settings, name)
            if missing:
                yield Finding(what, "FAIL", f"{found.database} is missing", "sunshine db upgrade")
            else:
                mend = f"pg_isready -h {found.host} -p {found.port}, and mind PG_{name.upper()}_*"
                yield Finding(what, "FAIL", explain_error(error), mend)

    check.__name__ = f"database {name}"
    return check


def _is_missing(settings: Settings, name: str) -> bool:
    try:
        return not migrations.status(settings, [name])[0].exists
    except migrations.MigrationError:
        return False


def _made(
    name: str, connection: psycopg.Connection, standing: migrations.Standing
) -> Iterator[Finding]:
    what = f"database {name}"
    version = connection.info.server_version // 10_000
    encoding = connection.info.parameter_status("server_encoding")
    writes = _one(connection, "SHOW transaction_read_only") == "off"
    missing = [row[0] for row in connection.execute(_MISSING, (migrations.extensions(name),))]
    if version < migrations.OLDEST_SERVER:
        mend = f"upgrade it to {migrations.OLDEST_SERVER} or newer"
        yield Finding(what, "FAIL", f"is on PostgreSQL {version}", mend)
    elif encoding != "UTF8":
        mend = f"dump it, CREATE DATABASE {standing.database} ENCODING 'UTF8', restore it"
        yield Finding(what, "FAIL", f"is in {encoding}", mend)
    elif missing:
        mend = "apt install postgresql-contrib, on the database's machine"
        yield Finding(what, "FAIL", f"lacks the extension {', '.join(missing)}", mend)
    elif not writes:
        yield Finding(what, "FAIL", *_read_only(name, connection))
    elif standing.ahead:
        found = f"is at {standing.current}, and this program knows {standing.head}"
        yield Finding(what, "FAIL", found, "run the newer version of Sunshine")
    elif standing.behind:
        found = f"is {standing.behind} migrations behind"
        yield Finding(what, "FAIL", found, f"sunshine db upgrade {name}")
    else:
        yield Finding(what, "OK", f"PostgreSQL {version}, at {standing.current}")


def _read_only(name: str, connection: psycopg.Connection) -> tuple[str, str]:
    if _one(connection, "SELECT pg_is_in_recovery()"):
        found, mend = "is a standby", "promote it, or name the primary"
    else:
        found, mend = "has default_transaction_read_only", "turn that off, or name another server"
    variable = f"PG_{name.upper()}_HOST"
    return f"read_only: the server {found}", f"{mend} in {variable}: all of them, by commas"


def poolers(settings: Settings) -> Iterator[Finding]:
    """Check that a pooler, if any, uses session pooling."""
    pooled = [database for database in settings.databases.values() if database.pooler]
    if not pooled:
        return
    wrong = [line for database in pooled if (line := pgbouncer.refusal(database))]
    for line in wrong:
        mend = "pool_mode = session in pgbouncer.ini, or PG_*_PORT without it"
        yield Finding("pooler", "FAIL", line, mend)
    if not wrong:
        yield Finding("pooler", "OK", f"pools {len(pooled)} databases by session")


def connections(settings: Settings) -> Iterator[Finding]:
    """Check that the server has enough connections for the pools of every process."""
    with reached(settings) as connection:
        if connection is None:
            return
        room = _one(connection, _ROOM)
        processes = max(1, _one(connection, _PROCESSES) // 2)
    main = settings.databases["sunshine"]
    there = [
        each.pool_max for each in settings.databases.values()
        if each.servers == main.servers
    ]  # fmt: skip
    needed = processes * (sum(there) + BESIDE_POOLS)
    found = (
        f"{processes} process{'es' * (processes > 1)} may open {needed}, the server takes {room}"
    )
    if needed > room:
        mend = f"max_connections = {needed + 20} in postgresql.conf, or smaller PG_*_MAX_POOL"
        yield Finding("connections", "WARN", found, mend)
    else:
        yield Finding("connections", "OK", found)


def clocks(settings: Settings, now: Callable[[], datetime] = clock.now) -> Iterator[Finding]:
    """Check that this machine's clock and the database's agree."""
    with reached(settings) as connection:
        if connection is None:
            return
        begun = time.monotonic()
        theirs = _one(connection, "SELECT clock_timestamp()")
        took = time.monotonic() - begun
    skew = abs((now() - theirs).total_seconds() - took / 2)
    state = "FAIL" if skew > SKEW_FAIL else "WARN" if skew > SKEW_WARN else "OK"
    mend = "" if state == "OK" else "timedatectl set-ntp true, on both machines"
    yield Finding("clocks", state, f"{skew:.1f} s apart", mend)  # type: ignore[arg-type]


def programs(settings: Settings) -> Iterator[Finding]:
    """Check that pg_dump, pg_restore and psql are available, for backups."""
    with reached(settings) as connection:
        major = connection.info.server_version // 10_000 if connection else migrations.OLDEST_SERVER
    try:
        found = pg_tools.find(settings.pg_bin_dir, major)
    except PostgresError as error:
        yield Finding("programs", "FAIL", str(error), f"apt install postgresql-client-{major}")
    else:
        yield Finding("programs", "OK", f"pg_dump {found.version} in {found.folder}")


@contextmanager
def reached(settings: Settings) -> Iterator[psycopg.Connection | None]:
    """Yield a connection; None if there is none, which the database's own check explains."""
    try:
        connection = connect(settings.databases["sunshine"])
    except psycopg.OperationalError:
        yield None
        return
    with connection:
        yield connection


def _one(connection: psycopg.Connection, query: str) -> Any:
    row = connection.execute(query).fetchone()
    return row[0] if row else None


CHECKS = (*(database(name) for name in DATABASES), poolers, connections, clocks, programs)
