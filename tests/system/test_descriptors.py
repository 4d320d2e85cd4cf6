"""A server that runs out of file descriptors: it waits for some, quietly, and serves on."""

import resource
import socket
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.processes import Process, ask

LIMIT = 64
CLIENTS = 200
SECONDS = 30.0


@pytest.fixture(params=["asyncio", "uvloop"])
def cramped(request: pytest.FixtureRequest, start: Callable[..., Process]) -> Process:
    """A server that may open 64 files and no more: the hard limit, for it raises the other."""
    if request.param == "uvloop":
        pytest.importorskip("uvloop")

    class Cramped(Process):
        under = ("sh", "-c", f'ulimit -n {LIMIT} && exec "$@"', "sh")

    return start(kind=Cramped, EVENT_LOOP=request.param).ready()


def cpu(pid: int) -> float:
    """The seconds of CPU time that a process has used."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / 100


def answers(port: int, seconds: float = 5) -> bool:
    """Whether a new client is served within so many seconds."""
    try:
        return ask(port, "/healthz", timeout=seconds).status == 200
    except OSError:
        return False


def test_idle_connections_beyond_the_limit_cost_nothing_and_end(cramped: Process) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, min(hard, 1024)), hard))
    kept = socket.create_connection(("127.0.0.1", cramped.port))
    with ExitStack() as stack:
        stack.enter_context(kept)
        for _ in range(CLIENTS):
            client = stack.enter_context(socket.socket())
            client.setblocking(False)
            client.connect_ex(("127.0.0.1", cramped.port))
        before, began = cpu(cramped.popen.pid), time.monotonic()
        while time.monotonic() - began < SECONDS:
            # Who was there before is served all the while.
            kept.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
            assert kept.recv(4096).startswith(b"HTTP/1.1 200")
            time.sleep(0.5)
        share = (cpu(cramped.popen.pid) - before) / (time.monotonic() - began)
        lines = len(cramped.stderr.splitlines())
    gone = time.monotonic()
    while not answers(cramped.port):
        assert time.monotonic() - gone < 10
    back = time.monotonic() - gone
    assert share < 0.2
    assert lines < 50
    assert cramped.stderr.count("new connections wait") == 1
    assert "Traceback" not in cramped.stderr
    deadline = time.monotonic() + 15
    while "accepted again" not in cramped.stderr:
        assert time.monotonic() < deadline
        time.sleep(0.2)
    assert ask(cramped.port, "/readyz").status == 200
    assert cramped.stop() == 0
    print(f"{100 * share:.1f} % CPU, {lines} lines, serves {back:.2f} s after they went")


def test_new_clients_are_served_beside_idle_ones(cramped: Process) -> None:
    """Where there is no place, those who have said nothing for a while make room."""
    with ExitStack() as stack:
        for _ in range(LIMIT):
            client = stack.enter_context(socket.socket())
            client.setblocking(False)
            client.connect_ex(("127.0.0.1", cramped.port))
        assert answers(cramped.port, 20)
