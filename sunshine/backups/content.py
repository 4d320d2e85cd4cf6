"""Checksums of a database's content, which must be the same after a restore."""

from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg import sql

# The text form of values depends on these.
SESSION = """
SET application_name = 'sunshine backup';
SET statement_timeout = 0;
SET lock_timeout = '10s';
SET idle_in_transaction_session_timeout = 0;
SET timezone = 'UTC';
SET datestyle = 'ISO, YMD';
SET intervalstyle = 'postgres';
SET bytea_output = 'hex';
SET extra_float_digits = 1;
"""
# Without generated columns, which another PostgreSQL may generate differently (full text), and
# without transaction ids, which belong to a cluster.
_TABLES = """
SELECT n.nspname AS schema, c.relname AS name, array_agg(a.attname::text ORDER BY a.attnum)
FROM pg_class c
JOIN pg_namespace n ON n.oid = c.relnamespace
JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
WHERE c.relkind = 'r' AND c.relpersistence = 'p' AND n.nspname NOT LIKE 'pg\\_%'
    AND n.nspname <> 'information_schema'
    AND a.attgenerated = '' AND a.atttypid <> 'xid8'::regtype
GROUP BY 1, 2 ORDER BY 1, 2
"""
_SEQUENCES = """
SELECT schemaname, sequencename, last_value FROM pg_sequences ORDER BY 1, 2
"""
_CURSOR = "SELECT xid::text || '-' || id FROM event ORDER BY xid DESC, id DESC LIMIT 1"
_SUM = sql.SQL("""
SELECT count(*), coalesce(sum(('x' || md5(row::text))::bit(64)::bigint::numeric), 0)::text
FROM (SELECT {columns} FROM {table}) AS row
""")


@dataclass(frozen=True)
class Content:
    """The content of one database in figures.

    Each table's row count and the sum of its rows' hashes, the last value of each sequence, the
    revision of the migrations, the cursor of the last event.
    """

    tables: dict[str, dict[str, Any]]
    sequences: dict[str, int | None]
    revision: str | None
    cursor: str | None


def session(connection: psycopg.Connection) -> None:
    """Make values have the same text form everywhere, however long a query takes."""
    connection.execute(SESSION)


def sequences(connection: psycopg.Connection) -> dict[str, int | None]:
    """Return the last value of each sequence; sequences are not part of a snapshot and only
    increase."""
    found = connection.execute(_SEQUENCES)
    return {_name(schema, name): value for schema, name, value in found}


def read(connection: psycopg.Connection) -> Content:
    """Return the content as the connection sees it: of one moment, in a repeatable read
    transaction."""
    found = connection.execute(_TABLES).fetchall()
    tables = {_name(schema, name): _sum(connection, schema, name, columns)
              for schema, name, columns in found}  # fmt: skip
    return Content(
        tables=tables,
        sequences=sequences(connection),
        revision=_revision(connection, tables),
        cursor=_first(connection, _CURSOR) if "event" in tables else None,
    )


def differences(expected: Content, found: Content) -> list[str]:
    """Return a line for every difference."""
    lines = []
    for name in sorted(expected.tables.keys() | found.tables.keys()):
        was, now = expected.tables.get(name), found.tables.get(name)
        if was is None or now is None:
            lines.append(f"table {name} is {'missing' if now is None else 'not in the manifest'}")
        elif was["rows"] != now["rows"]:
            lines.append(f"table {name} has {now['rows']} rows instead of {was['rows']}")
        elif was["hash"] != now["hash"]:
            lines.append(f"table {name} has other content")
    for name, value in expected.sequences.items():
        if name not in found.sequences or (found.sequences[name] or 0) < (value or 0):
            lines.append(f"sequence {name} is at {found.sequences.get(name)}, before {value}")
    if expected.revision != found.revision:
        lines.append(f"its revision is {found.revision} instead of {expected.revision}")
    return lines


def is_empty(connection: psycopg.Connection) -> bool:
    """Return whether there is nothing to lose: no table, or none with a row."""
    for schema, name, _ in connection.execute(_TABLES).fetchall():
        if name != "alembic_version":
            row = sql.SQL("SELECT EXISTS (SELECT FROM {})").format(sql.Identifier(schema, name))
            if _first(connection, row):
                return False
    return True


def _sum(
    connection: psycopg.Connection, schema: str, name: str, columns: list[str]
) -> dict[str, Any]:
    query = _SUM.format(
        columns=sql.SQL(", ").join(map(sql.Identifier, columns)),
        table=sql.Identifier(schema, name),
    )
    rows, total = connection.execute(query).fetchone() or (0, "0")
    return {"rows": rows, "hash": total}


def _revision(connection: psycopg.Connection, tables: dict[str, Any]) -> str | None:
    if "alembic_version" not in tables:
        return None
    return str(_first(connection, "SELECT version_num FROM alembic_version"))


def _first(connection: psycopg.Connection, query: Any) -> Any:
    row = connection.execute(query).fetchone()
    return row[0] if row else None


def _name(schema: str, name: str) -> str:
    return name if schema == "public" else f"{schema}.{name}"
