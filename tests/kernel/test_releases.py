"""A program runs on the schema of the next release, and on no later one:
sunshine/database/migrations.py."""

import ast
import re
import shutil
import tomllib
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import psycopg
import pytest
from structlog.testing import capture_logs
from tornado.ioloop import IOLoop

from sunshine import __version__
from sunshine.core.settings import Settings
from sunshine.core.variables import DATABASES
from sunshine.database import migrations
from sunshine.database.embedded import Server
from tests.api import Api
from tests.conftest import Clone, Now, serve
from tests.processes import Process, reach

STEP = """
from alembic import op

revision = "{number}"
down_revision = "{before}"


def upgrade():
    op.execute("ALTER TABLE users ADD shoe{number} integer")
    op.execute("CREATE TABLE shoe{number} (id integer)")


def downgrade():
    op.execute("DROP TABLE shoe{number}")
    op.execute("ALTER TABLE users DROP COLUMN shoe{number}")
"""
FORBIDDEN = {"drop_column", "drop_table", "rename_table", "drop_constraint", "alter_column"}
SQL = re.compile(r"\b(DROP (TABLE|COLUMN)|RENAME|SET NOT NULL|ALTER COLUMN \w+ (SET DATA )?TYPE)\b")

Migrate = Callable[[int], None]


@pytest.fixture(scope="module")
def made(postgres: Server, settings: Settings, clone: Clone) -> Iterator[Settings]:
    """Four databases of these tests' own, as this program makes them."""
    own = {
        name: replace(database, database=f"release_{name}")
        for name, database in settings.databases.items()
    }
    made = replace(settings, databases=own)
    clone(made)
    yield made
    with psycopg.connect(
        host=postgres.host, port=postgres.port, user="postgres", dbname="postgres", autocommit=True
    ) as connection:
        for database in own.values():
            connection.execute(f'DROP DATABASE "{database.database}" WITH (FORCE)')


@pytest.fixture
def ours(made: Settings) -> Settings:
    """The same, as this program left them."""
    with migrations.connect(made.databases["sunshine"]) as connection:
        for number in (9001, 9002):
            connection.execute(f"DROP TABLE IF EXISTS shoe{number}")
            connection.execute(f"ALTER TABLE users DROP COLUMN IF EXISTS shoe{number}")
        head = migrations.heads()["sunshine"]
        connection.execute("UPDATE alembic_version SET version_num = %s", [head])
        connection.execute("COMMENT ON TABLE alembic_version IS NULL")
    return made


@pytest.fixture
def newer(ours: Settings, tmp_path: Path) -> Migrate:
    """Does what the program so many releases later does at its start."""
    heads = migrations.heads()

    def upgrade(releases: int) -> None:
        copy = tmp_path / f"{releases} later"
        shutil.copytree(migrations.folder(), copy)
        released = [f'["{__version__}.before"]', *(f'{n} = "{r}"' for n, r in heads.items())]
        before = heads["sunshine"]
        for number in (f"900{each}" for each in range(1, releases + 1)):
            step = STEP.format(number=number, before=before)
            (copy / f"versions/sunshine/{number}_shoe.py").write_text(step)
            if number != f"900{releases}":
                now = {**heads, "sunshine": number}
                released += [f'["after.{number}"]', *(f'{n} = "{r}"' for n, r in now.items())]
            before = number
        (copy / "releases.toml").write_text("\n".join(released))
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(migrations, "folder", lambda: copy)
            migrations.upgrade(ours)

    return upgrade


@pytest.fixture
def older(ours: Settings, io_loop: IOLoop, now: Now) -> Iterator[Api]:
    """This program, running."""
    yield from serve(ours, io_loop, now)


def standing(settings: Settings) -> migrations.Standing:
    return migrations.status(settings)[0]


def test_it_starts_on_the_schema_of_the_next_release(ours: Settings, newer: Migrate) -> None:
    newer(1)
    assert (standing(ours).ahead, standing(ours).usable) == (True, True)
    with capture_logs() as logs:
        assert migrations.upgrade(ours) == []
    assert [entry["log_level"] for entry in logs] == ["warning"]
    assert "one release ahead" in logs[0]["event"]


def test_it_refuses_the_schema_of_the_one_after(ours: Settings, newer: Migrate) -> None:
    newer(2)
    assert (standing(ours).ahead, standing(ours).usable) == (True, False)
    with pytest.raises(migrations.MigrationError, match=r"is at 9002.*run the newer version"):
        migrations.upgrade(ours)


def test_one_release_at_a_time_comes_to_the_same(ours: Settings, newer: Migrate) -> None:
    newer(1)
    newer(2)
    assert not standing(ours).usable


def test_what_is_said_of_another_revision_says_nothing(ours: Settings, newer: Migrate) -> None:
    newer(1)
    with migrations.connect(ours.databases["sunshine"]) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    assert not standing(ours).usable


async def test_a_running_server_serves_on_while_the_next_one_migrates(
    older: Api, newer: Migrate
) -> None:
    assert (await older.get("/readyz")).status == 200
    newer(1)
    assert (await older.get("/readyz")).status == 200
    assert (await older.post("/api/auth/login", {"username": "x", "password": "y"})).status == 401
    newer(2)
    answer = await older.get("/readyz")
    assert (answer.status, answer.json["data"]) == (503, {"sunshine": "ahead"})


def test_a_server_starts_reads_and_writes_one_release_ahead_and_not_two(
    ours: Settings, newer: Migrate, postgres: Server, tmp_path: Path
) -> None:
    """The first admin is the write."""
    names = {f"PG_{name.upper()}_DB": ours.databases[name].database for name in DATABASES}
    newer(1)
    process = Process(tmp_path, **reach(postgres), **names)
    try:
        process.ready(60)
        assert "one release ahead" in process.stderr
        assert "The first admin was made" in process.stderr
        assert process.stop() == 0
    finally:
        process.kill()
    newer(2)
    process = Process(tmp_path, **reach(postgres), **names)
    try:
        assert process.popen.wait(60) == 1
        assert "run the newer version" in process.stderr
    finally:
        process.kill()


def test_a_way_down_leads_back_to_where_the_older_one_is_at_home(
    ours: Settings, newer: Migrate
) -> None:
    newer(1)
    with migrations.connect(ours.databases["sunshine"]) as connection:
        connection.execute("DROP TABLE shoe9001; ALTER TABLE users DROP COLUMN shoe9001")
        connection.execute("UPDATE alembic_version SET version_num = %s", [standing(ours).head])
    assert (standing(ours).ahead, standing(ours).usable) == (False, True)


def test_the_release_before_is_the_oldest_not_this_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(migrations.folder() / "versions", tmp_path / "versions")
    lines = tmp_path / "releases.toml"
    monkeypatch.setattr(migrations, "folder", lambda: tmp_path)
    lines.write_text("")
    assert migrations.oldest("sunshine") == migrations.heads()["sunshine"]
    lines.write_text(f'["0.0.1"]\nsunshine = "0002"\n["{__version__}"]\nsunshine = "0005"\n')
    assert migrations.oldest("sunshine") == "0002"


# ---- What makes it true: a release only adds ---------------------------------------------------


def takes_away(source: str) -> list[str]:
    """What in a migration's way up the release before could not bear."""
    tree = ast.parse(source)
    up = [n for n in tree.body if isinstance(n, ast.FunctionDef) and n.name == "upgrade"]
    found = []
    for node in (node for function in up for node in ast.walk(function)):
        if isinstance(node, ast.Attribute) and node.attr in FORBIDDEN:
            found.append(node.attr)
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            found += [match[0] for match in SQL.finditer(node.value.upper())]
    return found


@pytest.mark.parametrize("name", DATABASES)
def test_a_migration_since_the_last_release_only_adds(name: str) -> None:
    released = tomllib.loads((migrations.folder() / "releases.toml").read_text())
    last = list(released.values())[-1][name] if released else migrations.heads()[name]
    for file in sorted((migrations.folder() / "versions" / name).glob("[0-9]*.py")):
        if file.name[:4] > last:
            assert takes_away(file.read_text()) == [], file.name


@pytest.mark.parametrize(
    "line",
    [
        'op.drop_column("users", "email")',
        'op.execute("alter table users drop column email")',
        'op.execute("ALTER TABLE users RENAME COLUMN email TO mail")',
        'op.alter_column("users", "email", nullable=False)',
        'op.execute("ALTER TABLE users ALTER COLUMN email TYPE integer")',
    ],
)
def test_what_takes_away_is_seen(line: str) -> None:
    assert takes_away(f"def upgrade():\n    {line}\n")
    assert not takes_away(f"def upgrade():\n    pass\n\ndef downgrade():\n    {line}\n")


def test_releases_are_written_down_as_they_are() -> None:
    released = tomllib.loads((migrations.folder() / "releases.toml").read_text())
    for heads in released.values():
        assert heads.keys() == set(DATABASES)
        for name, revision in heads.items():
            assert revision in migrations.revisions(name)
    if __version__ in released:  # else its migrations are still being written
        assert released[__version__] == migrations.heads(), "raise the version first"
