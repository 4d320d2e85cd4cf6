"""Servers in processes of their own, `cli.py serve`, for tests that stop, freeze or kill one; and a
blocking client for them. Nothing here runs on the event loop."""

import http.client
import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any, NamedTuple

from sunshine.database import embedded
from tests.conftest import SECRET
from tests.secret_leak_guard import heard

CHECKOUT = Path(__file__).parents[1]
READY = re.compile(r"is ready on http://localhost:(\d+)")


def heed_signals() -> None:
    """For `preexec_fn`: signals do in the new process what they do in one of a terminal's, though
    the tests run under `nohup`, or in the background, where SIGHUP or SIGINT is ignored and those
    who are started inherit it."""
    for number in (signal.SIGINT, signal.SIGQUIT, signal.SIGHUP, signal.SIGTERM):
        signal.signal(number, signal.SIG_DFL)


class Process:
    """One server. `home` is its working folder; what it says is in the file `said` there."""

    program = CHECKOUT / "cli.py"
    # What runs the command that follows it, and what that inherits as its standard input.
    under: tuple[str, ...] = ()
    stdin: int | None = None

    def __init__(self, home: Path, *options: str, **environment: str) -> None:
        self.said = home / f"said-{time.monotonic_ns()}"
        ours = {
            "APP_ENV": "test", "SERVER_ADDRESS": "127.0.0.1", "SERVER_PORT": "0",
            "JWT_SECRET": SECRET, "BCRYPT_COST": "4", "LOG_LEVEL": "warning",
            "RATE_LIMIT_ENABLED": "false",
            "SUNSHINE_HOME": str(home), "DIR": str(home / "files"),
        }  # fmt: skip
        kept = {name: os.environ[name] for name in ("PATH", "SUNSHINE_VAR") if name in os.environ}
        with self.said.open("wb") as said:
            self.popen = subprocess.Popen(
                [*self.under, sys.executable, str(self.program), "serve", *options],
                cwd=home, env=kept | ours | environment, stdin=self.stdin, stdout=said, stderr=said,
                start_new_session=True,
            )  # fmt: skip

    @property
    def stderr(self) -> str:
        """All it said so far."""
        return self.said.read_text()

    def ready(self, seconds: float = 30) -> "Process":
        """Wait until it serves; sets `port`."""
        deadline = time.monotonic() + seconds
        while not (found := READY.search(self.stderr)):
            assert self.popen.poll() is None, self.stderr
            assert time.monotonic() < deadline, self.stderr
            time.sleep(0.02)
        self.port = int(found[1])
        return self

    def stop(self) -> int:
        """SIGTERM; the exit code."""
        self.popen.send_signal(signal.SIGTERM)
        code = self.popen.wait(20)
        self._tell()
        return code

    def kill(self) -> None:
        """SIGKILL, where it still runs."""
        self.popen.kill()
        self.popen.wait()
        self._tell()

    def _tell(self) -> None:
        """What it said is listened to as the rest is; where the folder is gone, so is that."""
        if self.said.exists():
            heard(self.stderr, "a server")


class Said(NamedTuple):
    """An answer: when it was asked for and how long it took, in seconds of the monotonic clock."""

    status: int
    json: Any
    at: float
    seconds: float
    retry_after: str | None


def ask(
    port: int, path: str, *, token: str | None = None, body: Any = None, timeout: float = 30
) -> Said:
    """GET, or POST of a body, on a connection of its own."""
    headers = {"x-access-token": token} if token else {}
    raw = None
    if body is not None:
        raw, headers["Content-Type"] = json.dumps(body), "application/json"
    began = time.monotonic()
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=timeout)
    try:
        connection.request("GET" if raw is None else "POST", path, raw, headers)
        answer = connection.getresponse()
        content = json.loads(answer.read())
        took = time.monotonic() - began
        return Said(answer.status, content, began, took, answer.headers["Retry-After"])
    finally:
        connection.close()


def reach(server: embedded.Server) -> dict[str, str]:
    """The environment that leads a process to this PostgreSQL."""
    return {
        "PG_SUNSHINE_HOST": server.host,
        "PG_SUNSHINE_PORT": str(server.port),
        "PG_SUNSHINE_USER": server.user,
    }
