"""sunshine/modules/attendance/jobs.py: who forgot to check out is checked out."""

import asyncio
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from sunshine.modules.attendance.assessment import reassess
from tests.api import Api
from tests.attendance.month import alone, came, change, holiday, insert, permit, person, shift

JOB = "attendance-auto-check-out"
HOUR = timedelta(hours=1)
EVERY_DAY = [1, 2, 3, 4, 5, 6, 7]
WORKDAYS = [1, 2, 3, 4, 5]
MONDAY = date(2024, 7, 1)


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


async def run(api: Api, at: datetime, *, dry_run: bool = False) -> int:
    """How many the job checks out as of an instant."""
    counts = await api.app.jobs.run(JOB, as_of=at, dry_run=dry_run)
    assert set(counts) == {"checked_out"}
    return counts["checked_out"]


async def stored(api: Api, id_: int) -> dict[str, Any]:
    [row] = await api.sql("SELECT * FROM attendance WHERE id = %(id)s", id=id_)
    return dict(row)


# The hours of a shift, its timezone and weekdays; the work date and when they came; when they are
# checked out; as of when, and how many minutes that is.
FORGOTTEN = {
    "in the office": ("09:00-17:00", None, WORKDAYS, "2024-07-01", "2024-07-01T08:55",
                      "2024-07-01T18:00", "2024-07-01T17:00", 485),
    "in Jakarta": ("09:00-17:00", "Asia/Jakarta", WORKDAYS, "2024-07-01", "2024-07-01T02:30",
                   "2024-07-01T11:00", "2024-07-01T10:00", 450),
    "by night": ("22:00-06:00", None, WORKDAYS, "2024-07-01", "2024-07-01T22:00",
                 "2024-07-02T07:00", "2024-07-02T06:00", 480),
    "in the night that is an hour shorter": (
        "22:00-06:00", "Europe/Berlin", EVERY_DAY, "2024-03-30", "2024-03-30T21:00",
        "2024-03-31T05:00", "2024-03-31T04:00", 420),
    "in the night that is an hour longer": (
        "22:00-06:00", "America/New_York", EVERY_DAY, "2024-11-02", "2024-11-03T02:00",
        "2024-11-03T12:00", "2024-11-03T11:00", 540),
    "before a shift whose end the clocks jump over": (
        "18:00-02:30", "Europe/Berlin", EVERY_DAY, "2024-03-30", "2024-03-30T17:00",
        "2024-03-31T02:00", "2024-03-31T01:00", 480),
    "on the 29th of February": ("22:00-06:00", None, WORKDAYS, "2024-02-29", "2024-02-29T22:00",
                                "2024-03-01T07:00", "2024-03-01T06:00", 480),
    "on New Year's Eve": ("22:00-06:00", None, WORKDAYS, "2024-12-31", "2024-12-31T23:00",
                          "2025-01-01T07:00", "2025-01-01T06:00", 420),
    "on a day off": ("09:00-17:00", None, WORKDAYS, "2024-07-06", "2024-07-06T09:00",
                     "2024-07-07T01:00", "2024-07-07T01:00", None),
    "after the shift": ("09:00-17:00", None, WORKDAYS, "2024-07-01", "2024-07-01T17:00",
                        "2024-07-02T09:00", "2024-07-02T09:00", None),
    "without a shift": (None, None, None, "2024-07-01", "2024-07-01T09:00",
                        "2024-07-02T01:00", "2024-07-02T01:00", None),
    "without a shift while the clocks change": (
        None, None, None, "2024-03-31", "2024-03-31T00:30", "2024-03-31T16:30",
        "2024-03-31T16:30", None),
}  # fmt: skip


@pytest.mark.parametrize("case", FORGOTTEN)
async def test_who_forgets_is_checked_out(api: Api, case: str) -> None:
    hours, zone, days, day, since, passed, left, minutes = FORGOTTEN[case]
    ada = await alone(api)
    office = None
    if hours:
        office = await shift(api, ada, *hours.split("-"), timezone=zone, work_days=days)
    made = await came(
        api, ada, utc(since), None, work_date=date.fromisoformat(day), shift_id=office
    )
    assert await run(api, utc(passed) - timedelta(seconds=1)) == 0
    assert (await stored(api, made))["check_out_at"] is None
    assert await run(api, utc(passed)) == 1
    assert await run(api, utc(passed) + 24 * HOUR) == 0
    row = await stored(api, made)
    assert (row["check_out_at"], row["worked_minutes"]) == (utc(left), minutes)
    assert row["check_out_recorded_at"] == utc(passed)
    assert (row["auto_check_out"], row["review"]) == (True, True)
    assert row["review_reasons"] == ["auto_check_out"]
    assert row["early_leave"] is False
    assert await api.events() == ["attendance_auto_checked_out"]


async def test_its_event_holds_the_record(api: Api) -> None:
    ada = await alone(api)
    made = await came(api, ada, utc("2024-07-01T09:00"), None)
    await run(api, utc("2024-07-05T00:00"))
    [event] = await api.sql("SELECT entity_id, actor_name, before, after FROM event")
    assert (event["entity_id"], event["actor_name"]) == (made, "system")
    assert event["before"]["checkOut"] is None
    after = event["after"]
    assert (after["employee"], after["checkOut"]) == ("Ada", "2024-07-02T01:00:00Z")
    assert (after["autoCheckOut"], after["reviewReasons"]) == (True, ["auto_check_out"])


@pytest.mark.parametrize("minutes", [0, 300])
async def test_the_window_is_the_shifts_own(api: Api, minutes: int) -> None:
    ada = await alone(api)
    office = await shift(api, ada, "09:00", "17:00", check_out_after_minutes=minutes)
    await came(api, ada, utc("2024-07-01T09:00"), None, shift_id=office)
    passed = utc("2024-07-01T17:00") + timedelta(minutes=minutes)
    assert await run(api, passed - timedelta(seconds=1)) == 0
    assert await run(api, passed) == 1


async def test_nothing_is_scheduled_on_a_holiday(api: Api) -> None:
    ada = await alone(api)
    office = await shift(api, ada, "09:00", "17:00")
    await holiday(api, MONDAY)
    made = await came(api, ada, utc("2024-07-01T09:00"), None, shift_id=office)
    assert await run(api, utc("2024-07-02T00:59")) == 0
    assert await run(api, utc("2024-07-02T01:00")) == 1
    assert (await stored(api, made))["worked_minutes"] is None


async def test_a_shift_without_a_timezone_is_told_by_the_clock_of_its_employee(api: Api) -> None:
    ada = await alone(api, timezone="Asia/Tokyo")
    office = await shift(api, ada, "09:00", "17:00")
    made = await came(api, ada, utc("2024-07-01T00:00"), None, shift_id=office)
    assert await run(api, utc("2024-07-01T09:00")) == 1
    assert (await stored(api, made))["check_out_at"] == utc("2024-07-01T08:00")


async def test_at_a_place_its_clock_tells_when_the_shift_ends(api: Api) -> None:
    ada = await alone(api, timezone="Asia/Tokyo")
    office = await shift(api, ada, "09:00", "17:00")
    berlin = await insert(
        api, "location", name="Berlin", latitude=52.5, longitude=13.4, radius_meters=100,
        timezone="Europe/Berlin",
    )  # fmt: skip
    made = await came(
        api, ada, utc("2024-07-01T07:00"), None, shift_id=office, check_in_location_id=berlin
    )
    assert await run(api, utc("2024-07-01T15:59")) == 0
    assert await run(api, utc("2024-07-01T16:00")) == 1
    assert (await stored(api, made))["check_out_at"] == utc("2024-07-01T15:00")


async def test_earlier_reasons_to_review_stay(api: Api) -> None:
    ada = await alone(api)
    made = await came(
        api, ada, utc("2024-07-01T09:00"), None, review=True, review_reasons=["outside"]
    )
    await run(api, utc("2024-07-05T00:00"))
    assert (await stored(api, made))["review_reasons"] == ["outside", "auto_check_out"]


async def test_nobody_is_taken_to_stay_until_after_they_came_again(api: Api) -> None:
    """HR may record another day's attendance while one is open."""
    ada = await alone(api)
    made = await came(api, ada, utc("2024-07-01T09:00"), None)
    await came(api, ada, utc("2024-07-01T20:00"), utc("2024-07-01T21:00"), worked_minutes=60)
    assert await run(api, utc("2024-07-05T00:00")) == 1
    assert (await stored(api, made))["check_out_at"] == utc("2024-07-01T20:00")


async def test_after_a_downtime_all_are_checked_out_once(api: Api) -> None:
    await alone(api)
    for number in range(5):
        ada = await person(api, name=f"N{number}")
        for day in range(number):
            at = utc("2024-07-01T09:00") + 24 * HOUR * day
            await came(api, ada, at, at + HOUR, worked_minutes=60)
        await came(api, ada, utc("2024-07-01T09:00") + 24 * HOUR * number, None)
    assert await run(api, utc("2024-07-20T00:00")) == 5
    assert await run(api, utc("2024-07-20T00:00")) == 0
    assert await api.events() == ["attendance_auto_checked_out"] * 5


async def test_what_nobody_knows_is_not_paid_until_somebody_corrects_it(api: Api) -> None:
    [row] = await api.sql("SELECT id FROM employee WHERE name = 'Employee Person'")
    made = await came(api, row["id"], utc("2024-07-01T09:00"), None)
    await run(api, utc("2024-07-05T00:00"))
    await permit(api, row["id"], MONDAY, "09:00", "10:00")
    async with change(api, utc("2024-07-05T00:00")) as tx:
        await reassess(tx, row["id"], MONDAY, MONDAY)
    assert (await stored(api, made))["worked_minutes"] is None
    answer = await api.put(
        f"/api/attendance/{made}", {"checkOut": "2024-07-01T17:00:00Z"}, as_="hr"
    )
    assert (answer.data["workedMinutes"], answer.data["autoCheckOut"]) == (480, False)


async def test_a_dry_run_leaves_nothing(api: Api) -> None:
    ada = await alone(api)
    made = await came(api, ada, utc("2024-07-01T09:00"), None)
    before = await stored(api, made)
    assert await run(api, utc("2024-07-05T00:00"), dry_run=True) == 1
    assert await stored(api, made) == before
    assert await api.events() == []


async def test_who_checks_out_at_that_very_moment_is_checked_out_once(api: Api) -> None:
    employee = api.employee.employee_id
    assert employee
    for round_ in range(12):
        await api.sql("DELETE FROM attendance")
        await api.sql("DELETE FROM event")
        made = await came(api, employee, datetime.now(UTC) - 17 * HOUR, None)
        forgotten = api.app.jobs.run(JOB)
        check_out = api.post("/api/attendance/check-out", {}, as_="employee")
        # Now the one is a little ahead, now the other.
        pair = (check_out, forgotten) if round_ % 2 else (forgotten, check_out)
        found: list[Any] = await asyncio.gather(*pair)
        answer, counts = found if round_ % 2 else found[::-1]
        row = await stored(api, made)
        assert (answer.status, counts["checked_out"], row["auto_check_out"]) in (
            (200, 0, False),
            (409, 1, True),
        )
        assert row["check_out_at"] is not None
        assert await api.events() == [
            "attendance_auto_checked_out" if row["auto_check_out"] else "attendance_checked_out"
        ]
