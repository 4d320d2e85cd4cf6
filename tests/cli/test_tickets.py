"""`sunshine tickets`: the help desk from the command line."""

import json

import psycopg
import pytest

ROWS = """
ALTER SEQUENCE ticket_number_seq RESTART 123;
INSERT INTO employee (name) VALUES ('Rita'), ('Sam');
INSERT INTO ticket (title, description, category, priority, reported_by_id,
    assigned_to_id, first_response_due_at, due_at)
SELECT 'Printer', 'As written in TCK-000124', 'IT', 'high', rita.id, sam.id,
    '2199-01-01Z', '2199-01-01Z'
FROM employee rita, employee sam WHERE rita.name = 'Rita' AND sam.name = 'Sam';
INSERT INTO ticket (title, reported_by_id, first_response_due_at, due_at)
SELECT 'Toner', id, '2024-01-15T10:00Z', '2024-01-15T11:00Z' FROM employee
WHERE name = 'Rita';
INSERT INTO ticket_comment (ticket_id, author, internal, comment, created_at)
SELECT id, 'Sam', false, 'Who knows', '2024-01-15T09:00Z' FROM ticket
WHERE number = 'TCK-000123';
INSERT INTO ticket_comment (ticket_id, author, internal, comment, created_at)
SELECT id, 'Ann', true, 'I do', '2024-01-15T09:30Z' FROM ticket
WHERE number = 'TCK-000123'
"""


@pytest.fixture
def desk(sunshine, postgres, names):
    """Two tickets: one with comments, one that is late; the id of who solves the first."""
    where = {"host": postgres.host, "port": postgres.port, "user": postgres.user}
    with psycopg.connect(**where, dbname=names["sunshine"], autocommit=True) as connection:
        connection.execute(ROWS)
        rows = connection.execute("SELECT id FROM employee WHERE name = 'Sam'").fetchall()
    return rows[0][0]


def listed(sunshine, *arguments):
    done = sunshine("tickets", "list", "--json", *arguments)
    assert done.returncode == 0, done.stderr
    return [row["number"] for row in json.loads(done.stdout)]


def test_it_lists_the_latest_first(sunshine, desk):
    assert listed(sunshine) == ["TCK-000124", "TCK-000123"]
    assert listed(sunshine, "--limit", "1") == ["TCK-000124"]


@pytest.mark.parametrize(
    ("option", "value", "number"),
    [
        ("--priority", "high", 123), ("--priority", "medium", 124), ("--category", "it", 123),
        ("--search", "printer", 123), ("--search", "i do", 123), ("--search", "toner", 124),
        ("--status", "closed", None),
    ],
)  # fmt: skip
def test_it_filters(sunshine, desk, option, value, number):
    found = [f"TCK-{number:06}"] if number else []
    assert listed(sunshine, option, value) == found


def test_it_filters_by_who_solves_it_and_what_is_late(sunshine, desk):
    assert listed(sunshine, "--assigned-to", str(desk)) == ["TCK-000123"]
    assert listed(sunshine, "--assigned-to", "1000000") == []
    assert listed(sunshine, "--breached") == ["TCK-000124"]
    assert sunshine("tickets", "list", "--status", "done").returncode == 2


def test_a_list_has_a_line_per_ticket_in_a_pipe(sunshine, desk):
    lines = [line.split("\t") for line in sunshine("tickets", "list").stdout.splitlines()]
    assert lines[0] == [
        "number", "status", "priority", "title", "reporter", "assignee", "dueAt", "breached",
    ]  # fmt: skip
    late = ["TCK-000124", "open", "medium", "Toner", "Rita", "", "2024-01-15T11:00:00Z", "yes"]
    assert lines[1] == late


@pytest.mark.parametrize("number", ["123", "TCK-000123", "tck-000123", "000123"])
def test_it_shows_one_with_all_that_was_said(sunshine, desk, number):
    shown = json.loads(sunshine("tickets", "show", number, "--json").stdout)
    assert (shown["number"], shown["title"], shown["commentCount"]) == ("TCK-000123", "Printer", 2)
    assert [comment["comment"] for comment in shown["comments"]] == ["Who knows", "I do"]
    lines = dict(
        line.split("\t", 1) for line in sunshine("tickets", "show", number).stdout.splitlines()
    )
    assert (lines["reporter"], lines["assignee"]) == ("Rita", "Sam")
    assert lines["comment"] == "2024-01-15 09:30Z Ann (internal): I do"


@pytest.mark.parametrize("number", ["124000", "TCK-1", "nonsense", "9" * 50, "%", "-"])
def test_one_that_is_not_there_is_not_found(sunshine, desk, number):
    done = sunshine("tickets", "show", number)
    assert (done.returncode, done.stdout) == (3, "")
    assert done.stderr == f"Error: there is no ticket {number}\n"


def test_it_changes_nothing(sunshine, desk):
    sunshine("tickets", "list")
    sunshine("tickets", "show", "123")
    assert json.loads(sunshine("events", "list", "--json").stdout) == []
