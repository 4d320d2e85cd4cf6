"""Which day a check-in is filed under, and how it is seen there. The rules: test_time_rules.py."""

import os
import time
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from tests.api import Api
from tests.attendance.factories import (
    MONUMENT,
    approve_leave,
    approve_permit,
    come,
    decide,
    give_shift,
    leave,
    make_holiday,
    make_place,
    mark,
    place,
    records,
    stay,
)
from tests.conftest import Now


async def test_half_past_eleven_is_the_next_day_in_jakarta(
    api: Api, now: Now, monkeypatch: pytest.MonkeyPatch
) -> None:
    now.set(2024, 1, 15, 23, 30)
    assert (await come(api)).data["workDate"] == "2024-01-15"  # UTC is the business' here
    decide(api, monkeypatch, timezone=ZoneInfo("Asia/Jakarta"))
    assert (await come(api, "manager")).data["workDate"] == "2024-01-16"


@pytest.mark.parametrize(
    ("zones", "expected"),
    [
        ({}, "2024-01-16"),
        ({"employee": "America/New_York"}, "2024-01-15"),
        ({"placed": "Europe/Berlin", "employee": "America/New_York"}, "2024-01-16"),
        ({"place": "UTC", "placed": "Asia/Jakarta", "employee": "Asia/Jakarta"}, "2024-01-15"),
        ({"shift": "America/New_York", "place": "Asia/Jakarta", "placed": "Asia/Jakarta"},
         "2024-01-15"),
        ({"shift": "Asia/Jakarta", "employee": "America/New_York"}, "2024-01-16"),
    ],
)  # fmt: skip
async def test_the_day_is_told_by_shift_place_employee_or_business(
    api: Api, now: Now, monkeypatch: pytest.MonkeyPatch, zones: dict[str, str], expected: str
) -> None:
    """The nearer one wins; the business is in Jakarta, and it is half past eleven in Greenwich."""
    decide(api, monkeypatch, timezone=ZoneInfo("Asia/Jakarta"))
    now.set(2024, 1, 15, 23, 30)
    who = api.employee.employee_id
    if "employee" in zones:
        await api.put(f"/api/employees/{who}", {"timezone": zones["employee"]}, as_="hr")
    if "shift" in zones:
        await give_shift(api, timezone=zones["shift"], workDays=[7])
    if "placed" in zones:
        await place(api, await make_place(api, "Placed", timezone=zones["placed"]))
    where: dict[str, Any] = {}
    if "place" in zones:
        near = await make_place(api, "Near", timezone=zones["place"], **MONUMENT)
        await place(api, near, "2024-01-02")
        where["location"] = MONUMENT
    assert (await come(api, **where)).data["workDate"] == expected


async def test_the_servers_own_timezone_does_not_matter(
    api: Api, now: Now, monkeypatch: pytest.MonkeyPatch
) -> None:
    decide(api, monkeypatch, timezone=ZoneInfo("Asia/Jakarta"))
    now.set(2024, 12, 31, 17, 30)
    try:
        for number, zone in enumerate(("America/Los_Angeles", "Pacific/Kiritimati", "UTC")):
            monkeypatch.setitem(os.environ, "TZ", zone)
            time.tzset()
            name = ("employee", "manager", "stranger")[number]
            made = (await come(api, name)).data
            assert (made["workDate"], made["checkIn"]) == ("2025-01-01", "2024-12-31T17:30:00Z")
    finally:
        monkeypatch.undo()
        time.tzset()


async def test_a_night_shift_belongs_to_the_day_it_begins(api: Api, now: Now) -> None:
    id_ = await give_shift(api, startTime="22:00", endTime="06:00", timezone="Europe/Berlin")
    now.set(2024, 2, 29, 23, 30)  # half past midnight, the first of March there
    made = (await come(api)).data
    assert (made["workDate"], made["late"]) == ("2024-02-29", True)
    assert (made["shiftId"], made["shift"]) == (id_, "Shift of employee")


async def test_a_shift_counts_while_it_is_assigned(api: Api, now: Now) -> None:
    await give_shift(api, since="2024-01-16")
    now.set(2024, 1, 15, 10, 0)
    made = (await come(api)).data
    assert (made["late"], made["shiftId"]) == (False, None)
    now.set(2024, 1, 15, 11, 0)
    await leave(api)
    now.set(2024, 1, 16, 10, 0)
    assert (await come(api)).data["late"] is True


async def test_late_is_after_the_grace(api: Api, now: Now) -> None:
    await give_shift(api, graceMinutes=10)
    await give_shift(api, "manager", graceMinutes=10)
    now.set(2024, 1, 15, 9, 10)
    assert (await come(api)).data["late"] is False
    now.set(2024, 1, 15, 9, 11)
    assert (await come(api, "manager")).data["late"] is True
    assert (await come(api, "stranger")).data["late"] is False  # without a shift: never


@pytest.mark.parametrize(
    ("excuse", "late"),
    [
        ("nothing", True), ("permit", False), ("pending permit", True), ("earlier permit", True),
        ("morning", False), ("afternoon", True), ("pending morning", True), ("holiday", False),
    ],
)  # fmt: skip
async def test_what_excuses_is_asked(api: Api, now: Now, excuse: str, late: bool) -> None:
    await give_shift(api)
    day = "2024-01-15"
    match excuse:
        case "permit":
            await approve_permit(api, day, "08:00", "11:00")
        case "pending permit":
            await approve_permit(api, day, "08:00", "11:00", "pending")
        case "earlier permit":
            await approve_permit(api, day, "08:00", "10:30")
        case "morning":
            await approve_leave(api, day, day, "am")
        case "afternoon":
            await approve_leave(api, day, day, "pm")
        case "pending morning":
            await approve_leave(api, day, day, "am", "pending")
        case "holiday":
            await make_holiday(api, day)
    now.set(2024, 1, 15, 11, 0)
    made = (await come(api)).data
    assert (made["late"], made["reviewReasons"]) == (late, [])


@pytest.mark.parametrize(
    ("first", "last", "status", "reasons"),
    [
        ("2024-01-15", "2024-01-15", "approved", ["on_leave"]),
        ("2024-01-08", "2024-01-19", "approved", ["on_leave"]),
        ("2024-01-15", "2024-01-15", "pending", []),
        ("2024-01-15", "2024-01-15", "cancelled", []),
        ("2024-01-08", "2024-01-14", "approved", []),
        ("2024-01-16", "2024-01-19", "approved", []),
    ],
)
async def test_who_is_on_leave_and_comes_is_looked_at(
    api: Api, now: Now, first: str, last: str, status: str, reasons: list[str]
) -> None:
    await approve_leave(api, first, last, status=status)
    now.set(2024, 1, 15, 8, 0)
    made = (await come(api)).data
    assert (made["review"], made["reviewReasons"]) == (bool(reasons), reasons)


async def test_who_came_was_not_absent(api: Api) -> None:
    absence = await mark(api, "2024-01-15", "absent")
    other = await mark(api, "2024-01-16", "absent")
    made = await stay(api, "2024-01-15T08:00:00Z")
    assert [row["id"] for row in await records(api)] == [other, made["id"]]
    [withdrawn, came] = await api.sql("SELECT type, entity_id, before FROM event ORDER BY id")
    assert (withdrawn["type"], withdrawn["entity_id"]) == ("attendance_day_withdrawn", absence)
    assert withdrawn["before"] == {
        "id": absence, "employeeId": api.employee.employee_id, "workDate": "2024-01-15",
        "status": "absent", "leaveId": None, "shiftId": None,
    }  # fmt: skip
    assert came["type"] == "attendance_checked_in"


async def test_a_holiday_stays_one(api: Api) -> None:
    holiday = await mark(api, "2024-01-15", "holiday")
    made = await stay(api, "2024-01-15T08:00:00Z")
    assert [row["id"] for row in await records(api)] == [holiday, made["id"]]


async def test_a_second_stay_of_a_day_is_not_late(api: Api) -> None:
    await give_shift(api)
    await stay(api, "2024-01-15T09:00:00Z", "2024-01-15T12:00:00Z")
    [row] = await records(api)
    assert row["early_leave"] is True
    events = await api.events()
    after_lunch = await stay(api, "2024-01-15T13:00:00Z")
    assert after_lunch["late"] is False
    [morning, _] = await records(api)
    assert morning["early_leave"] is False
    assert (await api.events())[len(events) :] == ["attendance_reassessed", "attendance_checked_in"]


async def test_who_comes_earlier_after_all_was_not_late(api: Api) -> None:
    await give_shift(api)
    late = await stay(api, "2024-01-15T10:00:00Z", "2024-01-15T17:00:00Z")
    assert late["late"] is True
    before = await stay(api, "2024-01-15T09:00:00Z")
    assert before["late"] is False
    rows = {row["id"]: row["late"] for row in await records(api)}
    assert rows == {late["id"]: False, before["id"]: False}
