"""One measurement: the load that wrk makes, and the CPU time that it costs to serve it."""

import json
import os
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from benchmarks.processes import BenchmarkError, family_cpu
from benchmarks.scenarios import Scenario
from benchmarks.servers import SERVERS, TOKEN, Running

SCRIPTS = Path(__file__).resolve().parent / "wrk"
LONGEST = 16  # seconds in which something must be answered
SETTLED = 0.2  # seconds without work to speak of


@dataclass(frozen=True)
class Sample:
    """What one run showed. `latency` is the median that the client saw, in microseconds."""

    requests: int
    seconds: float
    server_seconds: float
    database_seconds: float
    latency: float

    @property
    def cpu(self) -> float:
        """CPU microseconds of the server per request."""
        return self.server_seconds / self.requests * 1e6

    @property
    def database_cpu(self) -> float:
        """CPU microseconds of PostgreSQL per request."""
        return self.database_seconds / self.requests * 1e6


def measure(
    server: Running,
    scenario: Scenario,
    seconds: int,
    postmaster: int,
    *,
    warm: bool = False,
    connections: int | None = None,
    sweep: Callable[[], None] | None = None,
) -> Sample:
    """Warm up unless warm, then count the CPU time of server and PostgreSQL over one run.

    `sweep` removes what the warm-up left behind.
    """
    connections = connections or scenario.connections
    if not warm:
        _wrk(server, scenario, SERVERS[server.name].warm_up, connections)
        if sweep:
            _settle(server)
            sweep()
    seen, longer = {"requests": 0}, seconds
    while not seen["requests"]:  # slower than the time it was given: it gets more
        _settle(server)
        before, database_before = server.cpu(), family_cpu(postmaster)
        seen = _wrk(server, scenario, longer, connections, last=longer >= LONGEST)
        longer *= 4
    used, database_used = server.cpu() - before, family_cpu(postmaster) - database_before
    _settle(server)
    return Sample(
        seen["requests"], seen["duration"] / 1e6, used, database_used, latency=seen["median"]
    )


def _settle(server: Running) -> None:
    """Wait for the requests that wrk left unfinished: they must not fall into what comes next."""
    used = -1.0
    while (now := server.cpu()) - used > SETTLED / 10:
        used = now
        time.sleep(SETTLED)


def _wrk(
    server: Running, scenario: Scenario, seconds: int, connections: int, *, last: bool = True
) -> dict[str, int]:
    """What wrk saw; without an answer a BenchmarkError, where that was the last try."""
    options = ["--threads", "1", "--connections", str(connections), "--duration", f"{seconds}s"]
    header = ["--header", f"x-access-token: {TOKEN}", "--timeout", "10s"]
    url = server.url + scenario.path
    # The last argument goes to the script: emails must differ from run to run.
    command = ["wrk", *options, *header, "--script", scenario.script, url, os.urandom(6).hex()]
    done = subprocess.run(command, cwd=SCRIPTS, capture_output=True, text=True, check=False)
    try:
        seen: dict[str, int] = json.loads(done.stdout.splitlines()[-1])
    except (IndexError, ValueError):
        raise BenchmarkError(f"wrk failed: {(done.stderr or done.stdout).strip()}") from None
    if seen["refused"] or seen["broken"] or (last and not seen["requests"]):
        raise BenchmarkError(
            f"{server.name}, {scenario.name}: {seen['refused']} of {seen['requests']} answers were "
            f"refusals and {seen['broken']} requests broke; what is measured must work"
        )
    return seen
