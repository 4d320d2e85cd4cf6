"""`sunshine backup restore` and `verify`: what was lost comes back."""

import json
import time
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import psycopg
import pytest

from sunshine.backups import restore
from sunshine.backups.content import Content, differences
from sunshine.core import clock
from sunshine.core.principals import System
from sunshine.core.variables import DATABASES
from sunshine.database import migrations
from sunshine.database.database import Databases
from sunshine.database.event_log import Cursor, is_kept, page_after
from tests.cli.backup.factories import FILES, RESTORED, databases, held, stored


@pytest.fixture
def names(new_names):
    """Nothing is there yet."""
    return new_names


def test_all_that_was_lost_comes_back(sunshine, company, backup, place):
    done = sunshine("backup", "restore", str(backup), "--keep-tokens", "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["replaced"] == {}
    assert {name: held(place, name) for name in DATABASES} == company.held
    assert stored(place) == FILES
    assert sunshine("db", "check").returncode == 0
    with migrations.connect(place.databases["sunshine"]) as connection:
        versions = connection.execute("SELECT token_version FROM users").fetchall()
        events = connection.execute(RESTORED).fetchall()
    assert versions == [(3,)]
    assert [event["tokensEnded"] for (event,) in events] == [False]


def test_files_of_a_bucket_are_named_and_stay_there(sunshine, company, place, tmp_path):
    """Though there are some here too: from before there was a bucket."""
    bucket = "s3://bucket/prefix"
    to = ("--to", str(tmp_path / "bare"), "--json")
    made = sunshine("backup", "create", *to, **company.environ, STORAGE_URL=bucket)
    assert made.returncode == 0, made.stderr
    assert f"The files are in {bucket}" in made.stderr
    folder = Path(json.loads(made.stdout)["path"])
    assert json.loads((folder / "manifest.json").read_text())["files"] == {
        "storage": bucket, "archive": None, "listing": None, "count": 0, "bytes": 0,
    }  # fmt: skip
    assert {path.name for path in folder.iterdir()} == {
        "manifest.json", *(f"{name}.dump" for name in DATABASES),
    }  # fmt: skip
    done = sunshine("backup", "restore", str(folder), "--keep-tokens", "--json", STORAGE_URL=bucket)
    assert done.returncode == 0, done.stderr
    assert f"The files are in {bucket}, and were not touched." in done.stderr
    assert json.loads(done.stdout)["filesPut"] == 0
    assert {name: held(place, name) for name in DATABASES} == company.held
    assert stored(place) == {}


def test_a_backup_without_files_is_restored_beside_any_bucket(sunshine, company, place, tmp_path):
    to, empty = ("--to", str(tmp_path / "bare"), "--json"), {"DIR": str(tmp_path / "empty")}
    made = sunshine("backup", "create", *to, **company.environ | empty)
    assert json.loads(made.stdout)["files"] == 0
    done = sunshine("backup", "restore", json.loads(made.stdout)["path"], STORAGE_URL="s3://one")
    assert done.returncode == 0, done.stderr


def test_another_bucket_than_the_backups_is_told(sunshine, company, place, tmp_path):
    to = ("--to", str(tmp_path / "bare"), "--json")
    made = sunshine("backup", "create", *to, **company.environ, STORAGE_URL="s3://one")
    done = sunshine("backup", "restore", json.loads(made.stdout)["path"], STORAGE_URL="s3://two")
    assert done.returncode == 0, done.stderr
    assert "The files were in s3://one, but the servers use s3://two" in done.stderr


def test_who_is_just_leaving_is_waited_for(sunshine, backup, postgres, place, monkeypatch):
    assert sunshine("db", "create").returncode == 0
    leaving = psycopg.connect(
        host=postgres.host, port=postgres.port, user=postgres.user,
        dbname=place.databases["cms"].database,
    )  # fmt: skip
    # It goes once it was seen.
    seen = SimpleNamespace(monotonic=time.monotonic, sleep=lambda _: leaving.close())
    monkeypatch.setattr(restore, "time", seen)
    done = sunshine("backup", "restore", str(backup))
    assert done.returncode == 0, done.stderr
    assert leaving.closed


def test_all_tokens_end_and_an_event_says_so(restored, company):
    for name, table, version in (("sunshine", "users", 3), ("fleet", "driver", 2)):
        with migrations.connect(restored.databases[name]) as connection:
            found = connection.execute(f"SELECT DISTINCT token_version FROM {table}").fetchall()
        assert found == [(version + restore.VERSIONS,)]
    for name in DATABASES:
        with migrations.connect(restored.databases[name]) as connection:
            [(event,)] = connection.execute(RESTORED).fetchall()
        assert (event["name"], event["tokensEnded"]) == (company.folder.name, True)


def test_files_that_are_there_stay_and_broken_ones_are_mended(restored):
    assert stored(restored) == FILES | {"attendance/today.jpg": b"new"}


async def test_events_go_on_and_old_cursors_are_told(restored):
    databases = Databases(restored, clock.now)
    await databases.open()
    try:
        database = databases.sunshine
        page = await page_after(database, Cursor(1, 0), ["employee_created", "backup_restored"])
        assert [event.entity_id for event in page[:3]] == [1, 2, 3]
        async with database.transaction(System("test")) as tx:
            await tx.record("said", "test", 1)
        [said] = await page_after(database, page[-1].cursor._replace(id=301), ["said"])
        assert said.type == "said"
        assert await is_kept(database, said.cursor)
        # One of the lost cluster, far ahead, and one of this cluster from before.
        for cursor in (Cursor(4_000_000_300, 300), Cursor(1, 300)):
            assert not await is_kept(database, cursor)
    finally:
        await databases.close()


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"tables": {"a": {"rows": 2, "hash": "1"}}}, "table a has 2 rows instead of 1"),
        ({"tables": {"a": {"rows": 1, "hash": "2"}}}, "table a has other content"),
        ({"tables": {}}, "table a is missing"),
        ({"tables": {"a": {"rows": 1, "hash": "1"}, "b": {}}}, "table b is not in the manifest"),
        ({"sequences": {"s": 6}}, "sequence s is at 6, before 7"),
        ({"sequences": {"s": None}}, "sequence s is at None, before 7"),
        ({"sequences": {}}, "sequence s is at None, before 7"),
        ({"revision": "0002"}, "its revision is 0002 instead of 0001"),
        ({"sequences": {"s": 8}, "cursor": "8-1"}, None),
    ],
)
def test_every_difference_has_its_line(change, told):
    tables = {"a": {"rows": 1, "hash": "1"}}
    was = Content(tables=tables, sequences={"s": 7}, revision="0001", cursor="7-1")
    assert differences(was, was) == []
    assert differences(was, replace(was, **change)) == ([told] if told else [])


@pytest.mark.usefixtures("upgraded")
def test_with_force_they_are_kept_under_another_name(
    sunshine, company, backup, postgres, names, place, sql
):
    sql("INSERT INTO department (name) VALUES ('Of today')")
    done = sunshine("backup", "restore", str(backup), "--force", "--keep-tokens", "--json")
    assert done.returncode == 0, done.stderr
    assert {name: held(place, name) for name in DATABASES} == company.held
    replaced = json.loads(done.stdout)["replaced"]
    assert list(replaced) == ["sunshine"]  # the other three were empty
    assert len(databases(postgres, names)) == 5
    with psycopg.connect(
        host=postgres.host, port=postgres.port, user=postgres.user, dbname=replaced["sunshine"]
    ) as connection:
        found = connection.execute("SELECT name FROM department").fetchall()
    assert found == [("Of today",)]
    assert f'DROP DATABASE "{replaced["sunshine"]}"' in done.stderr


@pytest.mark.usefixtures("upgraded")
def test_an_older_backup_is_brought_up_to_date(sunshine, tmp_path, sql):
    head = migrations.heads()["fleet"]
    assert sunshine("db", "downgrade", "fleet", "0001", "--yes").returncode == 0
    assert sunshine("backup", "create", "--to", str(tmp_path / "shelf")).returncode == 0
    (made,) = (tmp_path / "shelf").glob("sunshine-*")
    done = sunshine("backup", "restore", str(made), "--force")
    assert done.returncode == 0, done.stderr
    assert sql("SELECT version_num FROM alembic_version", "fleet").fetchone() == (head,)
