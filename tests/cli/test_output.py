"""How the command line speaks: sunshine/commands/output.py, sunshine/commands/lazy.py."""

import signal
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import click
import psycopg
import pytest
from click.testing import CliRunner

from sunshine.commands import output
from sunshine.commands.lazy import LazyGroup
from sunshine.core.environment import SettingsError
from sunshine.core.errors import Conflict, Invalid, NotFound
from sunshine.database.cluster import PostgresError
from sunshine.database.migrations import MigrationError

CLI = Path(__file__).parents[2] / "cli.py"


def outcome(raised):
    """What becomes of an error that a command raises."""
    group = LazyGroup("main", lazy={})

    @group.command()
    def fail():
        raise raised

    return CliRunner().invoke(group, ["fail"])


@pytest.mark.parametrize(
    ("raised", "code", "said"),
    [
        (Conflict("Taken"), 1, "Error: Taken\n"),
        (Invalid.field("name", "is too long"), 2, "Error: name is too long\n"),
        (NotFound("No such thing"), 3, "Error: No such thing\n"),
        (SettingsError(["A: wrong", "B: wrong"]), 78, "Error: A: wrong\nError: B: wrong\n"),
        (PostgresError("no room"), 1, "Error: no room\n"),
        (MigrationError("no way"), 1, "Error: no way\n"),
        (psycopg.OperationalError("gone\nDETAIL: so"), 1, "Error: gone\n"),
        (output.CommandError("late", output.BEHIND), 4, "Error: late\n"),
        (KeyboardInterrupt(), 130, "\nInterrupted.\n"),
        (click.Abort(), 130, "\nInterrupted.\n"),
    ],
    ids=lambda value: type(value).__name__,
)
def test_an_expected_error_is_told_on_stderr(raised, code, said):
    done = outcome(raised)
    assert (done.exit_code, done.stdout, done.stderr) == (code, "", said)


def test_a_fault_of_ours_is_not_hidden():
    assert isinstance(outcome(ZeroDivisionError()).exception, ZeroDivisionError)


def test_a_cell_is_one_line_without_tabs(capsys):
    at = datetime(2024, 1, 15, 8, 0, tzinfo=UTC)
    row = {"a": "x\ty\nz", "b": None, "c": True, "d": at, "e": ["p", "q"], "f": 0}
    output.table([row])
    assert (
        capsys.readouterr().out == "a\tb\tc\td\te\tf\nx y z\t\tyes\t2024-01-15T08:00:00Z\tp,q\t0\n"
    )


def test_an_empty_table_still_has_its_columns(capsys):
    output.table([], columns=("id", "name"))
    assert capsys.readouterr().out == "id\tname\n"
    output.table([], as_json=True)
    assert capsys.readouterr().out == "[]\n"


def test_a_terminated_command_leaves_no_server_behind(environ):
    """The embedded server of a command that is told to end goes with it."""
    embedded = {name: value for name, value in environ.items() if not name.startswith("PG_")}
    process = subprocess.Popen(
        [sys.executable, CLI, "db", "shell", "-d", "postgres", "-At"],
        env=embedded,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    with process:
        assert process.stdin
        assert process.stdout
        process.stdin.write("\\echo :HOST\n")
        process.stdin.flush()
        socket = Path(process.stdout.readline().strip(), ".s.PGSQL.5432")
        is_up = socket.exists()
        process.send_signal(signal.SIGTERM)
    assert is_up
    assert process.returncode == 128 + signal.SIGTERM
    assert not socket.exists()
