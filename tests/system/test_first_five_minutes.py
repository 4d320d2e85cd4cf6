"""A newcomer's first five minutes: a fresh clone, the README's commands, as root and as nobody.

Slow, for each clone makes its own virtual environment from the package registry. Runs apart:
`bin/sunshine test --system`.
"""

import json
import os
import pwd
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.processes import heed_signals

ROOT = Path(__file__).resolve().parents[2]
IS_ROOT = os.geteuid() == 0


class Newcomer:
    """Somebody with a clone in a folder with a space in its name."""

    def __init__(self, folder: Path, elsewhere: Path, user: str | None) -> None:
        self.elsewhere = elsewhere
        self.clone = folder / "my sunshine"
        self.user = user
        self.started: list[subprocess.Popen[str]] = []
        subprocess.run(["git", "clone", "-q", ROOT, self.clone], check=True)
        if user:
            shutil.chown(folder, user)
            subprocess.run(["chown", "-R", user, self.clone], check=True)
        self.home = folder / "home"
        self.home.mkdir()
        if user:
            shutil.chown(self.home, user)
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]

    def start(self, *command: str) -> "subprocess.Popen[str]":
        """Begin a command of the README in the clone."""
        environment = {**os.environ, "SERVER_PORT": str(self.port), "HOME": str(self.home)}
        environment["SUNSHINE_VAR"] = str(self.elsewhere)
        process = subprocess.Popen(
            ["bin/sunshine", *command],
            cwd=self.clone,
            env=environment,
            user=self.user,
            group=pwd.getpwnam(self.user).pw_gid if self.user else None,
            extra_groups=[] if self.user else None,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            preexec_fn=heed_signals,
        )
        self.started.append(process)
        return process

    def run(self, *command: str) -> "subprocess.CompletedProcess[str]":
        """A command to its end, which must be a good one."""
        process = self.start(*command)
        out, err = process.communicate(timeout=600)
        assert process.returncode == 0, (command, out[-2000:], err[-2000:])
        return subprocess.CompletedProcess(command, 0, out, err)

    def ask(self, path: str, body: Any = None, token: str = "") -> Any:
        """The JSON that the server answers."""
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.port}{path}",
            json.dumps(body).encode() if body is not None else None,
            {"Content-Type": "application/json", "x-access-token": token},
        )
        with urllib.request.urlopen(request, timeout=10) as answer:
            return json.load(answer)

    def wait(self, process: "subprocess.Popen[str]", seconds: float) -> float:
        """Seconds until it is ready."""
        began = time.monotonic()
        while time.monotonic() - began < seconds:
            assert process.poll() is None, process.communicate()[1]
            try:
                self.ask("/readyz")
            except (urllib.error.URLError, ConnectionError):
                time.sleep(0.05)
            else:
                return time.monotonic() - began
        process.kill()
        raise AssertionError(f"not ready in {seconds} s: {process.communicate()[1]}")

    def leave(self) -> None:
        """End what a failed test left running."""
        for process in self.started:
            if process.poll() is None:
                process.terminate()
                process.communicate(timeout=20)

    def leftovers(self) -> list[str]:
        """Command lines of what still runs from its folders."""
        ours = "|".join(re.escape(str(path)) for path in (self.clone.parent, self.elsewhere))
        found = subprocess.run(["pgrep", "-af", ours], capture_output=True, text=True)
        return [line for line in found.stdout.splitlines() if "pgrep" not in line]


def _newcomer(parent: Path, mode: int, user: str | None) -> Iterator[Newcomer]:
    with (
        tempfile.TemporaryDirectory(dir=parent, prefix="sunshine system ") as folder,
        # Where the cluster goes if PostgreSQL's user cannot enter the folder.
        tempfile.TemporaryDirectory(dir="/tmp", prefix="sunshine-var-") as elsewhere,
    ):
        os.chmod(folder, mode)
        os.chmod(elsewhere, 0o755)
        newcomer = Newcomer(Path(folder), Path(elsewhere), user)
        yield newcomer
        newcomer.leave()


@pytest.fixture
def as_somebody() -> Iterator[Newcomer]:
    """An ordinary user; when the tests run as root, `nobody`."""
    yield from _newcomer(Path("/tmp"), 0o755, "nobody" if IS_ROOT else None)


@pytest.fixture
def as_root() -> Iterator[Newcomer]:
    """root, in a folder that nobody else may enter."""
    if not IS_ROOT:
        pytest.fail("this test is for root: run the system tests as root")
    yield from _newcomer(Path("/root"), 0o700, None)


def _first_five_minutes(newcomer: Newcomer) -> None:
    server = newcomer.start("serve")
    newcomer.wait(server, 300)
    demo = newcomer.run("demo")
    assert "password" in (demo.stdout + demo.stderr).lower()
    server.send_signal(signal.SIGINT)
    out, err = server.communicate(timeout=20)
    assert server.returncode == 0, err
    password = re.search(r"^ +password +(\S+)$", err, re.MULTILINE)
    assert password, err
    assert "http://localhost" in err
    assert out == ""
    assert newcomer.leftovers() == []

    again = newcomer.start("serve")
    seconds = newcomer.wait(again, 30)
    token = newcomer.ask("/api/auth/login", {"username": "admin", "password": password.group(1)})[
        "token"
    ]
    people = newcomer.ask("/api/employees?search=a", token=token)
    assert people["pagination"]["total"] > 50
    again.send_signal(signal.SIGTERM)
    _, err = again.communicate(timeout=20)
    assert again.returncode == 0
    assert "password" not in err
    assert newcomer.leftovers() == []
    # A machine with other work may be slow once: the best of three counts. And machines differ by
    # two and more, so one where the libraries alone take long to import may take longer.
    most = max(2.0, 4 * min(_libraries(newcomer) for _ in range(3)))
    assert seconds < most or min(_restart(newcomer), _restart(newcomer)) < most

    tests = newcomer.run("test", "tests/auth")
    assert " passed" in tests.stdout or "[100%]" in tests.stdout
    assert newcomer.leftovers() == []


def _libraries(newcomer: Newcomer) -> float:
    """Seconds that a Python takes to import what the server stands on, and nothing of ours."""
    python = newcomer.clone / ".venv" / "bin" / "python"
    began = time.monotonic()
    subprocess.run(
        [python, "-c", "import sqlalchemy, psycopg_pool, tornado.web, cerberus"], check=True
    )
    return time.monotonic() - began


def _restart(newcomer: Newcomer) -> float:
    """Seconds that a start takes, of a server that ends at once."""
    server = newcomer.start("serve")
    seconds = newcomer.wait(server, 30)
    server.send_signal(signal.SIGTERM)
    server.communicate(timeout=20)
    return seconds


def test_it_takes_two_commands_as_an_ordinary_user(as_somebody: Newcomer) -> None:
    _first_five_minutes(as_somebody)


def test_it_takes_two_commands_as_root_in_a_folder_nobody_may_enter(as_root: Newcomer) -> None:
    _first_five_minutes(as_root)


def test_it_recovers_after_kill_9_of_everything(as_somebody: Newcomer) -> None:
    server = as_somebody.start("serve")
    as_somebody.wait(server, 300)
    for line in as_somebody.leftovers():
        os.kill(int(line.split()[0]), signal.SIGKILL)
    server.communicate(timeout=20)
    again = as_somebody.start("serve")
    as_somebody.wait(again, 60)
    again.send_signal(signal.SIGTERM)
    again.communicate(timeout=20)
    assert again.returncode == 0
    assert as_somebody.leftovers() == []
