"""`sunshine events list`: the audit trail from the command line."""

import json
import subprocess
import sys

import pytest

from tests.cli.conftest import CLI


@pytest.fixture
def history(sunshine):
    """Three users, made one after the other."""
    for name in ("anna", "bob", "carl"):
        arguments = ("users", "create", name, "--name", name, "--role", "admin")
        done = sunshine(*arguments, "--password-stdin", stdin="correct horse 9")
        assert done.returncode == 0, done.stderr
    assert sunshine("users", "disable", "carl").returncode == 0


def listed(sunshine, *arguments):
    return json.loads(sunshine("events", "list", "--json", *arguments).stdout)


def test_it_lists_the_last_ones_oldest_first(sunshine, history):
    rows = listed(sunshine)
    assert [row["type"] for row in rows] == ["user_created"] * 3 + ["user_updated"]
    assert [row["after"].get("username") for row in rows] == ["anna", "bob", "carl", None]
    assert rows[-2:] == listed(sunshine, "--limit", "2")
    assert rows[0]["actor"]["name"].startswith("cli:")


def test_it_lists_what_came_after_a_cursor(sunshine, history):
    rows = listed(sunshine)
    assert listed(sunshine, "--since", rows[0]["seq"]) == rows[1:]
    assert listed(sunshine, "--since", rows[0]["seq"], "--limit", "1") == rows[1:2]
    assert listed(sunshine, "--since", rows[-1]["seq"]) == []


def test_it_filters(sunshine, history):
    assert [row["type"] for row in listed(sunshine, "--type", "user_updated")] == ["user_updated"]
    assert listed(sunshine, "--entity", "employee") == []
    assert listed(sunshine, "--database", "fleet") == []


def test_a_line_per_event_in_a_pipe(sunshine, history):
    lines = sunshine("events", "list").stdout.splitlines()
    assert lines[0].split("\t") == ["seq", "at", "type", "entity", "entityId", "actor"]
    assert len(lines) == 5


def test_a_bad_cursor_is_usage(sunshine, history):
    done = sunshine("events", "list", "--since", "yesterday")
    assert (done.returncode, done.stderr) == (2, "Error: since is not a cursor\n")


def test_a_tail_prints_the_last_ones_a_line_each(sunshine, history):
    lines = sunshine("events", "tail", "-n", "2").stdout.splitlines()
    assert [line.split("\t")[2] for line in lines] == ["user_created", "user_updated"]
    rows = [json.loads(line) for line in sunshine("events", "tail", "--json").stdout.splitlines()]
    assert rows == listed(sunshine)
    assert sunshine("events", "tail", "-n", "0").stdout == ""
    assert sunshine("events", "tail", "--type", "user_updated").stdout.count("\n") == 1


def test_a_tail_follows_what_happens(sunshine, history, environ, tmp_path):
    command = [sys.executable, str(CLI), "events", "tail", "-n", "1", "--follow", "--json"]
    with subprocess.Popen(command, cwd=tmp_path, env=environ, stdout=subprocess.PIPE) as process:
        assert process.stdout
        try:
            first = json.loads(process.stdout.readline())
            assert first["type"] == "user_updated"
            assert sunshine("users", "enable", "carl").returncode == 0
            second = json.loads(process.stdout.readline())
            assert (second["type"], second["after"]["active"]) == ("user_updated", True)
            assert sunshine("users", "disable", "bob").returncode == 0
            third = json.loads(process.stdout.readline())
            assert third["entityId"] != second["entityId"]
        finally:
            process.terminate()
        assert process.wait(timeout=20) == 143
