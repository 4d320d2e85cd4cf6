"""Fixtures of the command line's tests: `sunshine` runs it for real, on databases of one test.

`in_terminal` runs it on a pseudo terminal and types the answers.
"""

import fcntl
import os
import pty
import subprocess
import sys
import termios
import uuid
from pathlib import Path

import psycopg
import pytest

from sunshine.variables import DATABASES

CLI = Path(__file__).parents[2] / "cli.py"


@pytest.fixture
def environ(postgres, tmp_path):
    """An environment that leads to four databases which do not exist yet."""
    prefix = f"cli_{uuid.uuid4().hex[:12]}"
    names = {f"PG_{name.upper()}_DB": f"{prefix}_{name}" for name in DATABASES}
    yield {
        **{name: value for name, value in os.environ.items() if not name.startswith("PG_")},
        **names,
        "PG_SUNSHINE_HOST": postgres.host,
        "PG_SUNSHINE_PORT": str(postgres.port),
        "PG_SUNSHINE_USER": postgres.user,
        "BCRYPT_COST": "4",
        "SUNSHINE_HOME": str(tmp_path),
    }
    where = {"host": postgres.host, "port": postgres.port, "user": postgres.user}
    with psycopg.connect(**where, dbname="postgres", autocommit=True) as connection:
        for name in names.values():
            connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


@pytest.fixture
def sunshine(environ, tmp_path):
    """Runs a command: its exit code, stdout and stderr. Keywords are environment variables."""

    def run(*arguments, stdin="", **more):
        return subprocess.run(
            [sys.executable, CLI, *arguments],
            cwd=tmp_path,
            env=environ | more,
            input=stdin,
            capture_output=True,
            text=True,
            timeout=60,
        )

    return run


@pytest.fixture
def in_terminal(environ, tmp_path):
    """Runs a command on a terminal, typing one answer per question; its exit code and screen."""

    def run(*arguments, answers=()):
        ours, theirs = pty.openpty()
        process = subprocess.Popen(
            [sys.executable, CLI, *arguments],
            cwd=tmp_path,
            env=environ | {"TERM": "xterm", "COLUMNS": "120"},
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            start_new_session=True,
            preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),
        )
        os.close(theirs)
        screen, pending = "", list(answers)
        while chunk := _read(ours):
            screen += chunk
            if pending and screen.rstrip().endswith((":", "]")):
                os.write(ours, pending.pop(0).encode() + b"\n")
        os.close(ours)
        return process.wait(timeout=60), screen

    return run


def _read(terminal):
    try:
        return os.read(terminal, 65536).decode()
    except OSError:  # the other end is closed
        return ""
