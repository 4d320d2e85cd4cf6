"""Commands that come before the first `serve`: what they need is made."""

import json

import pytest


@pytest.fixture
def names(new_names):
    """Nothing is there yet."""
    return new_names


def test_a_user_is_created_where_nothing_is_yet(process):
    arguments = ("users", "create", "anna", "--name", "Anna A", "--role", "admin")
    done = process(*arguments, "--password-stdin", stdin="correct horse 9\n")
    assert (done.returncode, done.stdout) == (0, "")
    assert done.stderr == "Created user anna (admin).\n"
    assert [row["username"] for row in json.loads(process("users", "list", "--json").stdout)] == [
        "anna"
    ]
    assert process("db", "status").returncode == 0


def test_the_demo_fills_what_it_has_made(process):
    done = process("demo")
    assert done.returncode == 0, done.stderr
    assert len(done.stdout.splitlines()) == 5
