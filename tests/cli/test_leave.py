"""`sunshine leave`: balances from the command line."""

import json
from datetime import UTC, datetime

import psycopg
import pytest

YEAR = datetime.now(UTC).year


@pytest.fixture
def people(sunshine, environ, names):
    """Anna, with a code, and Budi, whose code is Anna's id; the ids by name."""
    assert sunshine("db", "status").returncode == 0
    with psycopg.connect(
        host=environ["PG_SUNSHINE_HOST"],
        port=environ["PG_SUNSHINE_PORT"],
        user=environ["PG_SUNSHINE_USER"],
        dbname=names["sunshine"],
        autocommit=True,
    ) as connection:
        connection.execute(
            "INSERT INTO employee (name, email, employee_code)"
            " VALUES ('Anna', 'anna@example.com', 'A-1');"
            "INSERT INTO employee (name, email, employee_code)"
            " SELECT 'Budi', 'budi@example.com', id FROM employee"
        )
        return dict(connection.execute("SELECT name, id FROM employee").fetchall())


def adjusted(sunshine, who, days, *more):
    options = ("--type", "annual", "--days", days, "--reason", "Agreed", *more)
    return sunshine("leave", "adjust", who, *options)


def events(sunshine):
    return [row["type"] for row in json.loads(sunshine("events", "list", "--json").stdout)]


def test_it_shows_a_balance(sunshine, people):
    for who in ("anna@example.com", "ANNA@example.com", "a-1", str(people["Budi"])):
        done = sunshine("leave", "balance", who, "--json")
        assert (done.returncode, done.stderr) == (0, "")
        assert json.loads(done.stdout)["annualLeave"]["total"] == 12
    lines = [line.split("\t") for line in sunshine("leave", "balance", "a-1").stdout.splitlines()]
    assert lines[0][:5] == ["type", "total", "used", "remaining", "pending"]
    assert [line[:4] for line in lines[1:]] == [
        ["annual", "12", "0", "12"], ["special", "5", "0", "5"],
    ]  # fmt: skip
    assert events(sunshine) == []


def test_it_adjusts_one(sunshine, people):
    done = adjusted(sunshine, "a-1", "-1.5", "--yes", "--json")
    assert (done.returncode, done.stderr) == (0, "")
    assert json.loads(done.stdout)["annualLeave"]["total"] == 10.5
    assert adjusted(sunshine, "a-1", "2", "--year", "2024", "--yes").returncode == 0
    shown = json.loads(sunshine("leave", "balance", "a-1", "--year", "2024", "--json").stdout)
    assert shown["annualLeave"]["total"] == 14
    other = json.loads(sunshine("leave", "balance", "budi@example.com", "--json").stdout)
    assert other["annualLeave"]["total"] == 12
    assert events(sunshine).count("leave_adjusted") == 2


def test_it_asks_first(sunshine, people, in_terminal):
    done = adjusted(sunshine, "a-1", "1")
    assert done.returncode == 2
    assert f"+1 days of annual leave {YEAR} for Anna?" in done.stderr
    assert "--yes" in done.stderr
    assert events(sunshine) == []
    options = ("--type", "annual", "--days", "1", "--reason", "Agreed")
    code, screen = in_terminal("leave", "adjust", "a-1", *options, answers=["n"])
    assert (code, "nothing was changed" in screen) == (1, True)
    code, screen = in_terminal("leave", "adjust", "a-1", *options, answers=["y"])
    assert code == 0, screen
    assert "13" in screen


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (("a-1", "0.3"), 2, "days must be whole or half days"),
        (("a-1", "0"), 2, "days must be whole or half days"),
        (("a-1", "nan"), 2, "days"),
        (("a-1", "400"), 2, "days"),
        (("a-1", "two"), 2, "two"),
        (("nobody", "1"), 3, "there is no employee nobody"),
    ],
)
def test_it_refuses_what_is_wrong(sunshine, people, arguments, code, words):
    done = adjusted(sunshine, *arguments, "--yes")
    assert (done.returncode, done.stdout) == (code, "")
    assert words in done.stderr
    assert "Traceback" not in done.stderr
    assert events(sunshine) == []


def test_a_word_that_means_two_people_means_none(sunshine, people):
    done = sunshine("leave", "balance", str(people["Anna"]))
    assert done.returncode == 1
    assert "means several employees" in done.stderr
