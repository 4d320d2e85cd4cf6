"""`sunshine doctor`: each thing that can be wrong is told, with what mends it."""

import json
import os
import re
import resource
import socket
import threading
import time
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import SimpleNamespace

import psycopg
import pytest

from sunshine.core import clock
from sunshine.core.environment import load
from sunshine.database import migrations
from sunshine.doctor import Finding, look, machine, postgres, upkeep
from sunshine.modules import registry
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
    assert done.stderr == "4 failed, 0 warnings.\n"
    assert took - nothing < 8  # it is waited for once, 2 s


def test_a_database_that_is_behind_or_ahead(doctor, sunshine, sql):
    head = migrations.heads()["fleet"]
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
    monkeypatch.setattr(migrations, "extensions", lambda name: ["btree_gist", "no_such_thing"])
    told, _ = doctor()
    assert told["database cms"][:2] == ("FAIL", "lacks the extension no_such_thing")
    assert "postgresql-contrib" in told["database cms"][2]


def test_the_extensions_are_those_of_the_migrations():
    assert migrations.extensions("sunshine")[:2] == ["btree_gist", "pg_trgm"]


def test_an_old_server(doctor, monkeypatch):
    monkeypatch.setattr(migrations, "OLDEST_SERVER", 99)
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
    monkeypatch.setattr(registry, "jobs", lambda _: registry.JOBS[:1])
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


def test_a_backup_that_failed_or_did_not_come_back(sunshine, environ, tmp_path):
    place = tmp_path / "shelf"
    settings = load(environ | {"BACKUP_DIR": str(place)})
    assert sunshine("backup", "create", "--to", str(place)).returncode == 0
    assert [found.state for found in upkeep.backups(settings)] == ["OK"]
    (folder,) = place.glob("sunshine-*")
    (folder / "fleet.dump").write_bytes(b"")
    assert sunshine("backup", "verify", str(folder)).returncode == 4
    time.sleep(1)  # a backup is named by its second
    failed = sunshine("backup", "create", "--to", str(place), PG_CMS_DB="nowhere")
    assert failed.returncode == 1
    found = {each.found.partition(":")[0]: each.state for each in upkeep.backups(settings)}
    assert set(found.values()) == {"WARN"}
    assert any(line.startswith("failed at 20") for line in found)
    assert any("did not come back" in line for line in found)
    assert "nowhere" in list(upkeep.backups(settings))[1].found


@pytest.fixture
def store():
    """An S3 that answers as it is told to, by method: a status, and a code in XML."""
    answers: dict = {}
    asked: list = []

    class Handler(BaseHTTPRequestHandler):
        def answer(self):
            length = int(self.headers.get("Content-Length", 0))
            named = re.findall(rb"<Key>(.*?)</Key>", self.rfile.read(length))
            asked.append((self.command, self.path))
            kind = "LIST" if "list-type" in self.path else self.command
            status, code = answers.get(kind, answers.get("*", (200, "")))
            body = f"<Error><Code>{code}</Code><Message>m</Message></Error>".encode()
            if status == 200:
                body = {"GET": b"to be removed", "LIST": EMPTY, "POST": GONE}.get(kind, b"")
                body = body.replace(b"Deleted>", b"Error>") if code else body
                body = body.replace(b"NAMED", b"".join(named))
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.send_header("ETag", '"e"')
            self.send_header("Last-Modified", "Mon, 01 Jan 2024 00:00:00 GMT")
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            pass

    for method in ("GET", "PUT", "DELETE", "HEAD", "POST"):
        setattr(Handler, f"do_{method}", Handler.answer)
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    environment = {
        "STORAGE_URL": "s3://bucket/our/files", "AWS_ACCESS_KEY_ID": "key",
        "AWS_ENDPOINT_URL": f"http://127.0.0.1:{server.server_port}",
        "AWS_SECRET_ACCESS_KEY": "a-secret-of-the-bucket",
    }  # fmt: skip
    yield SimpleNamespace(answers=answers, asked=asked, environment=environment)
    server.shutdown()
    thread.join()
    server.server_close()


# Objects are removed by a POST of their names, whose answer tells of each.
GONE = (
    b'<?xml version="1.0"?><DeleteResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Deleted>'
    b"<Key>NAMED</Key><Code>AccessDenied</Code><Message>m</Message></Deleted></DeleteResult>"
)
EMPTY = (
    b'<?xml version="1.0"?><ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/">'
    b"<Name>bucket</Name><KeyCount>0</KeyCount><IsTruncated>false</IsTruncated></ListBucketResult>"
)


def test_a_bucket_that_takes_files(store, environ):
    [found] = upkeep.bucket(load(environ | store.environment))
    assert (found.state, found.found) == (
        "OK", "s3://bucket/our/files takes files and gives them back",
    )  # fmt: skip
    assert [command for command, _ in store.asked] == ["PUT", "GET", "GET", "POST"]
    assert all("our" in path for command, path in store.asked if command != "POST")


@pytest.mark.parametrize(
    ("answers", "said", "mend"),
    [
        ({"*": (404, "NoSuchBucket")}, "no such bucket", "STORAGE_URL"),
        ({"*": (403, "InvalidAccessKeyId")}, "does not know the key", "AWS_ACCESS_KEY_ID"),
        ({"*": (403, "SignatureDoesNotMatch")}, "secret is not", "AWS_SECRET_ACCESS_KEY"),
        ({"*": (400, "AuthorizationHeaderMalformed")}, "another region", "AWS_REGION"),
        ({"*": (301, "PermanentRedirect")}, "another region", "AWS_REGION"),
        ({"*": (403, "RequestTimeTooSkewed")}, "another time", "timedatectl"),
        ({"PUT": (403, "AccessDenied")}, "may not write", "s3:PutObject"),
        ({"LIST": (403, "AccessDenied")}, "may not list", "s3:ListBucket"),
        ({"GET": (403, "AccessDenied")}, "may not read", "s3:GetObject"),
        ({"POST": (403, "AccessDenied")}, "may not remove", "s3:DeleteObject"),
        ({"POST": (200, "AccessDenied")}, "may not remove", "s3:DeleteObject"),
        ({"*": (400, "InvalidBucketName")}, "InvalidBucketName", "AWS_ENDPOINT_URL"),
    ],
)
def test_a_bucket_that_does_not(store, environ, answers, said, mend):
    store.answers.update(answers)
    [found] = upkeep.bucket(load(environ | store.environment))
    assert found.state == "FAIL"
    assert said in found.found, found
    assert mend in found.mend
    assert "a-secret-of-the-bucket" not in str(found)
    assert "\n" not in found.found
    if "LIST" in answers or "GET" in answers:  # what was written is not left behind
        assert store.asked[-1][0] == "POST"


def test_a_bucket_behind_an_address_where_nobody_is(environ):
    away = {"STORAGE_URL": "s3://bucket", "AWS_ENDPOINT_URL": "http://127.0.0.1:1"}
    began = time.monotonic()
    [found] = upkeep.bucket(load(environ | away | {"AWS_ACCESS_KEY_ID": "k",
                                                   "AWS_SECRET_ACCESS_KEY": "s"}))  # fmt: skip
    assert found.state == "FAIL"
    assert time.monotonic() - began < 15


def test_a_service_account_for_push_messages(environ, tmp_path):
    file = tmp_path / "push.json"
    file.write_text(json.dumps({
        "type": "service_account", "project_id": "sunshine", "client_email": "push@example.com",
        "private_key": "-----BEGIN PRIVATE KEY-----",
    }))  # fmt: skip
    settings = load(environ | {"FIREBASE_SERVICE_ACCOUNT_PATH": str(file)})
    [found] = machine.push(settings)
    assert (found.state, found.found) == ("OK", "push@example.com of the project sunshine")
    file.unlink()
    [found] = machine.push(settings)
    assert (found.state, "No such file" in found.found) == ("FAIL", True)


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
