"""Migrations on tables that are full: 20,000 rows in each, every step down and up again."""

import re
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import Column, Table
from sqlalchemy.dialects import postgresql

import models
from sunshine.core.environment import load
from sunshine.core.settings import Settings
from sunshine.core.variables import DATABASES
from sunshine.database import embedded, migrations
from tests.kernel.test_migrations import dumped
from tests.processes import reach

ROWS = 20_000
# By type; a row's number `n` is also the id of the row that a foreign key names.
VALUES = {
    "INTEGER": "n", "BIGINT": "n", "SMALLINT": "1", "TEXT": "'t' || n", "BOOLEAN": "false",
    "DATE": "date '2024-01-01' + (n % 300)::int", "NUMERIC": "1", "DOUBLE PRECISION": "1",
    "FLOAT": "1", "JSONB": "'{}'", "TIMESTAMP WITH TIME ZONE": "now()",
    "TIME WITHOUT TIME ZONE": "time '08:00'",
    "TSTZRANGE": "tstzrange(now(), now() + interval '1 hour')",
}  # fmt: skip
# Where a check wants something of its own, be it in what may be empty.
OWN = {
    "voucher.code": "'T' || n",
    "meeting_room_booking.ends_at": "now() + interval '1 hour'",
    "attendance.status": "'absent'",
    "partner_document.fields": "'{}'",
}
FILLED = 0.9  # of the tables, at least: a new one may want what nobody has said here yet
ALLOWED = re.compile(r"\((\w+) = ANY \(ARRAY\['([^']*)'")


@pytest.fixture(scope="module")
def server() -> Iterator[embedded.Server]:
    with tempfile.TemporaryDirectory(prefix="sunshine migrations ") as folder:
        Path(folder).chmod(0o711)
        fast = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
        with embedded.running(Path(folder).resolve() / "postgres", options=fast) as running:
            yield running


@pytest.fixture(scope="module")
def settings(server: embedded.Server) -> Settings:
    made = load(reach(server), home=Path("/nonexistent"))
    migrations.create(made)
    migrations.upgrade(made)
    return made


def fill(connection: psycopg.Connection, table: Table) -> bool:
    """So many rows, with nothing in what may be empty, and each row's parents its namesakes; False
    where a check does not let them in."""
    allowed = {
        found[1]: found[2]
        for (text,) in connection.execute(
            "SELECT pg_get_constraintdef(oid) FROM pg_constraint"
            " WHERE contype = 'c' AND conrelid = %s::regclass",
            (f'public."{table.name}"',),
        )
        for found in ALLOWED.finditer(text)
    }
    names, values = [], []
    for column in table.columns:
        may_be_empty = column.nullable and f"{table.name}.{column.name}" not in OWN
        if may_be_empty or column.identity or column.computed or column.server_default:
            continue
        names.append(f'"{column.name}"')
        values.append(value(column, allowed))
    columns = f"({', '.join(names)})" if names else ""
    try:
        connection.execute(
            f'INSERT INTO "{table.name}" {columns}'
            f" SELECT {', '.join(values)} FROM generate_series(1, {ROWS}) n"
        )
    except psycopg.errors.IntegrityError:
        return False
    return True


def value(column: Column, allowed: dict[str, str]) -> str:
    if own := OWN.get(f"{column.table.name}.{column.name}"):
        return own
    if column.name in allowed:
        return f"'{allowed[column.name]}'"
    kind = re.sub(r"\(.*", "", column.type.compile(dialect=postgresql.dialect())).strip()
    if column.name.startswith("end") and kind == "TIME WITHOUT TIME ZONE":
        return "time '09:00'"
    return "'{}'" if kind.endswith("[]") or "ARRAY" in kind else VALUES[kind]


@pytest.mark.parametrize("name", DATABASES)
def test_every_step_leads_down_and_up_again(
    server: embedded.Server, settings: Settings, name: str
) -> None:
    database = settings.databases[name].database
    with migrations.connect(settings.databases[name]) as connection:
        tables = models.METADATA[name].sorted_tables
        filled = [table.name for table in tables if fill(connection, table)]
        assert len(filled) >= FILLED * len(tables), {t.name for t in tables} - {*filled}
    steps = migrations.revisions(name)
    schemas = {steps[-1]: dumped(server, database)}
    for before, step in zip(reversed(["base", *steps[:-1]]), reversed(steps), strict=True):
        assert migrations.downgrade(settings, name, before)
        schemas[before] = dumped(server, database)
        assert migrations.upgrade(settings, [name], step) == [name]
        assert dumped(server, database) == schemas[step], step
        assert migrations.downgrade(settings, name, before)
    for step in steps:
        assert migrations.upgrade(settings, [name], step) == [name]
        assert dumped(server, database) == schemas[step], step
