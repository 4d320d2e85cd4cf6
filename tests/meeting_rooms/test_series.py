"""Recurring meetings: POST /api/meeting-rooms/schedule with `recurrence`."""

import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from tornado.ioloop import IOLoop

from sunshine.core.settings import Settings
from tests.api import Api
from tests.conftest import Now, serve
from tests.factories import refused
from tests.meeting_rooms.factories import ROOMS, SCHEDULE, book, booked, overlaps, room

BERLIN = ZoneInfo("Europe/Berlin")


@pytest.fixture
def berlin(settings: Settings, io_loop: IOLoop, _now: Now, api: Api) -> Iterator[Api]:
    """A server of a company in Berlin, on the same databases."""
    policy = replace(settings.policy, timezone=BERLIN)
    for server in serve(replace(settings, policy=policy), io_loop, _now):
        server.cast = api.cast
        yield server


def days(made: dict[str, Any]) -> list[str]:
    return [each["date"] for each in made["occurrences"]]


@pytest.mark.parametrize(
    ("first", "recurrence", "expected"),
    [
        ("2024-01-15", {"freq": "daily", "count": 3}, ["2024-01-15", "2024-01-16", "2024-01-17"]),
        ("2024-01-15", {"freq": "weekly", "interval": 2, "until": "2024-02-12"},
         ["2024-01-15", "2024-01-29", "2024-02-12"]),
        ("2024-01-15", {"freq": "weekly", "until": "2024-01-15"}, ["2024-01-15"]),
        ("2024-01-31", {"freq": "monthly", "count": 3},
         ["2024-01-31", "2024-03-31", "2024-05-31"]),
        ("2024-02-29", {"freq": "monthly", "interval": 12, "count": 2},
         ["2024-02-29", "2028-02-29"]),
    ],
)  # fmt: skip
async def test_it_books_every_day_of_the_series(
    api: Api, first: str, recurrence: dict[str, Any], expected: list[str]
) -> None:
    made = await booked(api, await room(api), date=first, recurrence=recurrence)
    assert days(made) == expected
    assert (made["date"], made["skipped"]) == (first, [])
    rows = (await api.get(f"{SCHEDULE}?seriesId={made['seriesId']}", as_="hr")).data
    assert [row["id"] for row in rows] == [each["id"] for each in made["occurrences"]]
    assert {(row["startTime"], row["endTime"]) for row in rows} == {("09:00", "10:00")}
    assert await api.events() == ["meeting_room_booked"] * len(expected)


@pytest.mark.parametrize(
    "recurrence",
    [
        {"freq": "daily"},
        {"freq": "daily", "count": 3, "until": "2024-02-01"},
        {"freq": "daily", "until": "2024-01-14"},
        {"freq": "daily", "until": "2025-01-15"},
        {"freq": "daily", "count": 367},
        {"freq": "daily", "count": 0},
        {"freq": "daily", "count": 2, "interval": 0},
        {"freq": "yearly", "count": 2},
        {"count": 2},
        {"freq": "daily", "count": 2, "byday": "MO"},
        {"freq": "monthly", "interval": 99, "count": 366},
    ],
)
async def test_it_refuses_what_is_no_series(api: Api, recurrence: dict[str, Any]) -> None:
    answer = await book(api, await room(api), recurrence=recurrence)
    assert answer.status == 400
    assert {field.partition(".")[0] for field in answer.fields} <= {"recurrence", "date"}
    assert await api.events() == []


async def test_a_year_of_days_is_booked_at_once(api: Api) -> None:
    id_ = await room(api)
    people = [api.cast[name].employee_id for name in ("admin", "hr", "manager")]
    began = time.perf_counter()
    made = await booked(
        api, id_, attendees=people, recurrence={"freq": "daily", "until": "2025-01-14"}
    )
    assert time.perf_counter() - began < 1
    assert (len(made["occurrences"]), made["warnings"]) == (366, [])
    [row] = await api.sql("SELECT count(*) AS n, count(DISTINCT cmin::text) AS statements,"
                          " max(starts_at) AS last FROM meeting_room_booking")  # fmt: skip
    assert (row["n"], row["statements"]) == (366, 1)
    assert row["last"] == datetime(2025, 1, 14, 9, tzinfo=UTC)


async def test_nothing_is_booked_where_one_day_is_taken(api: Api) -> None:
    id_ = await room(api)
    free = await room(api, name="Borealis")
    half = await room(api, name="Half free")
    await booked(api, id_, "stranger", date="2024-01-17", startTime="08:30", endTime="09:30")
    await booked(api, half, "stranger", date="2024-01-16")
    await api.sql("DELETE FROM event")
    answer = await book(api, id_, recurrence={"freq": "daily", "count": 5})
    await refused(api, answer, 409, "room_taken")
    said = answer.json["data"]
    assert said["conflicts"] == [{"date": "2024-01-17", "startTime": "08:30", "endTime": "09:30"}]
    assert said["suggestions"].keys() == {"rooms"}  # another time is no answer to five days
    assert [row["id"] for row in said["suggestions"]["rooms"]] == [free]


async def test_taken_days_may_be_skipped_and_are_named(api: Api) -> None:
    id_ = await room(api)
    for day in ("2024-01-15", "2024-01-17"):
        await booked(api, id_, "stranger", date=day, startTime="09:59", endTime="11:00")
    series = {"freq": "daily", "count": 4, "skipConflicts": True}
    made = await booked(api, id_, recurrence=series)
    assert made["skipped"] == ["2024-01-15", "2024-01-17"]
    assert days(made) == ["2024-01-16", "2024-01-18"]
    assert made["date"] == "2024-01-16"
    assert await overlaps(api) == []
    again = await book(api, id_, recurrence=series | {"count": 2})
    assert (again.status, again.code) == (409, "room_taken"), "nothing is left"


async def test_nine_is_nine_in_summer_and_winter(berlin: Api) -> None:
    id_ = await room(berlin)
    for first in ("2024-03-25", "2024-10-21"):  # the clocks change on 31 March and 27 October
        made = await booked(
            berlin, id_, date=first, startTime="00:30", endTime="23:30",
            recurrence={"freq": "daily", "count": 10},
        )  # fmt: skip
        rows = (await berlin.get(f"{SCHEDULE}?seriesId={made['seriesId']}", as_="hr")).data
        assert {(row["startTime"], row["endTime"]) for row in rows} == {("00:30", "23:30")}
        starts = [datetime.fromisoformat(row["startsAt"]) for row in rows]
        assert {start.hour for start in starts} == {23, 22}
        for row, start in zip(rows, starts, strict=True):
            local = start.astimezone(BERLIN)
            assert (local.date(), local.hour) == (date.fromisoformat(row["date"]), 0)
            path = f"{ROOMS}/{id_}/availability?date={row['date']}"
            shown = (await berlin.get(path, as_="hr")).data
            assert shown["booked"] == [{"startTime": "00:30", "endTime": "23:30"}]
            assert [piece["endTime"] for piece in shown["free"]] == ["00:30", "23:59"]


async def test_a_time_that_the_clocks_jump_over_is_named(berlin: Api) -> None:
    id_ = await room(berlin)
    series = {"freq": "daily", "count": 3}
    answer = await book(
        berlin, id_, date="2024-03-30", startTime="02:30", endTime="04:00", recurrence=series
    )
    assert (answer.status, answer.fields) == (400, {"startTime"})
    assert "2024-03-31" in answer.json["errors"][0]["message"]
    assert await berlin.events() == []


async def test_the_days_of_the_schedule_are_those_of_the_business(berlin: Api) -> None:
    id_ = await room(berlin)
    made = await booked(berlin, id_, date="2024-07-01", startTime="00:30", endTime="01:00")
    assert made["startsAt"] == "2024-06-30T22:30:00Z"
    for query, count in [("date=2024-07-01", 1), ("date=2024-06-30", 0),
                         ("startDate=2024-07-01", 1), ("endDate=2024-06-30", 0)]:  # fmt: skip
        rows = (await berlin.get(f"{SCHEDULE}?{query}", as_="hr")).data
        assert len(rows) == count, query


async def test_what_follows_of_a_series_is_cancelled_together(api: Api, now: Now) -> None:
    now.set(2024, 1, 15, 8)
    id_ = await room(api)
    other = await booked(api, id_, startTime="11:00", endTime="12:00")
    made = await booked(api, id_, recurrence={"freq": "daily", "count": 4})
    ids = [each["id"] for each in made["occurrences"]]
    gone = await api.delete(f"{SCHEDULE}/{ids[1]}?scope=series", as_="employee")
    assert (gone.status, gone.data["cancelled"]) == (200, 3)
    left = (await api.get(SCHEDULE, as_="hr")).data
    assert [row["id"] for row in left] == [ids[0], other["id"]]
    alone = await api.delete(f"{SCHEDULE}/{ids[0]}", as_="employee")
    assert (alone.data["cancelled"], alone.data["status"]) == (1, "cancelled")
    assert (await api.delete(f"{SCHEDULE}/{other['id']}?scope=series", as_="employee")).data[
        "cancelled"
    ] == 1
    assert (await api.events()).count("meeting_room_cancelled") == 5
