"""Many sockets held for a while, with an event a second for all of them: what it costs, how late
the last one hears. Ours, and the same fan-out on Node's `ws`."""

import json
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from benchmarks.cluster import Cluster
from benchmarks.compare import Tell
from benchmarks.processes import BenchmarkError, group_rss
from benchmarks.servers import ROOT, SECRET, Running, serving
from sunshine.identity.tokens import Tokens

PATH = "/ws/benchmark"
LISTENERS = str(Path(__file__).resolve().parent / "listeners.py")
WARM_UP = 20
MOST_KIB = 25.0
MOST_SECONDS = 1.0
PEOPLE = """
INSERT INTO users (id, username, name, role, employee_id, password_hash)
SELECT 1000 + i, 'user' || i, 'User ' || i, 'employee', i, ''
FROM generate_series(1, %(people)s::integer) AS i
"""


@dataclass(frozen=True)
class Heard:
    """What all sockets of a process heard: frames, broken lines, and seconds from the publication
    to the arrival."""

    frames: int
    lost: int
    p50: float
    p99: float
    longest: float


@dataclass(frozen=True)
class Held:
    """What one server showed: seconds until all sockets stood, KiB of resident memory for each,
    CPU milliseconds of the server for each event, and what was heard."""

    sockets: int
    published: int
    opening: float
    kib: float
    cpu: float
    heard: Heard

    @property
    def missed(self) -> int:
        """Frames that did not arrive."""
        return self.sockets * self.published - self.heard.frames


def invite(cluster: Cluster, people: int) -> None:
    """Accounts for those who will listen."""
    with cluster.connect() as connection:
        connection.execute(PEOPLE, {"people": people})


def hold(
    cluster: Cluster, servers: Sequence[str], *, sockets: int, seconds: int, tell: Tell
) -> dict[str, Held]:
    """Each server in turn."""
    held = {}
    for name in servers:
        tell(f"{name}: {sockets:,} sockets for {seconds} s")
        with serving(name, cluster) as server:
            held[name] = _hold(server, sockets, seconds)
    return held


def _hold(server: Running, sockets: int, seconds: int) -> Held:
    for number in range(WARM_UP):
        _publish(server, f"warm up {number}")
    before = group_rss(server.group)
    with listening(server, sockets) as listeners:
        used, published, began = server.cpu(), 0, time.monotonic()
        while time.monotonic() - began < seconds:
            time.sleep(max(0.0, began + published - time.monotonic()))
            _publish(server, f"T{time.monotonic_ns()}")
            published += 1
        time.sleep(2)
        kib = (group_rss(server.group) - before) / 1024 / sockets
        cpu = (server.cpu() - used) / published * 1000
        return Held(sockets, published, listeners.opening, kib, cpu, listeners.end())


def _publish(server: Running, name: str) -> None:
    body = json.dumps({"name": name}).encode()
    status, answer = server.request("/api/employees/1", body, method="PUT")
    if status != 200:
        raise BenchmarkError(f"{server.name} answered {status}: {answer.decode()[:200]}")


class Listeners:
    """The process that holds the sockets; all of them stand."""

    def __init__(self, process: subprocess.Popen[str], sockets: int) -> None:
        self._process = process
        assert process.stdin
        print(*tokens(sockets), "", sep="\n", file=process.stdin, flush=True)
        self.opening: float = self._line()["seconds"]

    def end(self) -> Heard:
        """What they heard."""
        assert self._process.stdin
        self._process.stdin.close()
        said = self._line()
        return Heard(int(said.pop("frames")), int(said.pop("lost")), **said)

    def _line(self) -> dict[str, float]:
        assert self._process.stdout
        line = self._process.stdout.readline()
        if not line:
            raise BenchmarkError("the listeners failed")
        said: dict[str, float] = json.loads(line)
        return said


@contextmanager
def listening(server: Running, sockets: int) -> Iterator[Listeners]:
    """So many people with a socket each."""
    command = [sys.executable, LISTENERS, server.url.rpartition(":")[2], PATH]
    process = subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT
    )
    try:
        yield Listeners(process, sockets)
    finally:
        process.kill()
        process.wait()
        for pipe in (process.stdin, process.stdout):
            if pipe:
                pipe.close()


def tokens(number: int) -> list[str]:
    """One for each person."""
    signer, now = Tokens(SECRET, timedelta(days=1)), datetime.now(UTC)
    return [
        signer.sign("user", id_=1000 + i, username=f"user{i}", role="employee", version=0, now=now)
        for i in range(1, number + 1)
    ]
