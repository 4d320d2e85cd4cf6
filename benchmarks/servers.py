"""The servers under measurement: how each is started, and what it must be told."""

import os
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from benchmarks.cluster import ADMIN, Cluster
from benchmarks.processes import BenchmarkError, free_port, group_cpu, running
from sunshine.identity.tokens import AUDIENCES, Tokens

ROOT = Path(__file__).resolve().parent.parent
PEERS = ROOT / "benchmarks" / "peers"
VENV = ROOT / "benchmarks" / ".venv"

START_SECONDS = 60
SECRET = "a secret of the benchmark, longer than thirty-two bytes"
TOKEN = Tokens(SECRET, timedelta(days=1)).sign(
    "user", id_=ADMIN, username="benchmark", role="admin", version=0, now=datetime.now(UTC)
)


@dataclass(frozen=True)
class Server:
    """A command; `{port}` in it is replaced. `ours` marks what the others are compared with.

    `warm_up` is in seconds of load per endpoint; `logs` tells that each request leaves a line.
    """

    command: tuple[str, ...]
    cwd: Path
    env: dict[str, str] = field(default_factory=dict)
    ours: bool = False
    warm_up: int = 2
    logs: bool = True


def _sunshine(loop: str) -> Server:
    return Server((sys.executable, "cli.py", "serve"), ROOT, {"EVENT_LOOP": loop}, ours=True)


def _express(**env: str) -> Server:
    """Node compiles by use: here it went on getting faster for some three thousand requests."""
    return Server(("node", "server.js"), PEERS / "express", env, warm_up=12)


_UVICORN = (
    str(VENV / "bin/python"), "-m", "uvicorn", "app:app", "--host", "127.0.0.1", "--port", "{port}",
    "--loop", "uvloop", "--http", "httptools",
)  # fmt: skip

SERVERS = {
    "sunshine": _sunshine("asyncio"),
    "sunshine-uvloop": _sunshine("uvloop"),
    "floor": Server((sys.executable, "floor.py"), PEERS, logs=False),
    "express": _express(),
    "express-key": _express(JWT_KEY_OBJECT="1"),
    "fastapi": Server(_UVICORN, PEERS / "fastapi"),
}
# Those that hold sockets.
LIVE = {
    "sunshine-live": Server((sys.executable, "benchmarks/live_server.py", "serve"), ROOT,
                            {"EVENT_LOOP": "asyncio"}, ours=True),
    "ws": Server(("node", "server.js"), PEERS / "ws"),
}  # fmt: skip

# As in production: jobs run, and everybody is counted.
SOAKED = {
    "sunshine-soaked": Server(
        (sys.executable, "cli.py", "serve"),
        ROOT,
        {"JOBS_ENABLED": "true", "RATE_LIMIT_ENABLED": "true"},
        ours=True,
    ),
}


@dataclass(frozen=True)
class Running:
    """A server that answers at `url`."""

    name: str
    url: str
    group: int
    log: Path

    def cpu(self) -> float:
        """CPU seconds it has used so far, all its threads and children."""
        return group_cpu(self.group)

    def request(
        self, path: str, body: bytes | None = None, method: str | None = None
    ) -> tuple[int, bytes]:
        """Ask once; the status and the body."""
        headers = {"x-access-token": TOKEN, "Content-Type": "application/json"}
        request = urllib.request.Request(self.url + path, body, headers, method=method)
        try:
            with urllib.request.urlopen(request, timeout=10) as answer:
                return answer.status, answer.read()
        except urllib.error.HTTPError as error:
            return error.code, error.read()


def _env(cluster: Cluster, database: str, port: int) -> dict[str, str]:
    """Nothing of the caller's environment but where programs are."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    return (
        kept
        | cluster.env(database)
        | {
            "SERVER_ADDRESS": "127.0.0.1",
            "SERVER_PORT": str(port),
            "APP_ENV": "production",
            "NODE_ENV": "production",
            "CORS_ORIGINS": "https://app.example.com",
            "JWT_SECRET": SECRET,
            "JWT_AUDIENCE": AUDIENCES["user"],
            "RATE_LIMIT_ENABLED": "false",
            "JOBS_ENABLED": "false",
            "LOG_FORMAT": "json",
            "DIR": str(cluster.home / "files"),
            "SUNSHINE_HOME": str(cluster.home),
        }
    )


@contextmanager
def serving(name: str, cluster: Cluster, database: str = "sunshine_db") -> Iterator[Running]:
    """The server, from its first answer to the end of the block. Its log is a file of its own."""
    server, port = (SERVERS | LIVE | SOAKED)[name], free_port()
    command = [part.format(port=port) for part in server.command]
    env = _env(cluster, database, port) | server.env
    log = cluster.home / f"{name}.log"
    with running(command, server.cwd, env, log) as process:
        found = Running(name, f"http://127.0.0.1:{port}", process.pid, log)
        deadline = time.monotonic() + START_SECONDS
        while not _answers(found):
            if process.poll() is not None or time.monotonic() > deadline:
                said = log.read_text(errors="replace").strip()[-2000:]
                raise BenchmarkError(f"{name} did not start:\n{said}")
            time.sleep(0.05)
        yield found


def _answers(server: Running) -> bool:
    try:
        return server.request("/")[0] == 200
    except OSError:
        return False
