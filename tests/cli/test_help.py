"""Help: complete, quick, and honest about exit codes."""

import resource
import subprocess
import sys
from pathlib import Path

import click
import pytest

import cli
from sunshine import __version__

CLI = Path(__file__).parents[2] / "cli.py"


def commands(group, path=()):
    """Every command with its words, the groups too."""
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        yield (*path, name), command
        if isinstance(command, click.Group):
            yield from commands(command, (*path, name))


ALL = dict(commands(cli.main))


def test_the_promised_commands_are_there():
    promised = {
        "users": "list create set-password disable enable role grant revoke",
        "db": "create status upgrade downgrade check shell",
        "config": "show check",
        "events": "list tail",
        "attendance": "report",
        "jobs": "list run",
        "tickets": "list show",
        "leave": "balance adjust",
        "holidays": "list import",
        "backup": "create list verify restore prune",
        "token": "issue revoke",
        "audit": "verify",
    }
    assert {(group, name) for group in promised for name in promised[group].split()} <= ALL.keys()
    assert {("serve",), ("routes",), ("demo",), ("doctor",), ("version",)} <= ALL.keys()
    assert ("completion",) in ALL


def test_a_mistyped_command_gets_names_that_begin_alike(sunshine):
    for typed, meant in {
        "user": "'users'", "back": "'backup'", "bak": "'backup'", "holiday": "'holidays'",
        "tiket": "'tickets' or 'token'", "server": "'serve'",
    }.items():  # fmt: skip
        done = sunshine(typed)
        assert done.returncode == 2
        assert done.stderr.endswith(f"No such command '{typed}'. Did you mean {meant}?\n")
    assert sunshine("xyz").stderr.endswith("No such command 'xyz'.\n")


@pytest.mark.parametrize("words", ALL, ids=" ".join)
def test_every_command_says_what_it_does(words):
    command = ALL[words]
    assert command.get_short_help_str(limit=200)
    for parameter in command.params:
        is_plain = isinstance(parameter, click.Argument) or parameter.name in ("role", "email")
        assert is_plain or parameter.help or parameter.show_default, parameter.name


@pytest.mark.parametrize("words", [(), ("users",), ("db", "status")])
def test_help_is_quick(words):
    """In seconds of CPU, for other work on the machine is not its fault: the best of three."""
    assert min(_seconds([sys.executable, CLI, *words, "--help"]) for _ in range(3)) < 0.3


def _seconds(command):
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(command, capture_output=True, check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


@pytest.mark.parametrize(
    "words", [(), ("users", "create"), ("db", "status"), ("demo",), ("jobs", "run")]
)
def test_help_imports_nothing_slow(words):
    code = (
        "import sys, cli\n"
        f"try: cli.main({[*words, '--help']})\n"
        "except SystemExit: print(*sys.modules, file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=CLI.parent, capture_output=True, text=True, check=True
    )
    slow = {"alembic", "cerberus", "psycopg", "rich", "sqlalchemy", "structlog", "tornado"}
    assert slow & set(done.stderr.split()) == set()


def test_the_exit_codes_are_documented(process):
    shown = process("-h").stdout
    for code in (0, 1, 2, 3, 4, 78, 130):
        assert f"\n    {code} " in shown


@pytest.mark.parametrize("words", [("nonsense",), ("users", "nonsense"), ("db", "status", "--no")])
def test_a_wrong_word_is_usage(process, words):
    done = process(*words)
    assert (done.returncode, done.stdout) == (2, "")
    assert "Usage:" in done.stderr


def test_the_tests_are_pointed_out(sunshine):
    done = sunshine("test", "-x")
    assert done.returncode == 2
    assert "bin/sunshine test" in done.stderr


def test_the_version_is_told_either_way(process):
    done = process("--version")
    assert (done.returncode, done.stdout) == (0, f"sunshine {__version__}\n")
    assert f"sunshine\t{__version__}" in process("version").stdout
