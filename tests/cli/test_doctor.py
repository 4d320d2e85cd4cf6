"""`sunshine doctor`: each thing that can be wrong is told, with what mends it."""

import json
import os
import resource
import socket
import time
from datetime import timedelta
from types import SimpleNamespace

import psycopg
import pytest

from sunshine import clock, migrate, timetable
from sunshine.checkup import Finding, look, machine, postgres, upkeep
from sunshine.settings import load
from tests.mongo import Mongo

LONG = "9d1f6c0e47ab82353be07cd1fa48265e"


@pytest.fixture
def doctor(sunshine):
    """The findings by check, each as state, found and mend; and the exit code."""

    def run(**environment):
        done = sunshine("doctor", "--json", **{"SERVER_PORT": "0", **environment})
        told: dict = {}
        for row in json.loads(done.stdout):
            told.setdefault(row["check"], (row["state"], row["found"], row["mend"]))
        return told, done.returncode

    return run


def test_a_healthy_server_is_all_ok(doctor):
    told, code = doctor()
    assert code == 0
    assert {state for state, _, _ in told.values()} == {"OK"}
    assert list(told) == [
        "settings", "python", "secret", "env file", "folder", "disk", "port", "proxies",
        "open files", "database sunshine", "database fleet", "database cms", "database mitra",
        "connections", "clocks", "programs", "jobs", "backups",
    ]  # fmt: skip


def test_it_is_a_table_for_people(sunshine):
    done = sunshine("doctor", SERVER_PORT="0")
    assert done.stdout.splitlines()[0].split("\t") == ["check", "state", "found", "mend"]
    assert done.stderr == "All is well.\n"


def test_settings_that_no_server_starts_with(sunshine):
    done = sunshine("doctor", "--json", APP_ENV="production")
    rows = json.loads(done.stdout)
    assert done.returncode == 4
    assert [(row["check"], row["state"]) for row in rows] == [("settings", "FAIL")] * 2
    assert "JWT_SECRET" in rows[0]["found"]
    assert "config check" in rows[0]["mend"]


@pytest.mark.parametrize(
    ("environment", "check", "state", "mend"),
    [
        ({"JWT_SECRET": "short"}, "secret", "WARN", "openssl rand"),
        ({"JWT_SECRET": "a" * 40}, "secret", "WARN", "openssl rand"),
        ({"JWT_SECRET": "change_me" * 4}, "secret", "WARN", "openssl rand"),
        ({"JWT_SECRET": LONG}, "secret", "OK", ""),
        ({"TRUSTED_PROXIES": "127.0.0.1,0.0.0.0/0"}, "proxies", "FAIL", "TRUSTED_PROXIES"),
        ({"TRUSTED_PROXIES": "::/0"}, "proxies", "FAIL", "TRUSTED_PROXIES"),
        ({"TRUSTED_PROXIES": "8.8.0.0/16"}, "proxies", "WARN", "TRUSTED_PROXIES"),
        ({"TRUSTED_PROXIES": "10.0.0.0/8,::1"}, "proxies", "OK", ""),
        ({"PG_CMS_DB": "nowhere"}, "database cms", "FAIL", "sunshine db upgrade"),
        ({"PG_CMS_PORT": "1"}, "database cms", "FAIL", "pg_isready"),
        ({"PG_SUNSHINE_MAX_POOL": "1000"}, "connections", "WARN", "max_connections"),
        ({"PG_BIN_DIR": "/nowhere"}, "programs", "FAIL", "postgresql-client-18"),
        ({"BACKUP_DIR": "/nowhere"}, "backups", "WARN", "sunshine backup create"),
        ({"MONGO_MITRA": "mongodb://u:s3cret@127.0.0.1:1/x"}, "mongo", "FAIL", "MONGO_MITRA"),
        ({"RATE_LIMIT_STORAGE": "redis://:s3cret@[::1]:1"}, "redis", "FAIL", "RATE_LIMIT"),
    ],
)
def test_what_is_wrong_is_told(doctor, environment, check, state, mend):
    told, code = doctor(**environment)
    found_state, found, found_mend = told[check]
    assert (found_state, code) == (state, 4 if state == "FAIL" else 0)
    assert mend in found_mend
    assert bool(found_mend) == (state != "OK")
    assert "s3cret" not in found + found_mend


def test_what_is_optional_is_looked_at_where_it_is_set(doctor, tmp_path):
    server = Mongo(tmp_path)
    try:
        with socket.create_server(("127.0.0.1", 0)) as listening:
            where = f"redis://127.0.0.1:{listening.getsockname()[1]}"
            told, code = doctor(MONGO_MITRA=server.address, RATE_LIMIT_STORAGE=where)
    finally:
        server.kill()
    assert (told["mongo"][0], told["redis"][0], code) == ("OK", "OK", 0)


def test_databases_that_are_away_are_told_soon(process):
    def timed(port):
        began = time.monotonic()
        done = process(
            "doctor", "--json", SERVER_PORT="0", PG_SUNSHINE_HOST="127.0.0.1",
            PG_SUNSHINE_PORT=str(port), PG_SUNSHINE_PASSWORD="s3cret",
        )  # fmt: skip
        return done, time.monotonic() - began

    _, nothing = timed(1)  # refused at once: what is left is the machine's
    with socket.create_server(("127.0.0.1", 0)) as frozen:  # it never says a word
        done, took = timed(frozen.getsockname()[1])
    failed = [row["check"] for row in json.loads(done.stdout) if row["state"] == "FAIL"]
    assert (done.returncode, len(failed)) == (4, 4)
    assert "s3cret" not in done.stdout + done.stderr
    assert done.stderr == "4 failed, 0 to look at.\n"
    assert took - nothing < 8  # it is waited for once, 2 s


def test_a_database_that_is_behind_or_ahead(doctor, sunshine, sql):
    head = migrate.heads()["fleet"]
    try:
        sql("UPDATE alembic_version SET version_num = '0001'", "fleet")
        told, code = doctor()
        assert (told["database fleet"][0], code) == ("FAIL", 4)
        assert told["database fleet"][2] == "sunshine db upgrade fleet"
        sql("UPDATE alembic_version SET version_num = '9999'", "fleet")
        assert doctor()[0]["database fleet"][2] == "run the newer version of Sunshine"
    finally:
        sql(f"UPDATE alembic_version SET version_num = '{head}'", "fleet")


def test_a_database_in_another_encoding(doctor, postgres):
    where = {"host": postgres.host, "port": postgres.port, "user": postgres.user}
    name = f"latin_{os.getpid()}"
    with psycopg.connect(**where, dbname="postgres", autocommit=True) as connection:
        connection.execute(
            f"CREATE DATABASE {name} TEMPLATE template0 ENCODING 'LATIN1' LOCALE 'C'"
            " LOCALE_PROVIDER libc"
        )
        try:
            told, _ = doctor(PG_MITRA_DB=name)
        finally:
            connection.execute(f"DROP DATABASE {name}")
    assert told["database mitra"][:2] == ("FAIL", "is in LATIN1")


def test_extensions_that_the_server_lacks(doctor, monkeypatch):
    monkeypatch.setattr(migrate, "extensions", lambda name: ["btree_gist", "no_such_thing"])
    told, _ = doctor()
    assert told["database cms"][:2] == ("FAIL", "lacks the extension no_such_thing")
    assert "postgresql-contrib" in told["database cms"][2]


def test_the_extensions_are_those_of_the_migrations():
    assert migrate.extensions("sunshine")[:2] == ["btree_gist", "pg_trgm"]


def test_an_old_server(doctor, monkeypatch):
    monkeypatch.setattr(migrate, "OLDEST_SERVER", 99)
    assert doctor()[0]["database cms"][:2] == ("FAIL", "is on PostgreSQL 18")


@pytest.mark.parametrize(
    ("ahead", "state"), [(1, "OK"), (-30, "WARN"), (30, "WARN"), (61, "FAIL"), (-3600, "FAIL")]
)
def test_clocks_that_differ(environ, ahead, state):
    [found] = postgres.clocks(load(environ), lambda: clock.now() + timedelta(seconds=ahead))
    assert found.state == state
    assert bool(found.mend) == (state != "OK")


def job_run(sql, job, status, due):
    sql(
        "INSERT INTO job_run (job, by_hand, due_at, started_at, finished_at, status, error)"
        f" VALUES ('{job}', false, now() - interval '{due}', now() - interval '{due}',"
        f" now() - interval '{due}', '{status}', 'E: why')"
    )


def test_a_job_that_failed_and_one_that_nobody_ran(doctor, sql, monkeypatch):
    monkeypatch.setattr(timetable, "jobs", lambda _: timetable.JOBS[:1])
    job_run(sql, "cleanup", "done", "1 second")
    assert doctor()[0]["jobs"][0] == "OK"
    job_run(sql, "cleanup", "failed", "0 seconds")
    state, found, mend = doctor()[0]["jobs"]
    assert (state, mend) == ("WARN", "sunshine jobs run cleanup")
    assert "failed: E: why" in found
    job_run(sql, "cleanup", "done", "3 hours")
    state, found, mend = doctor()[0]["jobs"]
    assert (state, "cleanup is due since" in found) == ("WARN", True)
    assert "JOBS_ENABLED" in mend


def test_backups_that_are_missing_damaged_or_old(doctor, sunshine, tmp_path, monkeypatch):
    shelf = tmp_path / "shelf"
    assert sunshine("backup", "create", "--to", str(shelf)).returncode == 0
    state, found, _ = doctor(BACKUP_DIR=str(shelf))[0]["backups"]
    assert (state, "newest of 1" in found) == ("OK", True)
    monkeypatch.setattr(upkeep, "BACKUP_AGE", timedelta(0))
    assert doctor(BACKUP_DIR=str(shelf))[0]["backups"][0] == "WARN"
    (folder,) = shelf.glob("sunshine-*")
    (folder / "fleet.dump").unlink()
    state, found, _ = doctor(BACKUP_DIR=str(shelf))[0]["backups"]
    assert (state, found) == ("WARN", f"there is none in {shelf}")


def test_production_without_a_place_for_backups(environ):
    production = {"APP_ENV": "production", "JWT_SECRET": LONG, "CORS_ORIGINS": "https://a.example"}
    [found] = upkeep.backups(load(environ | production))
    assert (found.state, found.mend) == ("WARN", "set BACKUP_DIR")


def test_an_env_file_that_others_read(doctor, tmp_path):
    (tmp_path / ".env").write_text("LOG_LEVEL=info\n")
    (tmp_path / ".env").chmod(0o640)
    state, _, mend = doctor()[0]["env file"]
    assert (state, mend) == ("WARN", f"chmod 600 {tmp_path / '.env'}")
    (tmp_path / ".env").chmod(0o600)
    assert doctor()[0]["env file"][0] == "OK"


@pytest.mark.parametrize(("free", "state"), [(1 << 27, "FAIL"), (1 << 30, "WARN"), (1 << 40, "OK")])
def test_the_room_on_the_disk(environ, monkeypatch, free, state):
    usage = SimpleNamespace(total=1 << 41, free=free)
    monkeypatch.setattr("shutil.disk_usage", lambda _: usage)
    found = {finding.check: finding for finding in machine.folder(load(environ))}
    assert found["disk"].state == state
    assert bool(found["disk"].mend) == (state != "OK")


def test_a_folder_that_cannot_be_written(environ, monkeypatch):
    monkeypatch.setattr("os.access", lambda *_: False)  # for root may write everywhere
    [found] = machine.folder(load(environ))
    assert (found.check, found.state) == ("folder", "FAIL")
    assert "chown" in found.mend


@pytest.mark.parametrize(("hard", "state"), [(1024, "WARN"), (65536, "OK"), (-1, "OK")])
def test_the_limit_of_open_files(environ, monkeypatch, hard, state):
    monkeypatch.setattr(resource, "getrlimit", lambda _: (1024, hard))
    [found] = machine.open_files(load(environ))
    assert found.state == state


def test_a_port_that_somebody_else_has(environ):
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
        settings = load(environ | {"SERVER_PORT": str(port), "SERVER_ADDRESS": "127.0.0.1"})
        [found] = machine.port(settings)
    assert found.state == "FAIL"
    assert f":{port}" in found.mend


async def test_a_port_where_we_answer(environ, api):
    import asyncio

    settings = load(environ | {"SERVER_PORT": str(api.port), "SERVER_ADDRESS": "127.0.0.1"})
    [found] = await asyncio.to_thread(lambda: list(machine.port(settings)))
    assert (found.state, found.found) == ("OK", f"a server answers on {api.port}")


def test_a_check_that_falls_ill_hides_no_other(environ):
    def ill(_):
        raise RuntimeError("oh\nno")

    def well(_):
        yield Finding("well", "OK", "")

    assert look(load(environ), [ill, well]) == [
        Finding("ill", "FAIL", "oh"), Finding("well", "OK", "")
    ]  # fmt: skip
