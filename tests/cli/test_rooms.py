"""`sunshine rooms`: meeting rooms from the command line."""

import json

import psycopg
import pytest

ROOMS = """
INSERT INTO meeting_room (name, capacity, floor, facilities, opens_at, closes_at) VALUES
    ('Aurora', 10, 2, '{projector,whiteboard}', '08:00', '18:00'),
    ('Borealis', 4, 1, '{}', null, null)
"""
BOOKING = """
WITH e AS (INSERT INTO employee (name) VALUES ('Ani') RETURNING id)
INSERT INTO meeting_room_booking (room_id, organizer_id, title, starts_at, ends_at)
SELECT r.id, e.id, 'Standup', '2024-01-15T02:00Z', '2024-01-15T03:00Z'
FROM meeting_room r, e WHERE r.name = 'Borealis'
"""


@pytest.fixture(autouse=True)
def _house(postgres, names):
    """Two rooms, one taken from nine to ten in Jakarta."""
    with psycopg.connect(
        host=postgres.host, port=postgres.port, user=postgres.user,
        dbname=names["sunshine"], autocommit=True,
    ) as connection:  # fmt: skip
        connection.execute(ROOMS)
        connection.execute(BOOKING)


def named(sunshine, *arguments, **environment):
    done = sunshine("rooms", *arguments, "--json", **environment)
    assert done.returncode == 0, done.stderr
    return [row["name"] for row in json.loads(done.stdout)]


def test_it_lists_and_searches_rooms(sunshine):
    assert named(sunshine, "list") == ["Aurora", "Borealis"]
    assert named(sunshine, "list", "--capacity", "5") == ["Aurora"]
    assert named(sunshine, "list", "--floor", "1") == ["Borealis"]
    assert named(sunshine, "list", "--facilities", "Whiteboard,projector") == ["Aurora"]
    head, line, _ = sunshine("rooms", "list").stdout.splitlines()
    assert head.split("\t")[:2] == ["id", "name"]
    assert line.split("\t")[1:5] == ["Aurora", "10", "2", "projector, whiteboard"]


@pytest.mark.parametrize(
    ("at", "more", "expected"),
    [
        ("2024-01-15T08:00", (), ["Borealis", "Aurora"]),
        ("2024-01-15T09:30", (), ["Aurora"]),
        ("2024-01-15T08:30", ("--minutes", "31"), ["Aurora"]),
        ("2024-01-15T08:30", ("--minutes", "30"), ["Borealis", "Aurora"]),
        ("2024-01-15 10:00", ("--capacity", "5"), ["Aurora"]),
        ("2024-01-15T17:30", (), ["Borealis"]),
    ],
)
def test_it_lists_what_is_free_in_the_companys_time(sunshine, at, more, expected):
    assert named(sunshine, "free", "--at", at, *more, BUSINESS_TZ="Asia/Jakarta") == expected


def test_it_says_what_cannot_be(sunshine):
    done = sunshine("rooms", "free", "--at", "2024-01-15T23:30", "--minutes", "60")
    assert (done.returncode, done.stdout) == (2, "")
    assert "a meeting ends on the day it begins" in done.stderr
    assert sunshine("rooms", "free", "--at", "tomorrow").returncode == 2
    assert sunshine("rooms", "free", "--at", "9999-12-31T23:00").returncode == 2
