"""Checks of the audit trail, for `sunshine audit verify`. docs/decisions/0022-audit.md.

Two checks. That the accounts are as the audit trail records them: a role granted by SQL leaves a
row that no event explains. And, against a backup, that none of the events in it was removed or
altered since, and that none was inserted among them.
"""

import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

import psycopg
from psycopg import sql
from psycopg.rows import dict_row

from sunshine.backups import content
from sunshine.backups.manifest import BackupError, Manifest
from sunshine.core.settings import Settings
from sunshine.database import migrations, pg_tools
from sunshine.database.cluster import first_error

MOST = 1000  # findings of a kind that are reported
# A user's role, permissions and activity: as the last event with each of them has it, and as it is.
_ACCOUNTS = """
WITH said AS (
    SELECT entity_id AS id, key, (array_agg(value ORDER BY event.id DESC))[1] AS value
    FROM event, jsonb_each(after)
    WHERE entity = 'users' AND type IN ('user_created', 'user_updated')
        AND jsonb_typeof(after) = 'object'
    GROUP BY entity_id, key
), held AS (
    SELECT users.id, key, value
    FROM users, LATERAL jsonb_each(jsonb_build_object(
        'username', username, 'role', role, 'active', active, 'employeeId', employee_id,
        'permissions', ARRAY(
            SELECT permission FROM user_permissions WHERE user_id = users.id ORDER BY permission
        )
    ))
)
SELECT held.id, key, held.value::text AS found, coalesce(said.value, 'null')::text AS said
FROM held LEFT JOIN said USING (id, key)
WHERE held.value IS DISTINCT FROM coalesce(said.value, 'null')
ORDER BY held.id, key
"""
_DIFFERENT = sql.SQL("""
SELECT kept.id, event.id IS NULL AS removed, array_remove(ARRAY[{columns}], NULL) AS fields
FROM kept LEFT JOIN event USING (id)
WHERE event.id IS NULL OR ({kept}) IS DISTINCT FROM ({live})
ORDER BY kept.id LIMIT {most}
""")
# A transaction of the last hour may have been running when the backup was made: it had its event
# number and committed later. So only events before the last one from before that hour count.
_INSERTED = """
SELECT id FROM event
WHERE id < (
        SELECT max(id) FROM kept WHERE id < coalesce(
            (SELECT min(id) FROM kept WHERE at > %(made)s - interval '1 hour'), 1::bigint << 62
        )
    ) AND NOT EXISTS (SELECT FROM kept WHERE kept.id = event.id)
ORDER BY id LIMIT %(most)s
"""


def accounts(settings: Settings) -> list[dict[str, Any]]:
    """Return the accounts that differ from their events: id, field, actual and recorded value."""
    with migrations.connect(settings.databases["sunshine"]) as connection:
        cursor = connection.cursor(row_factory=dict_row)
        return [
            {
                "database": "sunshine", "what": "account", "id": row["id"],
                "detail": f"{row['key']} is {row['found']}, the trail says {row['said']}",
            }
            for row in cursor.execute(_ACCOUNTS)
        ]  # fmt: skip


def against(
    settings: Settings, folder: Path, found: Manifest, name: str
) -> tuple[int, list[dict[str, Any]]]:
    """Return the number of a database's events in the backup, and which of them differ."""
    part = found.databases[name]
    programs = pg_tools.find(settings.pg_bin_dir, int(part.programs.partition(".")[0]))
    with migrations.connect(settings.databases[name]) as connection, connection.transaction():
        content.session(connection)
        connection.execute("CREATE TEMP TABLE kept (LIKE event) ON COMMIT DROP")
        with _script(programs, folder / part.part.name) as script:
            columns = _load(connection, script)
        connection.execute("CREATE UNIQUE INDEX ON kept (id); ANALYZE kept")
        count = connection.execute("SELECT count(*) FROM kept").fetchone()
        listed = [*_different(connection, columns), *_inserted(connection, found)]
    return count[0] if count else 0, [{"database": name, **line} for line in listed]


@contextmanager
def _script(programs: pg_tools.Programs, archive: Path) -> Iterator[IO[bytes]]:
    """Yield the events of an archive, as pg_restore prints them: a COPY."""
    command = [
        programs.path("pg_restore"),
        "--data-only",
        "--table=event",
        "--file=-",
        str(archive),
    ]
    with (
        tempfile.TemporaryFile() as complaints,
        subprocess.Popen(  # noqa: S603 - PostgreSQL's own program
            command, stdout=subprocess.PIPE, stderr=complaints, start_new_session=True
        ) as process,
    ):
        assert process.stdout  # noqa: S101 - for mypy
        try:
            yield process.stdout
        except BaseException:
            pg_tools.end(process)
            raise
        if process.wait():
            complaints.seek(0)
            line = first_error(complaints.read().decode(errors="replace"))
            raise BackupError(f"{archive}: {line}")


def _load(connection: psycopg.Connection, script: IO[bytes]) -> list[str]:
    """Copy the script's lines unchanged into the table `kept`; return their columns."""
    columns: list[str] = []
    for line in script:
        if line.startswith(b"COPY public.event ("):
            named = line[line.index(b"(") + 1 : line.index(b")")].decode()
            columns = [name.strip().strip('"') for name in named.split(",")]
            into = sql.SQL("COPY kept ({}) FROM STDIN").format(_columns(columns))
            with connection.cursor().copy(into) as copy:
                for row in iter(script.readline, b"\\.\n"):
                    copy.write(row)
    return columns


def _different(connection: psycopg.Connection, columns: list[str]) -> Iterator[dict[str, Any]]:
    # A restore assigns new transaction ids.
    compared = [name for name in columns if name not in ("id", "xid")]
    if not compared:  # the backup is older than the table
        return
    one = sql.SQL("CASE WHEN kept.{0} IS DISTINCT FROM event.{0} THEN {1} END")
    query = _DIFFERENT.format(
        columns=sql.SQL(", ").join(
            one.format(sql.Identifier(name), sql.Literal(name)) for name in compared
        ),
        kept=_columns(compared, "kept"),
        live=_columns(compared, "event"),
        most=sql.Literal(MOST),
    )
    for number, removed, fields in connection.execute(query):
        what = "removed" if removed else "altered"
        yield {"what": what, "id": number, "detail": "" if removed else ", ".join(fields)}


def _inserted(connection: psycopg.Connection, found: Manifest) -> Iterator[dict[str, Any]]:
    for (number,) in connection.execute(_INSERTED, {"made": found.created, "most": MOST}):
        yield {"what": "inserted", "id": number, "detail": ""}


def _columns(names: list[str], table: str = "") -> sql.Composed:
    path = [table] if table else []
    return sql.SQL(", ").join(sql.Identifier(*path, name) for name in names)
