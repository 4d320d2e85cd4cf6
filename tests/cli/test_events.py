"""`sunshine events list`: the audit trail from the command line."""

import json

import pytest


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
