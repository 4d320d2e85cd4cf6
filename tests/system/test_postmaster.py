"""The embedded PostgreSQL dies under a server that serves: it is started again, nobody else is.

Everything that was acknowledged is there afterwards: these clusters run with the settings that
everybody's do.
"""

import os
import shutil
import signal
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg
import pytest

from sunshine.identity.tokens import Tokens
from tests.conftest import SECRET
from tests.processes import Process, ask

KILLS = 10
BACK_WITHIN = 10.0  # seconds


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    """A server's home, its databases made once for all: that is a thousand files."""
    made = Path(tempfile.mkdtemp(prefix="sunshine machine ")).resolve()
    made.chmod(0o755)
    Process(made).ready(120).stop()
    yield made
    shutil.rmtree(made, ignore_errors=True)


@pytest.fixture
def begin(folder: Path) -> Iterator[Callable[..., Process]]:
    """Starts servers that share the embedded PostgreSQL of one DIR; none outlives the test."""
    begun: list[Process] = []

    def start(**environment: str) -> Process:
        begun.append(Process(folder, **environment))
        return begun[-1]

    yield start
    for process in begun:
        if process.popen.poll() is None:
            process.stop()
    assert postmaster(folder) is None, "an orphan"


def cluster(home: Path) -> Path:
    """The folder of the server's PostgreSQL; everybody may enter it."""
    return home / "files/private/postgres"


def postmaster(home: Path) -> int | None:
    """The process id of one that has started."""
    file = cluster(home) / "data/postmaster.pid"
    try:
        lines = file.read_text().split("\n")
    except FileNotFoundError:
        return None
    is_ready = lines[7:] and lines[7].strip() == "ready" and lives(int(lines[0]))
    return int(lines[0]) if is_ready else None


def lives(pid: int) -> bool:
    """Whether a process runs; one that ended and waits for its parent does not."""
    state = subprocess.run(["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True)
    return state.stdout.strip()[:1] not in ("", "Z")


def admin(home: Path) -> str:
    """A token of the first admin."""
    with sql(home) as connection:
        row = connection.execute("SELECT id, token_version FROM users").fetchone()
    assert row
    return Tokens(SECRET, timedelta(days=1)).sign(
        "user", id_=row[0], username="admin", role="admin", version=row[1], now=datetime.now(UTC)
    )


def sql(home: Path) -> psycopg.Connection:
    """A connection as the server has them."""
    lines = (cluster(home) / "data/postmaster.pid").read_text().split("\n")
    return psycopg.connect(host=lines[4], port=int(lines[3]), user="sunshine", dbname="sunshine_db")


class Writers:
    """Clients that make departments over and over; what each was answered, and when."""

    def __init__(self, port: int, token: str, number: int = 4) -> None:
        self.kept: list[str] = []
        self.answers: list[tuple[float, int]] = []
        self._going = True
        write = (port, token)
        self._threads = [
            threading.Thread(target=self._run, args=(*write, f"w{n}")) for n in range(number)
        ]

    def _run(self, port: int, token: str, name: str) -> None:
        number = 0
        while self._going:
            number += 1
            wanted = f"{name}-{number}-{time.monotonic_ns()}"
            said = ask(port, "/api/departments", token=token, body={"name": wanted})
            self.answers.append((said.at + said.seconds, said.status))
            if said.status == 201:
                self.kept.append(wanted)
            else:
                time.sleep(0.05)

    def first_after(self, moment: float) -> float | None:
        """When the first write that was asked for after it was acknowledged, if any was yet."""
        return min(
            (at for at, status in self.answers if at > moment and status == 201), default=None
        )

    def __enter__(self) -> "Writers":
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._going = False
        for thread in self._threads:
            thread.join(30)


def until(holds: Callable[[], object], seconds: float = BACK_WITHIN) -> float:
    """How long it took, in seconds."""
    began = time.monotonic()
    while not holds():
        assert time.monotonic() - began < seconds
        time.sleep(0.02)
    return time.monotonic() - began


def kill(home: Path) -> tuple[int, float]:
    """kill -9 of the postmaster: its process id, and when."""
    pid = postmaster(home)
    assert pid
    os.kill(pid, signal.SIGKILL)
    return pid, time.monotonic()


def test_ten_kills_under_load_lose_nothing_and_restart_nobody(
    begin: Callable[..., Process], folder: Path
) -> None:
    server = begin().ready(90)
    pid, token = server.popen.pid, admin(folder)
    gaps = []
    with Writers(server.port, token) as writers:
        for _ in range(KILLS):
            time.sleep(0.5)
            killed, at = kill(folder)
            until(lambda: postmaster(folder) not in (None, killed))  # noqa: B023
            up = time.monotonic()
            until(lambda: writers.first_after(up))  # noqa: B023
            gaps.append((writers.first_after(up) or 0) - at)
    assert {status for _, status in writers.answers} == {201, 503}
    with sql(folder) as connection:
        rows = connection.execute("SELECT name FROM department").fetchall()
        assert connection.execute("SHOW fsync").fetchone() == ("on",)
    assert set(writers.kept) <= {row[0] for row in rows}
    assert len(writers.kept) > KILLS
    assert max(gaps) < BACK_WITHIN
    assert (server.popen.poll(), server.popen.pid) == (None, pid)
    print(f"{len(writers.kept)} writes kept; back after {[round(gap, 1) for gap in gaps]} s")
    assert ask(server.port, "/readyz").status == 200
    assert "Traceback" not in server.stderr
    assert server.stop() == 0


def test_all_of_postgresql_and_a_backend_alone_come_back(
    begin: Callable[..., Process], folder: Path
) -> None:
    """Every process at once; and one backend, after which PostgreSQL recovers by itself."""
    server = begin().ready(90)
    listed = subprocess.run(["ps", "-A", "-o", "pid=,ppid="], capture_output=True, text=True)
    pairs = [tuple(map(int, line.split())) for line in listed.stdout.splitlines()]
    main = postmaster(folder)
    children = [pid for pid, parent in pairs if parent == main]
    assert main
    for pid in (main, *children):
        with suppress(ProcessLookupError):  # some end by themselves
            os.kill(pid, signal.SIGKILL)
    until(lambda: postmaster(folder) not in (None, main))
    until(lambda: ask(server.port, "/readyz").status == 200)
    second = postmaster(folder)
    with sql(folder) as connection:
        row = connection.execute("SELECT pid FROM pg_stat_activity WHERE usename = 'sunshine'"
                                 " AND pid <> pg_backend_pid()").fetchone()  # fmt: skip
    assert row
    os.kill(row[0], signal.SIGKILL)
    time.sleep(0.3)
    until(lambda: ask(server.port, "/readyz").status == 200)
    assert postmaster(folder) == second
    assert server.popen.poll() is None


def test_servers_that_share_it_bring_it_back_once_and_the_last_one_stops_it(
    begin: Callable[..., Process], folder: Path
) -> None:
    servers = [begin().ready(90), begin().ready(30)]
    killed, _ = kill(folder)
    for server in servers:
        until(lambda: ask(server.port, "/readyz").status == 200)  # noqa: B023
    again = postmaster(folder)
    assert again not in (None, killed)
    assert servers[0].stop() == 0
    assert postmaster(folder) == again
    assert ask(servers[1].port, "/readyz").status == 200
    kill(folder)
    until(lambda: postmaster(folder) not in (None, again))
    until(lambda: ask(servers[1].port, "/readyz").status == 200)
    assert servers[1].stop() == 0


def test_it_stops_well_in_the_middle_of_a_restart(
    begin: Callable[..., Process], folder: Path
) -> None:
    server = begin().ready(90)
    kill(folder)
    time.sleep(0.4)
    began = time.monotonic()
    assert server.stop() == 0
    assert time.monotonic() - began < 10
    assert postmaster(folder) is None
    assert "Traceback" not in server.stderr


def test_one_that_cannot_start_is_tried_again_and_told_of_once(
    begin: Callable[..., Process], folder: Path
) -> None:
    server = begin().ready(90)
    hidden = cluster(folder) / "data/PG_VERSION"
    kept = hidden.with_name("hidden")
    hidden.rename(kept)
    kill(folder)
    until(
        lambda: ask(server.port, "/readyz").json.get("data", {}).get("postgres") == "cannot_start"
    )
    time.sleep(3)
    assert ask(server.port, "/readyz").status == 503
    kept.rename(hidden)
    until(lambda: ask(server.port, "/readyz").status == 200)
    assert server.stderr.count("PostgreSQL cannot be started") == 1
    assert server.stderr.count("PostgreSQL runs again") == 1
    assert "is gone" in server.stderr
    assert "Traceback" not in server.stderr


def test_a_backend_that_computes_on_does_not_hold_it_up(
    begin: Callable[..., Process], folder: Path
) -> None:
    """By itself it notices that its postmaster is dead when it has done, and keeps the memory."""
    server = begin().ready(90)
    busy = sql(folder)
    busy.autocommit = True
    thread = threading.Thread(target=_compute, args=(busy,))
    thread.start()
    time.sleep(0.5)
    killed, at = kill(folder)
    until(lambda: postmaster(folder) not in (None, killed))
    until(lambda: ask(server.port, "/readyz").status == 200)
    took = time.monotonic() - at
    thread.join(10)
    assert not thread.is_alive()
    assert took < BACK_WITHIN
    print(f"beside a busy backend: back after {took:.1f} s")


def _compute(connection: psycopg.Connection) -> None:
    with pytest.raises(psycopg.OperationalError):
        connection.execute("SELECT sum(sqrt(i)) FROM generate_series(1::bigint, 1000000000000) i")
