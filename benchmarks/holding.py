"""Many sockets held for a while, with an event a second for all of them: what it costs, how late
the last one hears. Ours, and the same fan-out on Node's `ws`."""

import json
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from benchmarks.cluster import Cluster
from benchmarks.compare import Tell
from benchmarks.processes import BenchmarkError, group_rss
from benchmarks.servers import ROOT, SECRET, Running, serving
from sunshine.tokens import Tokens

PATH = "/ws/benchmark"
LISTENERS = str(Path(__file__).resolve().parent / "listeners.py")
SERVERS = ("sunshine-live", "ws")
WARM_UP = 20
MOST_KIB = 25
MOST_SECONDS = 1.0
PEOPLE = """
INSERT INTO users (id, username, name, role, employee_id, password_hash)
SELECT 1000 + i, 'user' || i, 'User ' || i, 'employee', i, ''
FROM generate_series(1, %(people)s::integer) AS i
"""


@dataclass(frozen=True)
class Held:
    """What one server showed. KiB of resident memory per socket, seconds from the request that
    published to the arrival, CPU milliseconds of the server for each event."""

    sockets: int
    seconds: float
    opening: float
    published: int
    frames: int
    lost: int
    kib: float
    cpu: float
    p50: float
    p99: float
    longest: float

    @property
    def missed(self) -> int:
        """Frames that did not arrive."""
        return self.sockets * self.published - self.frames


def hold(
    cluster: Cluster, servers: Sequence[str], *, sockets: int, seconds: int, tell: Tell
) -> dict[str, Held]:
    """Each server in turn."""
    with cluster.connect() as connection:
        connection.execute(PEOPLE, {"people": sockets})
    held = {}
    for name in servers:
        tell(f"{name}: {sockets:,} sockets for {seconds} s")
        with serving(name, cluster) as server:
            held[name] = _hold(server, sockets, seconds)
    return held


def _tokens(number: int) -> list[str]:
    """One for each person."""
    tokens, now = Tokens(SECRET, timedelta(days=1)), datetime.now(UTC)
    return [
        tokens.sign("user", id_=1000 + i, username=f"user{i}", role="employee", version=0, now=now)
        for i in range(1, number + 1)
    ]


def _hold(server: Running, sockets: int, seconds: int) -> Held:
    for number in range(WARM_UP):
        _publish(server, f"warm up {number}")
    before = group_rss(server.group)
    port = server.url.rpartition(":")[2]
    listeners = subprocess.Popen(
        [sys.executable, LISTENERS, port, PATH],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT,
    )  # fmt: skip
    with listeners:
        assert listeners.stdin
        assert listeners.stdout
        print(*_tokens(sockets), "", sep="\n", file=listeners.stdin, flush=True)
        opened = _line(listeners)
        used, published = server.cpu(), 0
        began = time.monotonic()
        while time.monotonic() - began < seconds:
            time.sleep(max(0.0, began + published - time.monotonic()))
            _publish(server, f"T{time.monotonic_ns()}")
            published += 1
        time.sleep(2)
        rss, used = group_rss(server.group), server.cpu() - used
        listeners.stdin.close()
        heard = _line(listeners)
    return Held(
        sockets, seconds, opened["seconds"], published, int(heard["frames"]), int(heard["lost"]),
        (rss - before) / 1024 / sockets, used / published * 1000,
        heard["p50"], heard["p99"], heard["longest"],
    )  # fmt: skip


def _publish(server: Running, name: str) -> None:
    body = json.dumps({"name": name}).encode()
    status, answer = server.request("/api/employees/1", body, method="PUT")
    if status != 200:
        raise BenchmarkError(f"{server.name} answered {status}: {answer.decode()[:200]}")


def _line(listeners: subprocess.Popen[str]) -> dict[str, float]:
    assert listeners.stdout
    line = listeners.stdout.readline()
    if not line:
        raise BenchmarkError("the listeners failed")
    said: dict[str, float] = json.loads(line)
    return said
