"""Restarts under load with a listening socket that is inherited: not one request fails.

Thirty clients, half of which keep their connection, read and write meanwhile.
"""

import re
import shutil
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from sunshine.database.embedded import Server
from tests.conftest import SECRET
from tests.processes import CHECKOUT, Process, reach
from tests.system.conftest import People
from tests.system.machine import CONFIG, Client, Clients, Listener, free_port, until

RESTARTS = 3


class Activated(Process):
    """Started as systemd does: the socket as descriptor 3, and a socket to be notified at."""

    under = ("sh", "-c", 'exec 3<&0 </dev/null; export LISTEN_FDS=1 LISTEN_PID=$$; exec "$0" "$@"')


@pytest.fixture
def listening() -> Iterator[socket.socket]:
    """What systemd would hold open."""
    with socket.socket() as held:
        held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        held.bind(("127.0.0.1", 0))
        held.listen(4096)
        yield held


class Notices:
    """What systemd is told, as it comes."""

    def __init__(self, folder: Path) -> None:
        self.path = str(folder / "notify")
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(self.path)
        self._socket.settimeout(30)

    def wait(self, state: str) -> None:
        """Until it is told that."""
        while self._socket.recv(1024).decode() != state:
            pass

    def close(self) -> None:
        self._socket.close()


@pytest.fixture
def notices(folder: Path) -> Iterator[Notices]:
    made = Notices(folder)
    yield made
    made.close()


def stored(people: People) -> list[str]:
    rows = people.connection.execute("SELECT name FROM department").fetchall()
    return sorted(row[0] for row in rows)


def nothing_failed(clients: Clients, people: People, *, at_least: int) -> None:
    assert clients.failures == []
    assert set(clients.answered) == {200, 201}
    assert clients.answered.total() >= at_least
    assert stored(people) == sorted(clients.acknowledged)
    print(f"{clients.answered.total()} requests, the longest {clients.longest:.2f} s")


def test_a_socket_of_systemd_survives_restarts_without_a_failed_request(
    start: Callable[..., Process], people: People, listening: socket.socket, notices: Notices
) -> None:
    class OnSocket(Activated):
        stdin = listening.fileno()

    def activate() -> Process:
        return start(kind=OnSocket, NOTIFY_SOCKET=notices.path, WATCHDOG_USEC="400000")

    port, token = listening.getsockname()[1], people.admin
    server = activate()
    notices.wait("READY=1")
    with Clients(lambda: Client(port), token) as clients, Listener(port, token) as listener:
        for _ in range(RESTARTS):
            time.sleep(1)
            for _ in range(3):
                notices.wait("WATCHDOG=1")
            stopping = time.monotonic()
            server.popen.send_signal(signal.SIGTERM)
            notices.wait("STOPPING=1")
            assert server.popen.wait(20) == 0
            assert time.monotonic() - stopping < 10
            server = activate()
            notices.wait("READY=1")
        time.sleep(1)
    nothing_failed(clients, people, at_least=300)
    assert listener.codes == [1001] * RESTARTS
    assert f":{port}" in server.stderr


def test_a_second_start_may_overlap_the_first(
    start: Callable[..., Process], people: People, listening: socket.socket
) -> None:
    class OnSocket(Process):
        stdin = listening.fileno()

    port = listening.getsockname()[1]
    first = start("--fd", "0", kind=OnSocket).ready()
    with Clients(lambda: Client(port), people.admin) as clients:
        second = start("--fd", "0", kind=OnSocket).ready()
        assert first.stop() == 0
        time.sleep(1)
    nothing_failed(clients, people, at_least=50)
    assert second.popen.poll() is None


def test_systemds_own_activator_hands_over_its_socket(
    start: Callable[..., Process], people: People
) -> None:
    port = free_port()

    kept = (
        "PATH", "APP_ENV", "JWT_SECRET", "SUNSHINE_HOME", "DIR", "PG_SUNSHINE_HOST",
        "PG_SUNSHINE_PORT", "PG_SUNSHINE_USER",
    )  # fmt: skip

    class BySystemd(Process):
        under = (
            "systemd-socket-activate", "--listen", f"127.0.0.1:{port}",
            *(f"--setenv={name}" for name in kept),
        )  # fmt: skip

    server = start(kind=BySystemd)
    until(lambda: "Listening on" in server.stderr)
    with Client(port) as client:  # this is what starts it
        assert client.ask("/api/departments", token=people.admin).status == 200
    assert server.ready().port == port
    assert server.stop() == 0


@pytest.mark.parametrize("what", ["file", "closed", "unix"])
def test_what_is_no_listening_socket_is_one_clear_line(
    start: Callable[..., Process], folder: Path, what: str
) -> None:
    with socket.socket(socket.AF_UNIX) as unix, (folder / "file").open("wb") as file:
        unix.bind(str(folder / "unix"))
        unix.listen()

        class OnSomething(Process):
            stdin = {"file": file.fileno(), "unix": unix.fileno()}.get(what)

        server = start("--fd", "9" if what == "closed" else "0", kind=OnSomething)
        assert server.popen.wait(20) == 1
    [line] = server.stderr.splitlines()
    assert line.startswith("sunshine: file descriptor")


class Supervisor:
    """supervisord with config/supervisord.conf, of which paths, ports and user are replaced."""

    def __init__(self, folder: Path, environment: dict[str, str]) -> None:
        assert shutil.which("supervisord"), "supervisord 4.3 is missing: .ci/run installs it"
        self.shared, self.own = free_port(), [free_port(), free_port()]
        text = (CONFIG / "supervisord.conf").read_text()
        python = CHECKOUT / ".venv/bin/python"
        for number, port in enumerate(self.own, 1):
            (folder / f"port-{number}").write_text(str(port))
        ports = "port-%(process_num)d"  # a number that the configuration cannot compute
        pairs = ",".join(f'{name}="{value}"' for name, value in environment.items())
        for pattern, new in (
            (r"tcp://127\.0\.0\.1:3600", f"tcp://127.0.0.1:{self.shared}"),
            (r"/opt/sunshine/bin/sunshine (.*) --port 360%\(process_num\)d",
             f"""sh -c 'exec "{python}" "{CHECKOUT}/cli.py" \\1 --port $(cat {ports})'"""),
            (r"user=sunshine\n", ""),
            (r"directory=/opt/sunshine", f"directory={folder}"),
            (r'environment=APP_ENV="production"', f"environment={pairs}"),
            (r"startsecs=\d+", "startsecs=2"),
            (r"/var/log/sunshine/", f"{folder}/"),
        ):  # fmt: skip
            text, times = re.subn(pattern, new, text)
            assert times == 1, pattern
        head = (
            f"[supervisord]\nnodaemon=true\nlogfile={folder}/supervisord.log\n"
            f"pidfile={folder}/supervisord.pid\n[unix_http_server]\nfile=/tmp/s{self.shared}.sock\n"
            f"[supervisorctl]\nserverurl=unix:///tmp/s{self.shared}.sock\n[rpcinterface:supervisor]\n"
            "supervisor.rpcinterface_factory = supervisor.rpcinterface:make_main_rpcinterface\n"
        )
        self._file = folder / "supervisord.conf"
        self._file.write_text(head + text)
        self._folder = folder
        self._popen = subprocess.Popen(
            ["supervisord", "--configuration", str(self._file)],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip

    def control(self, *words: str) -> str:
        """supervisorctl; what it says."""
        done = subprocess.run(
            ["supervisorctl", "--configuration", str(self._file), *words],
            capture_output=True, text=True, timeout=60,
        )  # fmt: skip
        return done.stdout + done.stderr

    def said(self, number: int) -> str:
        """What one process said, all its starts."""
        file = self._folder / f"sunshine-{number}.log"
        return file.read_text() if file.exists() else ""

    def stop(self) -> None:
        """End it and what it started."""
        self._popen.terminate()
        self._popen.wait(40)


@pytest.fixture
def supervisor(people: People, postgres: Server, folder: Path) -> Iterator[Supervisor]:
    (folder / "home").mkdir()
    made = Supervisor(
        folder,
        {
            "APP_ENV": "test", "JWT_SECRET": SECRET, "LOG_LEVEL": "warning", "BCRYPT_COST": "4",
            "SUNSHINE_HOME": str(folder / "home"), "RATE_LIMIT_ENABLED": "false",
            **reach(postgres),
        },
    )  # fmt: skip
    yield made
    made.stop()


def test_supervisorctl_restarts_one_after_the_other_without_a_failed_request(
    supervisor: Supervisor, people: People
) -> None:
    def ready(number: int, times: int) -> None:
        until(lambda: supervisor.said(number).count("is ready") == times, 60)

    for number in (1, 2):
        ready(number, 1)
    with Clients(lambda: Client(supervisor.shared), people.admin) as clients:
        for turn in range(RESTARTS):
            for number in (1, 2):
                said = supervisor.control("restart", f"sunshine:{number}")
                assert f"sunshine:{number}: started" in said, said + supervisor.said(number)
                ready(number, turn + 2)  # which `startsecs` leaves time for
    nothing_failed(clients, people, at_least=300)
    for port in supervisor.own:
        with Client(port) as client:
            assert b"sunshine_requests_total" in client.ask("/metrics").body


def test_a_connection_that_is_kept_hears_of_the_end_with_its_next_answer(
    start: Callable[..., Process], people: People
) -> None:
    """And one that asks nothing is closed, not waited for."""
    server = start().ready()
    with Client(server.port) as client, Client(server.port) as idle:
        assert client.ask("/").headers["Connection"] is None
        assert idle.ask("/").status == 200
        stopped = threading.Thread(target=server.stop)
        stopping = time.monotonic()
        stopped.start()
        until(lambda: client.ask("/").headers["Connection"] == "close")
        stopped.join(20)
        assert server.popen.returncode == 0
        assert time.monotonic() - stopping < 5
        with pytest.raises(ConnectionRefusedError):  # it knew that the line was dead
            idle.ask("/")
