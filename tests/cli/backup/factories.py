"""What the tests of backups do and look at. Fixtures: conftest.py."""

import hashlib
import json
import subprocess
import sys
import time

import msgspec
import psycopg
from psycopg import sql as composing

from sunshine.database import migrations, pg_tools
from tests.cli.conftest import CLI
from tests.processes import heed_signals

FILES = {"attendance/2026/a.jpg": b"\xff\xd8 a picture", "cms/blog/\u00fc.png": b"\x89PNG" * 999}
RESTORED = "SELECT after FROM event WHERE type = 'backup_restored'"
# What a table holds, by other means than the backup's own.
HELD = "SELECT count(*), md5(coalesce(string_agg(t::text, '|' ORDER BY t::text), '')) FROM ({}) t"


def drop(postgres, prefix):
    where = f"host='{postgres.host}' port={postgres.port} dbname=postgres user=postgres"
    with psycopg.connect(where, autocommit=True) as connection:
        like = prefix.replace("_", "\\_") + "%"
        query = "SELECT datname FROM pg_database WHERE datname LIKE %s"
        for (name,) in connection.execute(query, (like,)).fetchall():
            connection.execute(
                composing.SQL("DROP DATABASE {} WITH (FORCE)").format(composing.Identifier(name))
            )


def held(settings, name):
    """Rows and content of each table, without what a restore must change."""
    found: dict = {}
    with migrations.connect(settings.databases[name]) as connection:
        connection.execute("SET timezone = 'UTC'")
        tables = connection.execute(
            "SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY 1"
        ).fetchall()
        for (table,) in tables:
            columns = "id, at, type, entity, entity_id, actor_name, after"
            rows = f"SELECT {columns} FROM event WHERE type <> 'backup_restored'"
            query = rows if table == "event" else f'SELECT * FROM "{table}"'
            found[table] = connection.execute(HELD.format(query)).fetchone()
        found["sequences"] = connection.execute(
            "SELECT sequencename, last_value FROM pg_sequences WHERE sequencename <> 'event_id_seq'"
            " ORDER BY 1"
        ).fetchall()
    return found


def stored(settings):
    root = settings.directory / "static"
    return {path.relative_to(root).as_posix(): path.read_bytes()
            for path in root.rglob("*") if path.is_file()}  # fmt: skip


def databases(postgres, names):
    """Every database that begins as these do."""
    prefix = names["sunshine"].removesuffix("sunshine")
    where = f"host='{postgres.host}' port={postgres.port} dbname=postgres user=postgres"
    with psycopg.connect(where) as connection:
        found = connection.execute("SELECT datname FROM pg_database").fetchall()
    return sorted(name.removeprefix(prefix) for (name,) in found if name.startswith(prefix))


def resealed(folder, change):
    """Change what the manifest says, as somebody would who knows how it is sealed."""
    file = folder / "manifest.json"
    body = json.loads(file.read_text())
    body.pop("sha256")
    change(body)
    body["sha256"] = hashlib.sha256(msgspec.json.encode(body)).hexdigest()
    file.write_text(json.dumps(body))


def is_one_line(done, code=1):
    return (done.returncode, done.stderr.count("\n"), done.stdout) == (code, 1, "")


BESIDE = {".lock", ".failed.json", ".verified.json"}


def shelf(tmp_path):
    """What is on the shelf, but for the lock and what became of the last tries."""
    folder = tmp_path / "shelf"
    found = folder.iterdir() if folder.exists() else ()
    return sorted(path.name for path in found if path.name not in BESIDE)


def begin(environ, tmp_path, slow, prepare=heed_signals):
    """A backup under way; `prepare` is called in its process, before the program."""
    process = subprocess.Popen(
        [sys.executable, CLI, "backup", "create", "--to", tmp_path / "shelf"],
        env=environ | {"PG_BIN_DIR": str(slow)}, start_new_session=True,
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, preexec_fn=prepare,
    )  # fmt: skip
    deadline = time.monotonic() + 20
    while not (tmp_path / "begun").exists():
        assert time.monotonic() < deadline
        assert process.poll() is None
        time.sleep(0.02)
    return process


def old_programs(folder):
    for name in pg_tools.NEEDED:
        (folder / name).write_text("#!/bin/sh\necho 'pg_dump (PostgreSQL) 9.6.1'\n")
        (folder / name).chmod(0o755)
