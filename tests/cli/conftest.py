"""Fixtures of the command line's tests.

sunshine       runs a command in this process, which is quick
process        runs it in one of its own, as it is used
in_terminal    runs it on a pseudo terminal and types the answers
environ        what leads them to the databases that `names` names
sql            runs a statement on one of them, as it stands
names          of four databases that are empty and up to date
new_names      of four that do not exist yet; a file may have these as its `names`
upgraded       the same, made and up to date
"""

import asyncio
import fcntl
import os
import pty
import subprocess
import sys
import termios
import uuid
from pathlib import Path
from types import SimpleNamespace

import psycopg
import pytest
from click.testing import CliRunner
from structlog.testing import capture_logs

import cli
from sunshine.core.environment import load
from sunshine.core.variables import DATABASES
from sunshine.operations import logs
from tests.conftest import emptied
from tests.secret_leak_guard import heard

CLI = Path(__file__).parents[2] / "cli.py"


@pytest.fixture
def environ(postgres, tmp_path, names):
    return {
        **{name: value for name, value in os.environ.items() if not name.startswith("PG_")},
        **_variables(postgres, names),
        "BCRYPT_COST": "4",
        "SUNSHINE_HOME": str(tmp_path),
    }


@pytest.fixture
def names(_kept):
    emptied(_kept)
    return {name: database.database for name, database in _kept.databases.items()}


@pytest.fixture(scope="session")
def _kept(postgres, clone, tmp_path_factory):
    settings = load(_variables(postgres, _new_names()), home=tmp_path_factory.mktemp("none"))
    clone(settings)
    return settings


@pytest.fixture
def upgraded(environ, tmp_path, clone):
    """Makes the databases that `names` names, as `db upgrade` would."""
    clone(load(environ, home=tmp_path))


@pytest.fixture
def new_names(postgres):
    made = _new_names()
    yield made
    with _connect(postgres, "postgres") as connection:
        for database in made.values():
            # Without FORCE, which an ordinary role may not use on an autovacuum worker; PostgreSQL
            # waits five seconds for the others to leave.
            connection.execute(f'DROP DATABASE IF EXISTS "{database}"')


def _new_names():
    prefix = f"cli_{uuid.uuid4().hex[:12]}"
    return {name: f"{prefix}_{name}" for name in DATABASES}


def _variables(postgres, names):
    return {
        **{f"PG_{name.upper()}_DB": database for name, database in names.items()},
        "PG_SUNSHINE_HOST": postgres.host,
        "PG_SUNSHINE_PORT": str(postgres.port),
        "PG_SUNSHINE_USER": postgres.user,
    }


def _connect(postgres, database):
    return psycopg.connect(
        host=postgres.host,
        port=postgres.port,
        user=postgres.user,
        dbname=database,
        autocommit=True,
    )


@pytest.fixture
def sql(postgres, names):
    """Runs a statement on one of the four databases."""

    def run(statement, name="sunshine"):
        with _connect(postgres, names[name]) as connection:
            return connection.execute(statement)

    return run


@pytest.fixture
def sunshine(environ, monkeypatch, io_loop):
    """Keywords are environment variables; answers with returncode, stdout and stderr."""
    monkeypatch.setattr(logs, "configure", lambda settings: None)

    def run(*arguments, stdin="", **more):
        with capture_logs():
            done = CliRunner(env=environ | more).invoke(cli.main, arguments, input=stdin)
        asyncio.set_event_loop(io_loop.asyncio_loop)  # asyncio.run leaves none
        if done.exception and not isinstance(done.exception, SystemExit):
            raise done.exception
        return SimpleNamespace(returncode=done.exit_code, stdout=done.stdout, stderr=done.stderr)

    return run


@pytest.fixture
def process(environ, tmp_path):
    """Keywords are environment variables; answers with returncode, stdout and stderr."""

    def run(*arguments, stdin="", **more):
        done = subprocess.run(
            [sys.executable, CLI, *arguments],
            cwd=tmp_path,
            env=environ | more,
            input=stdin,
            capture_output=True,
            text=True,
            timeout=60,
        )
        heard(done.stderr, f"sunshine {' '.join(map(str, arguments))}")
        return done

    return run


@pytest.fixture
def in_terminal(environ, tmp_path):
    """Answers with the exit code and all that was on the screen."""

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
            if pending and screen.endswith(": "):  # the space comes when it listens
                os.write(ours, pending.pop(0).encode() + b"\n")
        os.close(ours)
        return process.wait(timeout=60), screen

    return run


def _read(terminal):
    try:
        return os.read(terminal, 65536).decode()
    except OSError:  # the other end is closed
        return ""
