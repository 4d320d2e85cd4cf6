"""sunshine/database/migrations.py and sunshine/database/schema_check.py against a real PostgreSQL
(the fixture `postgres`)."""

import re
import subprocess
import sys
import textwrap
from dataclasses import replace
from pathlib import Path

import psycopg
import pytest
from structlog.testing import capture_logs

import models
from sunshine.core.environment import load
from sunshine.core.variables import DATABASES
from sunshine.database import migrations, schema_check

ROOT = Path(__file__).parents[2]
# What the declared tables stand on.
NEEDED = {
    "sunshine": "CREATE EXTENSION btree_gist; CREATE EXTENSION pg_trgm",
    "cms": """
        CREATE EXTENSION unaccent;
        CREATE TEXT SEARCH CONFIGURATION words (COPY = pg_catalog.simple);
        ALTER TEXT SEARCH CONFIGURATION words
            ALTER MAPPING FOR word, hword, hword_part, numword, numhword WITH unaccent, simple
    """,
}
SECOND = """
from alembic import op
{more}
revision = "9000"
down_revision = "{head}"

def upgrade():
{up}

def downgrade():
    op.execute("ALTER TABLE users DROP COLUMN shoe")
"""


@pytest.fixture
def settings(postgres, tmp_path, request):
    """Settings of four databases of this test's own, which do not exist yet."""
    prefix = re.sub(r"\W+", "_", request.node.name)[:40]
    names = {f"PG_{name.upper()}_DB": f"{prefix}_{name}" for name in DATABASES}
    server = {"PG_SUNSHINE_HOST": postgres.host, "PG_SUNSHINE_PORT": str(postgres.port)}
    made = load({**names, **server, "PG_SUNSHINE_USER": postgres.user}, home=tmp_path)
    yield made
    with superuser(postgres) as connection:
        for database in made.databases.values():
            connection.execute(f'DROP DATABASE IF EXISTS "{database.database}" WITH (FORCE)')


@pytest.fixture
def migrated(settings, clone):
    """The same settings, their databases made and up to date."""
    clone(settings)
    return settings


@pytest.fixture
def second(tmp_path, monkeypatch):
    """Adds one more migration to sunshine's history, in a copy of the folder."""

    def add(up, more=""):
        copy = tmp_path / "migrations of tomorrow"
        subprocess.run(["cp", "-r", migrations.folder(), copy], check=True)
        history = sorted((copy / "versions" / "sunshine").glob("[0-9]*.py"))
        head = history[-1].name.partition("_")[0]
        body = SECOND.format(head=head, up=textwrap.indent(textwrap.dedent(up), "    "), more=more)
        (copy / "versions" / "sunshine" / "9000_shoe.py").write_text(body)
        monkeypatch.setattr(migrations, "folder", lambda: copy)
        return copy

    return add


def superuser(postgres):
    return psycopg.connect(
        host=postgres.host, port=postgres.port, user="postgres", dbname="postgres", autocommit=True
    )


def dumped(postgres, database):
    """The schema as pg_dump prints it; columns sorted, since an added one comes last."""
    where = ["-h", postgres.host, "-p", str(postgres.port), "-U", postgres.user]
    command = [postgres.binaries / "pg_dump", *where, "-s", "-T", "alembic_version", database]
    dump = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    dump = re.sub(r"^(\\(un)?restrict|--).*\n", "", dump, flags=re.MULTILINE)
    return re.sub(
        r"(CREATE TABLE [^\n]* \(\n)(.*?)(\n\);)",
        lambda found: found[1] + "\n".join(sorted(found[2].replace(",\n", "\n").split("\n"))),
        dump,
        flags=re.DOTALL,
    )


def in_process(settings, folder, code):
    """Starts Python with `settings` and `migrate` as here; its stderr and stdout are piped."""
    databases = {
        name: (d.host, d.port, d.user, d.database) for name, d in settings.databases.items()
    }
    program = f"""
import sys
sys.path.insert(0, {str(ROOT)!r})
from pathlib import Path
from sunshine.database import migrations as migrate
from sunshine.core.environment import load
environ = {{}}
for name, values in {databases!r}.items():
    for key, value in zip(("HOST", "PORT", "USER", "DB"), values):
        environ[f"PG_{{name.upper()}}_{{key}}"] = str(value)
settings = load(environ, home=Path("/nonexistent"))
migrate.folder = lambda: Path({str(folder)!r})
{code}
"""
    pipe = subprocess.PIPE
    return subprocess.Popen([sys.executable, "-c", program], stdout=pipe, stderr=pipe, text=True)


@pytest.mark.parametrize("name", DATABASES)
def test_a_migrated_database_equals_the_declared_one(postgres, migrated, name):
    database = migrated.databases[name]
    with superuser(postgres) as connection:
        declared = f"{database.database}_declared"
        connection.execute(f'DROP DATABASE IF EXISTS "{declared}"')
        connection.execute(f'CREATE DATABASE "{declared}" OWNER {postgres.user}')
    with migrations.engine(replace(database, database=declared)).begin() as connection:
        connection.exec_driver_sql(NEEDED.get(name, ""))
        models.METADATA[name].create_all(connection)
    assert dumped(postgres, declared) == dumped(postgres, database.database)
    with superuser(postgres) as connection:
        connection.execute(f'DROP DATABASE "{declared}"')


@pytest.mark.parametrize("name", DATABASES)
def test_the_way_down_leaves_nothing_and_the_way_up_leads_back(postgres, migrated, name):
    database = migrated.databases[name]
    before = dumped(postgres, database.database)
    assert migrations.downgrade(migrated, name, "base")
    with migrations.connect(database) as connection:
        left = connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
        assert left.fetchall() == [("alembic_version",)]
    assert migrations.upgrade(migrated) == [name]
    assert dumped(postgres, database.database) == before


@pytest.mark.parametrize("name", DATABASES)
def test_file_names_tell_the_head_that_alembic_finds(name):
    from alembic.script import ScriptDirectory

    where = migrations.folder()
    scripts = ScriptDirectory(where, version_locations=[where / "versions" / name])
    assert migrations.heads()[name] == scripts.get_current_head()
    assert migrations.revisions(name) == [s.revision for s in scripts.walk_revisions()][::-1]


def test_status_tells_missing_empty_and_current_databases(settings):
    assert [(s.exists, s.current, s.behind) for s in migrations.status(settings)] == [
        (False, None, len(migrations.revisions(name))) for name in DATABASES
    ]
    migrations.create(settings)
    assert {(s.exists, s.current) for s in migrations.status(settings)} == {(True, None)}
    migrations.upgrade(settings)
    assert [(s.current, s.behind) for s in migrations.status(settings)] == [
        (migrations.heads()[name], 0) for name in DATABASES
    ]


def test_status_tells_how_far_a_database_is_behind(migrated, second):
    second('op.execute("ALTER TABLE users ADD shoe integer")')
    assert [s.behind for s in migrations.status(migrated)] == [1, 0, 0, 0]
    assert migrations.upgrade(migrated) == ["sunshine"]


def test_a_database_of_a_newer_program_is_left_alone(migrated):
    with migrations.connect(migrated.databases["cms"]) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    assert [s.ahead for s in migrations.status(migrated)] == [False, False, True, False]
    with pytest.raises(migrations.MigrationError, match=r"is at 9999.*run the newer version"):
        migrations.upgrade(migrated)


def test_nothing_to_do_does_not_even_import_alembic(migrated):
    code = "print(migrate.create(settings), migrate.upgrade(settings), 'alembic' in sys.modules)"
    process = in_process(migrated, migrations.folder(), code)
    assert process.communicate(timeout=30)[0] == "[] [] False\n"


def test_three_starts_at_once_all_finish(postgres, settings, second):
    up = """
        op.execute("ALTER TABLE users ADD shoe integer")
        with op.get_context().autocommit_block():
            op.execute("CREATE INDEX CONCURRENTLY users_shoe_idx ON users (shoe)")
    """
    folder = second(up)
    code = "migrate.create(settings); print(migrate.upgrade(settings))"
    processes = [in_process(settings, folder, code) for _ in range(3)]
    said = [process.communicate(timeout=60) for process in processes]
    assert [process.returncode for process in processes] == [0, 0, 0], said
    assert [s.current for s in migrations.status(settings)] == list(migrations.heads().values())
    assert "CREATE INDEX users_shoe_idx" in dumped(
        postgres, settings.databases["sunshine"].database
    )


def test_a_process_killed_halfway_leaves_the_old_schema(postgres, migrated, second):
    database = migrated.databases["sunshine"].database
    before = dumped(postgres, database)
    up = """
        op.execute("ALTER TABLE users ADD shoe integer")
        if not Path(__file__).with_suffix(".spare").exists():
            os.kill(os.getpid(), signal.SIGKILL)
    """
    folder = second(up, more="import os, signal\nfrom pathlib import Path")
    process = in_process(migrated, folder, "migrate.upgrade(settings)")
    process.communicate(timeout=30)
    assert process.returncode == -9
    assert dumped(postgres, database) == before
    assert migrations.status(migrated)[0].behind == 1
    (folder / "versions" / "sunshine" / "9000_shoe.spare").touch()
    assert migrations.upgrade(migrated) == ["sunshine"]
    assert dumped(postgres, database) != before


def test_a_busy_table_is_not_waited_for_without_end(migrated, second, monkeypatch):
    second('op.execute("ALTER TABLE users ADD shoe integer")')
    assert "lock_timeout = '5s'" in migrations.SESSION
    monkeypatch.setattr(migrations, "SESSION", "SET lock_timeout = '200ms'")
    with migrations.connect(migrated.databases["sunshine"]) as other, other.transaction():
        other.execute("LOCK TABLE users IN ACCESS SHARE MODE")
        with pytest.raises(migrations.MigrationError, match=r"lock timeout; .*try again"):
            migrations.upgrade(migrated)
    assert migrations.upgrade(migrated) == ["sunshine"]


def test_a_long_migration_elsewhere_is_told_of_and_then_given_up(migrated, second, monkeypatch):
    second('op.execute("ALTER TABLE users ADD shoe integer")')
    monkeypatch.setattr(migrations, "LOCK_TELL", 0.1)
    monkeypatch.setattr(migrations, "LOCK_GIVE_UP", 0.5)
    with migrations.connect(migrated.databases["sunshine"]) as other, capture_logs() as logs:
        other.execute("SELECT pg_advisory_lock(%s)", (migrations.LOCK,))
        with pytest.raises(migrations.MigrationError, match="another process has been migrating"):
            migrations.upgrade(migrated)
    waiting = [entry for entry in logs if "waiting" in entry["event"]]
    assert [entry["log_level"] for entry in waiting] == ["warning"]


def test_a_role_that_may_not_create_is_told_what_to_run(postgres, settings):
    with superuser(postgres) as connection:
        connection.execute(f"ALTER ROLE {postgres.user} NOCREATEDB")
        try:
            with pytest.raises(migrations.MigrationError, match=r"CREATE DATABASE .* OWNER"):
                migrations.create(settings)
        finally:
            connection.execute(f"ALTER ROLE {postgres.user} CREATEDB")


def test_a_database_of_another_owner_is_told_what_to_run(postgres, settings):
    """GRANT ALL ON DATABASE, as the original's guide has it, opens no schema any more."""
    with superuser(postgres) as connection:
        for database in settings.databases.values():
            connection.execute(f'CREATE DATABASE "{database.database}"')
            connection.execute(f'GRANT ALL ON DATABASE "{database.database}" TO {postgres.user}')
    assert migrations.create(settings) == []
    with pytest.raises(migrations.MigrationError, match=r"ALTER DATABASE .* OWNER TO"):
        migrations.upgrade(settings)


def test_an_unreachable_server_is_one_line_without_the_password(tmp_path):
    settings = load({"PG_SUNSHINE_PORT": "1", "PG_SUNSHINE_PASSWORD": "s3cret-word"}, home=tmp_path)
    for step in (migrations.create, migrations.status, migrations.upgrade):
        with pytest.raises(migrations.MigrationError) as caught:
            step(settings)
        line = str(caught.value)
        assert "sunshine_db at localhost port 1 as sunshine" in line
        assert "refused" in line
        assert "\n" not in line
        assert "s3cret" not in line


def test_a_fresh_database_has_no_drift(migrated):
    assert [line for name in DATABASES for line in schema_check.differences(migrated, name)] == []


@pytest.mark.parametrize(
    ("change", "lines"),
    [
        ("ALTER TABLE users ADD shoe integer", ["+ column users.shoe integer"]),
        (
            "ALTER TABLE users ALTER role SET DEFAULT 'hr'",
            ["- column users.role text not null", "+ column users.role text not null = 'hr'::text"],
        ),
        (
            "DROP INDEX event_cursor_idx",
            ["- index CREATE INDEX event_cursor_idx ON event USING btree (xid, id)"],
        ),
        (
            "ALTER TABLE location DROP CONSTRAINT location_radius_meters_check",
            ["- constraint location.location_radius_meters_check CHECK ((radius_meters > 0))"],
        ),
    ],
)
def test_drift_is_named(migrated, change, lines):
    with migrations.connect(migrated.databases["sunshine"]) as connection:
        connection.execute(change)
    assert schema_check.differences(migrated, "sunshine") == lines


def test_a_changed_exclusion_constraint_is_drift(migrated):
    with migrations.connect(migrated.databases["sunshine"]) as connection:
        connection.execute("ALTER TABLE placement DROP CONSTRAINT placement_overlap")
        connection.execute(
            "ALTER TABLE placement ADD CONSTRAINT placement_overlap EXCLUDE USING gist"
            " (employee_id WITH =, daterange(valid_from, valid_to) WITH &&)"
        )
    found = schema_check.differences(migrated, "sunshine")
    assert len([line for line in found if "constraint placement.placement_overlap" in line]) == 2
