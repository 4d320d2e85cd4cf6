"""What the server does when what it relies on stops, freezes or is killed, and when it is itself.

Everything here has a PostgreSQL and server processes of its own.
"""

import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path

import bcrypt
import jwt
import psycopg
import pytest

from sunshine.database import embedded
from tests.conftest import SECRET
from tests.processes import Process, Said, ask, reach

PASSWORD = "sunny-side-up-1"
FAST = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
FIRST_ADMIN = re.compile(r"^ +password +\S", re.MULTILINE)
DEADLINE = 2.0  # REQUEST_DEADLINE_MS of these servers, in seconds


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    """One that every user can enter."""
    made = Path(tempfile.mkdtemp(prefix="sunshine outage ")).resolve()
    made.chmod(0o755)
    yield made
    shutil.rmtree(made)


@pytest.fixture(scope="module")
def cluster(folder: Path) -> Iterator[embedded.Server]:
    """A PostgreSQL that nobody minds stopping."""
    with embedded.running(folder / "postgres", options=FAST) as server:
        yield server


@pytest.fixture
def start(cluster: embedded.Server, folder: Path) -> Iterator[Callable[..., Process]]:
    """Starts servers; what still runs is killed at the end."""
    begun: list[Process] = []

    def begin(**environment: str) -> Process:
        deadline = {"REQUEST_DEADLINE_MS": str(int(DEADLINE * 1000))}
        begun.append(Process(folder, **reach(cluster) | deadline | environment))
        return begun[-1]

    yield begin
    for process in begun:
        process.kill()


@pytest.fixture(scope="module")
def _running() -> Iterator[list[Process]]:
    begun: list[Process] = []
    yield begun
    for process in begun:
        process.kill()


@pytest.fixture
def running(_running: list[Process], cluster: embedded.Server, folder: Path) -> Process:
    """A server that serves; the same for all, until it has ended."""
    if not _running or _running[-1].popen.poll() is not None:
        deadline = {"REQUEST_DEADLINE_MS": str(int(DEADLINE * 1000))}
        _running.append(Process(folder, **reach(cluster) | deadline).ready())
    return _running[-1]


def pg_ctl(cluster: embedded.Server, *words: str) -> None:
    """Stop or start PostgreSQL under its own launcher's feet."""
    done = cluster._place.run(cluster.binaries / "pg_ctl", *words, "-D", "data", "-w", "-l", "log")
    assert done.returncode == 0, done.stdout + done.stderr


def admin(cluster: embedded.Server, cost: int = 4) -> str:
    """The first admin with PASSWORD at this cost, and a token of it that no server has seen."""
    hashed = bcrypt.hashpw(PASSWORD.encode(), bcrypt.gensalt(cost)).decode()
    with psycopg.connect(
        host=cluster.host, port=cluster.port, user=cluster.user, dbname="sunshine_db"
    ) as connection:
        row = connection.execute(
            "UPDATE users SET password_hash = %s WHERE username = 'admin'"
            " RETURNING id, token_version", [hashed],
        ).fetchone()  # fmt: skip
    assert row
    now = int(time.time())
    claims = {
        "id": row[0], "username": "admin", "role": "admin", "iat": now, "exp": now + 3600,
        "jti": os.urandom(8).hex(), "typ": "user", "aud": "sunshine", "ver": row[1],
    }  # fmt: skip
    return jwt.encode(claims, SECRET, algorithm="HS256")


class Load:
    """Clients that ask one path over and over, each on its own thread; all answers are kept."""

    def __init__(self, port: int, path: str, token: str | None = None, clients: int = 1) -> None:
        self.answers: list[Said] = []
        self._going = True
        self._ask = lambda: ask(port, path, token=token)
        self._threads = [threading.Thread(target=self._run) for _ in range(clients)]

    def _run(self) -> None:
        while self._going:
            self.answers.append(self._ask())
            time.sleep(0.01)

    def __enter__(self) -> "Load":
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._going = False
        for thread in self._threads:
            thread.join(30)


def refused_well(said: Said) -> None:
    """503 in the one error shape."""
    assert said.status == 503, said
    assert set(said.json) == {"success", "message", "errors", "code"}
    assert said.json["success"] is False
    assert said.retry_after


def text_of(port: int, path: str) -> str:
    """An answer that is not JSON."""
    with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=10) as answer:
        return str(answer.read(), "utf-8")


def until_it_answers(port: int, path: str, token: str, seconds: float) -> float:
    """How long it took to the first success."""
    began = time.monotonic()
    while ask(port, path, token=token).status != 200:
        assert time.monotonic() - began < seconds
        time.sleep(0.02)
    return time.monotonic() - began


def test_an_outage_of_ten_seconds_is_survived(cluster: embedded.Server, running: Process) -> None:
    token, port, pid = admin(cluster), running.port, running.popen.pid
    with (
        Load(port, "/") as home,
        Load(port, "/healthz") as health,
        Load(port, "/api/employees", token, clients=8) as api,
        # Who asks would be remembered, were the feed there that says when to forget.
        Load(port, "/api/auth/account", token) as known,
    ):
        time.sleep(0.5)
        stopping = time.monotonic()
        try:
            pg_ctl(cluster, "stop", "-m", "fast")
            stopped = time.monotonic()
            time.sleep(10)
            ready = ask(port, "/readyz")
        finally:
            starting = time.monotonic()
            pg_ctl(cluster, "start")
        back = time.monotonic()
        time.sleep(3)
    assert {said.status for said in home.answers + health.answers} == {200}
    assert max(said.seconds for said in home.answers) < 1
    assert len(home.answers) > 100
    before = [said for said in api.answers if said.at + said.seconds < stopping]
    after = [said for said in api.answers if said.at > stopped]
    during = [said for said in after if said.at + said.seconds < starting]
    later = [said for said in api.answers + known.answers if said.at > back + 2]
    assert {said.status for said in before} == {200}
    assert during
    for said in [s for s in api.answers + known.answers if s.status != 200]:
        refused_well(said)
    for said in during:
        refused_well(said)
    slowest = max(said.seconds for said in api.answers + known.answers)
    assert slowest < 3
    first = min(s.at + s.seconds for s in api.answers if s.status == 200 and s.at > stopped)
    assert first < back + 2
    assert {said.status for said in later} == {200}
    assert (ready.status, ready.json["success"]) == (503, False)
    assert ask(port, "/readyz").status == 200
    assert running.popen.poll() is None
    assert running.popen.pid == pid
    print(f"outage: slowest answer {slowest:.2f} s, first success {first - back:+.2f} s after")


def test_the_first_request_after_a_fast_restart_succeeds(
    cluster: embedded.Server, running: Process
) -> None:
    token = admin(cluster)
    with ThreadPoolExecutor(8) as pool:
        for _ in range(4):
            list(pool.map(lambda _: ask(running.port, "/api/employees", token=token), range(8)))
    pg_ctl(cluster, "restart", "-m", "fast")
    said = ask(running.port, "/api/employees", token=token)
    assert said.status == 200, said
    assert said.seconds < 2


def processes_of(cluster: embedded.Server) -> list[int]:
    """The postmaster and its children."""
    postmaster = int((cluster.directory / "data/postmaster.pid").read_text().split()[0])
    listed = subprocess.run(
        ["ps", "-A", "-o", "pid=,ppid="], capture_output=True, text=True, check=True
    )
    pairs = [[int(word) for word in line.split()] for line in listed.stdout.splitlines()]
    return [postmaster, *(pid for pid, parent in pairs if parent == postmaster)]


@contextmanager
def frozen(cluster: embedded.Server) -> Iterator[None]:
    """PostgreSQL stands still for the length of a block; of its processes some may have ended."""
    pids = processes_of(cluster)
    try:
        for pid in pids:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGSTOP)
        yield
    finally:
        for pid in reversed(pids):
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGCONT)


def test_a_frozen_database_is_answered_for_within_the_deadline(
    cluster: embedded.Server, running: Process
) -> None:
    token = admin(cluster)
    assert ask(running.port, "/api/employees", token=token).status == 200
    with frozen(cluster), Load(running.port, "/") as home:
        body = {"username": "admin", "password": PASSWORD}
        with ThreadPoolExecutor(30) as pool:
            login = pool.submit(ask, running.port, "/api/auth/login", body=body)
            list_ = lambda _: ask(running.port, "/api/employees", token=token)  # noqa: E731
            answers = [*pool.map(list_, range(28)), login.result()]
        answers.append(ask(running.port, "/api/employees", token=token))
    for said in answers:
        refused_well(said)
        assert said.seconds < DEADLINE + 0.5
    assert {said.status for said in home.answers} == {200}
    assert max(said.seconds for said in home.answers) < 1
    thawed = until_it_answers(running.port, "/api/employees", token, 5)
    assert thawed < 2
    print(f"frozen: slowest {max(s.seconds for s in answers):.2f} s, back after {thawed:.2f} s")
    assert running.stop() == 0
    assert "Traceback" not in running.stderr
    assert "exception" not in running.stderr.lower()


def test_whether_it_is_ready_is_told_within_a_second_while_the_database_is_frozen(
    cluster: embedded.Server, running: Process
) -> None:
    """However often that is asked: nothing piles up behind it."""
    connections = r'sunshine_pool_connections\{database="sunshine",state="used"\} (\d+)'
    assert ask(running.port, "/readyz").status == 200
    answers: list[Said] = []
    with frozen(cluster):
        with ThreadPoolExecutor(5) as pool:
            for _ in range(5):
                answers += pool.map(lambda _: ask(running.port, "/readyz"), range(10))
        [used] = re.findall(connections, text_of(running.port, "/metrics"))
        alive = ask(running.port, "/healthz")
    told = {(said.status, said.json["code"]) for said in answers}
    assert told == {(503, "not_ready")}, running.stderr
    assert {tuple(said.json["data"].values()) for said in answers} == {("unreachable",) * 4}
    assert max(said.seconds for said in answers) < 1
    assert float(used) <= 2
    assert (alive.status, alive.seconds < 0.5) == (200, True)
    began = time.monotonic()
    while ask(running.port, "/readyz").status != 200:
        assert time.monotonic() - began < 2
    print(f"frozen: /readyz in {max(said.seconds for said in answers):.2f} s at most")


def test_requests_in_flight_end_at_sigterm(
    cluster: embedded.Server, start: Callable[..., Process]
) -> None:
    server = start(BCRYPT_COST="12", REQUEST_DEADLINE_MS="60000", SHUTDOWN_MS="18000").ready()
    admin(cluster, cost=12)
    body = {"username": "admin", "password": PASSWORD}
    with ThreadPoolExecutor(3) as pool:
        logins = [pool.submit(ask, server.port, "/api/auth/login", body=body) for _ in range(3)]
        time.sleep(0.15)
        assert not any(login.done() for login in logins)
        assert server.stop() == 0
        assert [login.result().status for login in logins] == [200] * 3
    with pytest.raises(ConnectionError):
        ask(server.port, "/")
    group = subprocess.run(
        ["ps", "-A", "-o", "pid=,pgid="], capture_output=True, text=True, check=True
    )
    assert str(server.popen.pid) not in group.stdout.split()
    assert "Traceback" not in server.stderr


def slowest_home(port: int, going_on: Callable[[], bool]) -> float:
    """The longest that `GET /` took meanwhile, in seconds."""
    times = []
    while going_on():
        times.append(ask(port, "/").seconds)
        time.sleep(0.002)
    assert len(times) > 20
    return max(times)


def noise(port: int) -> float:
    """The same while somebody else's process computes as many hashes."""
    script = "import bcrypt; [bcrypt.hashpw(b'x', bcrypt.gensalt(11)) for _ in range(8)]"
    with subprocess.Popen([sys.executable, "-c", script]) as busy:
        return slowest_home(port, lambda: busy.poll() is None)


def test_eight_logins_at_once_stall_nobody(
    cluster: embedded.Server, start: Callable[..., Process]
) -> None:
    """Nobody waits longer than for the machine itself: the best of three, for it has others to
    serve. On the loop each hash would take a hundred milliseconds and more, eight of them a second.
    """
    server = start(BCRYPT_COST="11", REQUEST_DEADLINE_MS="60000").ready()
    admin(cluster, cost=11)
    body = {"username": "admin", "password": PASSWORD}
    tries: list[tuple[float, float]] = []
    with ThreadPoolExecutor(8) as pool:
        while len(tries) < 3 and not any(stall < 0.05 for stall, _ in tries):
            quiet = noise(server.port) if tries else 0.0
            logins = [pool.submit(ask, server.port, "/api/auth/login", body=body) for _ in range(8)]
            stall = slowest_home(server.port, lambda: not all(login.done() for login in logins))  # noqa: B023
            assert {login.result().status for login in logins} == {200}
            tries.append((stall, quiet))
    print(f"GET / during 8 logins, and beside 8 hashes elsewhere: {tries}")
    assert any(stall < max(0.05, 2 * quiet) for stall, quiet in tries)


def postmaster_of(home: Path) -> int | None:
    """The process id of the embedded PostgreSQL of a server's DIR, where one runs."""
    found = list(home.glob("**/postmaster.pid"))
    if not found:
        return None
    pid = int(found[0].read_text().split()[0])
    return pid if Path(f"/proc/{pid}").exists() or not Path("/proc/self").exists() else None


def test_after_kill_9_the_next_start_recovers(folder: Path) -> None:
    home = folder / "home"
    home.mkdir()
    home.chmod(0o755)
    process = Process(home)
    try:
        assert FIRST_ADMIN.search(process.ready(60).stderr)
        for victim in ("server", "both"):
            left = postmaster_of(home)
            assert left
            if victim == "both":
                os.kill(left, signal.SIGKILL)
            process.kill()
            process = Process(home).ready(60)
            assert not FIRST_ADMIN.search(process.stderr), (victim, "the first admin was kept")
            assert ask(process.port, "/readyz").status == 200, victim
        assert process.stop() == 0
        assert postmaster_of(home) is None, "no orphan"
    finally:
        process.kill()


def fails_to_start(process: Process) -> tuple[int, str]:
    """Its exit code and the one line it said."""
    try:
        code = process.popen.wait(20)
    finally:
        process.kill()
    lines = process.stderr.splitlines()
    assert len(lines) == 1, lines
    return code, lines[0]


def test_a_server_tells_of_each_doubtful_setting_once(running: Process) -> None:
    for words in ("BCRYPT_COST: 4", "RATE_LIMIT_ENABLED: false"):
        assert running.stderr.count(words) == 1, running.stderr
    assert "JWT_SECRET" not in running.stderr


def test_a_port_that_is_taken_is_one_clear_line(
    running: Process, start: Callable[..., Process]
) -> None:
    code, line = fails_to_start(start(SERVER_PORT=str(running.port)))
    assert code == 1
    assert f"127.0.0.1:{running.port}" in line


def test_a_dir_that_cannot_be_written_is_one_clear_line(
    folder: Path, start: Callable[..., Process]
) -> None:
    """A file stands where the folder should be: that stops root too."""
    (folder / "a-file").touch()
    code, line = fails_to_start(start(DIR=str(folder / "a-file" / "files")))
    assert code == 1
    assert "a-file" in line


def test_a_postgresql_that_is_not_there_is_one_clear_line(folder: Path) -> None:
    where = {
        "PG_SUNSHINE_HOST": "127.0.0.1", "PG_SUNSHINE_PORT": "1", "PG_WAIT_SECONDS": "0",
    }  # fmt: skip
    code, line = fails_to_start(Process(folder, **where, PG_SUNSHINE_PASSWORD="hush-hush"))
    assert code == 1
    assert "127.0.0.1" in line
    assert "hush-hush" not in line


ABSENT = {"PG_SUNSHINE_HOST": "127.0.0.1", "PG_SUNSHINE_PORT": "1"}


def test_a_postgresql_that_is_away_is_waited_for_with_one_line(folder: Path) -> None:
    process = Process(folder, **ABSENT, PG_WAIT_SECONDS="2")
    began = time.monotonic()
    try:
        assert process.popen.wait(20) == 1
    finally:
        process.kill()
    assert time.monotonic() - began > 2
    waiting, reason = process.stderr.splitlines()
    assert waiting.startswith("sunshine: waiting for PostgreSQL at 127.0.0.1:1 (")
    assert "refused" in waiting
    assert "at most 2 s" in waiting
    assert reason.startswith("sunshine: cannot connect to database sunshine_db at 127.0.0.1")


def test_waiting_ends_at_sigterm(folder: Path) -> None:
    process = Process(folder, **ABSENT, PG_WAIT_SECONDS="600")
    try:
        while "waiting for" not in process.stderr:
            assert process.popen.poll() is None, process.stderr
            time.sleep(0.02)
        began = time.monotonic()
        assert process.stop() == 130
        assert time.monotonic() - began < 10  # of the 600 that it would wait
        assert len(process.stderr.splitlines()) == 1
    finally:
        process.kill()


def test_what_waiting_does_not_mend_is_not_waited_for(
    cluster: embedded.Server, folder: Path
) -> None:
    stranger = reach(cluster) | {"PG_SUNSHINE_USER": "nobody-of-that-name"}
    began = time.monotonic()
    code, line = fails_to_start(Process(folder, **stranger))
    assert code == 1
    assert "nobody-of-that-name" in line
    assert time.monotonic() - began < 20  # of the 60 that it would wait


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"PG_SUNSHINE_PORT": "1"}, "(PG_SUNSHINE_PORT is set, so the"),
        (
            {"PG_SUNSHINE_PORT": "1", "PG_CMS_PASSWORD": "y", "PG_CMS_MAX_POOL": "7"},
            "(PG_SUNSHINE_PORT, PG_CMS_PASSWORD are set, so the",
        ),
    ],
)
def test_variables_that_switch_the_embedded_postgresql_off_are_named(
    folder: Path, given: dict[str, str], told: str
) -> None:
    code, line = fails_to_start(Process(folder, **given, PG_WAIT_SECONDS="0"))
    assert code == 1
    assert f"{told} embedded PostgreSQL is not used)" in line


def test_settings_that_are_wrong_are_told_all_at_once(folder: Path) -> None:
    process = Process(folder, SERVER_PORT="x", JWT_EXPIRATION="1")
    assert process.popen.wait(20) == 78
    assert "SERVER_PORT" in process.stderr
    assert "JWT_EXPIRATION" in process.stderr
    assert "Traceback" not in process.stderr
