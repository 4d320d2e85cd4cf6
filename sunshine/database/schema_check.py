"""Compares a database with the declarations in models/; for `sunshine db check` and CI.

Alembic's autogenerate misses changed exclusion, check and generated expressions. Here PostgreSQL
itself prints both sides: the declared tables are created in a separate schema, then rolled back.
"""

from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

import models
from sunshine.core.settings import Settings
from sunshine.database import migrations

SCRATCH = "sunshine_declared"
DESCRIPTION = text("""
WITH tables AS (
    SELECT oid, relname FROM pg_class
    WHERE relnamespace = to_regnamespace(:schema) AND relkind IN ('r', 'p')
      AND relname <> 'alembic_version'
)
SELECT 'table ' || relname FROM tables
UNION ALL
SELECT 'column ' || relname || '.' || attname || ' ' || format_type(atttypid, atttypmod)
    || CASE WHEN attnotnull THEN ' not null' ELSE '' END
    || CASE attidentity WHEN '' THEN '' ELSE ' identity ' || attidentity::text END
    || CASE attgenerated WHEN '' THEN '' ELSE ' generated ' || attgenerated::text END
    || coalesce(' = ' || pg_get_expr(adbin, adrelid), '')
    || coalesce(' -- ' || col_description(tables.oid, attnum), '')
FROM tables
JOIN pg_attribute ON attrelid = tables.oid AND attnum > 0 AND NOT attisdropped
LEFT JOIN pg_attrdef ON adrelid = attrelid AND adnum = attnum
UNION ALL
SELECT 'constraint ' || relname || '.' || conname || ' ' || pg_get_constraintdef(pg_constraint.oid)
FROM tables JOIN pg_constraint ON conrelid = tables.oid
UNION ALL
SELECT 'index ' || pg_get_indexdef(indexrelid)
FROM tables JOIN pg_index ON indrelid = tables.oid
""")


def differences(settings: Settings, name: str) -> list[str]:
    """Return a line per difference: `- ` missing in the database, `+ ` unknown to models/."""
    database = settings.databases[name]
    metadata = models.METADATA[name]
    try:
        with migrations.engine(database).connect() as connection:
            connection.exec_driver_sql(f"CREATE SCHEMA {SCRATCH}")
            connection.exec_driver_sql(f"SET LOCAL search_path = {SCRATCH}, public")
            metadata.create_all(connection, checkfirst=False)
            described = [
                {
                    line.replace(f"{SCRATCH}.", "").replace("public.", "")
                    for line in connection.scalars(DESCRIPTION, {"schema": schema})
                }
                for schema in (SCRATCH, "public")
            ]
            connection.rollback()
    except DBAPIError as error:
        raise migrations.MigrationError(
            migrations.explanation(database, error.orig or error)
        ) from error
    declared, found = described
    return [f"- {line}" for line in sorted(declared - found)] + [
        f"+ {line}" for line in sorted(found - declared)
    ]
