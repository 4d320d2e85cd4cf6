"""sunshine/modules/attendance/absences.py: absences, leave and holidays as rows of attendance."""

import asyncio
from datetime import UTC, date, datetime, timedelta

import pytest

from sunshine.modules.attendance.absences import sync_absences
from tests.api import Api
from tests.attendance.month import (
    alone,
    business_in,
    came,
    change,
    close,
    days_of,
    each,
    holiday,
    insert,
    leave,
    perform,
    permit,
    person,
    shift,
)

MONDAY, TUESDAY, FRIDAY, SUNDAY = (date(2024, 7, day) for day in (1, 2, 5, 7))
LATER = datetime(2024, 7, 20, 12, tzinfo=UTC)
WEEK = each(MONDAY, SUNDAY, "absent")
NOTHING = {"withdrawn": 0, "absent": 0, "on_leave": 0, "holiday": 0}


async def settled(
    api: Api,
    first: date = MONDAY,
    last: date = SUNDAY,
    employee: int | None = None,
    now: datetime = LATER,
) -> dict[str, int]:
    """What changed, by kind; what did not is left out."""
    found = await perform(api, lambda tx: sync_absences(tx, first, last, employee), now)
    assert set(found) == set(NOTHING)
    return {kind: number for kind, number in found.items() if number}


async def test_who_did_not_come_on_a_working_day_is_absent(api: Api) -> None:
    ada = await alone(api)
    await close(api, MONDAY, SUNDAY)
    assert await settled(api) == {"absent": 5}
    assert await days_of(api, ada) == WEEK
    events = await api.sql(
        "SELECT e.type, e.entity, e.actor_name, e.before, e.after, e.entity_id = a.id AS same"
        " FROM event e JOIN attendance a ON a.id = e.entity_id ORDER BY e.id LIMIT 1"
    )
    [row] = await api.sql("SELECT id FROM attendance ORDER BY id LIMIT 1")
    after = {"id": row["id"], "employeeId": ada, "workDate": "2024-07-01", "status": "absent",
             "shiftId": None, "leaveId": None}  # fmt: skip
    assert events == [
        {"type": "attendance_absent", "entity": "attendance", "actor_name": "system",
         "before": None, "after": after, "same": True}
    ]  # fmt: skip
    assert await api.events() == ["attendance_absent"] * 5


async def test_what_is_settled_stays_so(api: Api) -> None:
    ada = await alone(api)
    await close(api, MONDAY, SUNDAY)
    await holiday(api, TUESDAY)
    await leave(api, ada, FRIDAY)
    await settled(api)
    before = await api.events()
    assert await settled(api) == await settled(api, employee=ada) == {}
    assert await api.events() == before


async def test_nobody_is_absent_on_a_day_that_is_not_closed(api: Api) -> None:
    ada = await alone(api)
    assert await settled(api) == {}
    await close(api, TUESDAY, TUESDAY)
    assert await settled(api) == {"absent": 1}
    assert await days_of(api, ada) == {"2024-07-02": "absent"}


async def test_coming_takes_the_absence_away(api: Api) -> None:
    ada = await alone(api)
    await close(api, MONDAY, SUNDAY)
    await settled(api)
    hour = datetime(2024, 7, 2, 9, tzinfo=UTC)
    await came(api, ada, hour, hour + timedelta(hours=1))
    await came(api, ada, hour + timedelta(hours=2), None)
    assert await settled(api, TUESDAY, TUESDAY, ada) == {"withdrawn": 1}
    assert await days_of(api, ada) == WEEK | {"2024-07-02": "present+present"}
    [event] = await api.sql("SELECT type, before, after FROM event ORDER BY id DESC LIMIT 1")
    assert (event["type"], event["after"]) == ("attendance_day_withdrawn", None)
    assert (event["before"]["workDate"], event["before"]["status"]) == ("2024-07-02", "absent")


async def test_approved_leave_shows_whenever_it_is(api: Api) -> None:
    ada = await alone(api)
    far = date(2030, 1, 1)
    await leave(api, ada, MONDAY, TUESDAY)
    await leave(api, ada, far)
    await leave(api, ada, FRIDAY, status="pending")
    assert await settled(api, MONDAY, far) == {"on_leave": 3}
    await close(api, MONDAY, SUNDAY)
    assert await settled(api) == {"absent": 3}
    assert await days_of(api, ada) == WEEK | {
        "2024-07-01": "on_leave", "2024-07-02": "on_leave", "2030-01-01": "on_leave",
    }  # fmt: skip


async def test_half_a_day_of_leave_is_no_absence(api: Api) -> None:
    ada = await alone(api)
    await close(api, MONDAY, MONDAY)
    await leave(api, ada, MONDAY, portion=0.5)
    assert await settled(api) == {"on_leave": 1}
    await came(api, ada, datetime(2024, 7, 1, 13, tzinfo=UTC), None)
    assert await settled(api) == {}
    assert await days_of(api, ada) == {"2024-07-01": "on_leave+present"}


async def test_leave_that_is_taken_back_is_an_absence_again(api: Api) -> None:
    ada = await alone(api)
    await close(api, MONDAY, SUNDAY)
    await leave(api, ada, MONDAY, TUESDAY, FRIDAY)
    await settled(api)
    await api.sql("DELETE FROM leave_day WHERE day = %(day)s", day=TUESDAY)
    assert await settled(api) == {"withdrawn": 1, "absent": 1}
    await api.sql("UPDATE leave SET status = 'cancelled'")
    assert await settled(api, employee=ada) == {"withdrawn": 2, "absent": 2}
    assert await days_of(api, ada) == WEEK


@pytest.mark.parametrize("status", ["pending", "rejected", "cancelled"])
async def test_only_an_approved_permit_excuses(api: Api, status: str) -> None:
    ada = await alone(api)
    await close(api, MONDAY, SUNDAY)
    excuse = await permit(api, ada, MONDAY, "10:00", "11:00", status=status)
    assert await settled(api) == {"absent": 5}
    await api.sql("UPDATE permit SET status = 'approved' WHERE id = %(id)s", id=excuse)
    assert await settled(api, employee=ada) == {"withdrawn": 1}
    assert await days_of(api, ada) == {day: said for day, said in WEEK.items() if day[-1] != "1"}


async def test_a_holiday_is_shown_on_working_days(api: Api) -> None:
    ada = await alone(api)
    await close(api, MONDAY, SUNDAY)
    await settled(api)
    for day in (TUESDAY, SUNDAY):
        await holiday(api, day)
    assert await settled(api) == {"withdrawn": 1, "holiday": 1}
    assert await days_of(api, ada) == WEEK | {"2024-07-02": "holiday"}
    await api.sql("UPDATE holiday SET deleted_at = now()")
    assert await settled(api) == {"withdrawn": 1, "absent": 1}
    assert await days_of(api, ada) == WEEK


async def test_who_works_on_a_holiday_is_present_on_a_holiday(api: Api) -> None:
    ada = await alone(api)
    await close(api, MONDAY, MONDAY)
    await holiday(api, MONDAY)
    await came(api, ada, datetime(2024, 7, 1, 9, tzinfo=UTC), None)
    assert await settled(api) == {"holiday": 1}
    assert await days_of(api, ada) == {"2024-07-01": "holiday+present"}


async def test_a_shift_says_which_days_are_worked(api: Api) -> None:
    ada = await alone(api)
    await close(api, MONDAY, SUNDAY)
    office = await shift(api, ada, "09:00", "17:00", work_days=[1, 6, 7])
    assert await settled(api) == {"absent": 3}
    assert list(await days_of(api, ada)) == ["2024-07-01", "2024-07-06", "2024-07-07"]
    rows = await api.sql("SELECT DISTINCT shift_id FROM attendance")
    assert rows == [{"shift_id": office}]


async def test_nobody_is_absent_before_joining(api: Api) -> None:
    ada = await alone(api, join_date=TUESDAY)
    await close(api, MONDAY, SUNDAY)
    await settled(api)
    assert "2024-07-01" not in await days_of(api, ada)
    await api.sql("UPDATE employee SET join_date = %(day)s", day=FRIDAY)
    assert await settled(api) == {"withdrawn": 3}
    assert list(await days_of(api, ada)) == ["2024-07-05"]


async def test_without_a_date_of_joining_it_is_the_day_they_were_recorded(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    at = datetime(2024, 7, 3, 20, tzinfo=UTC)  # Thursday in Jakarta
    ada = await alone(api, join_date=None, created_at=at)
    await close(api, MONDAY, SUNDAY)
    business_in(monkeypatch, api, "Asia/Jakarta")
    await settled(api)
    assert list(await days_of(api, ada)) == ["2024-07-04", "2024-07-05"]


@pytest.mark.parametrize("left", ["status = 'inactive'", "deleted_at = now()"])
async def test_who_left_is_not_absent_and_keeps_what_was(api: Api, left: str) -> None:
    ada = await alone(api)
    await close(api, MONDAY, SUNDAY)
    await settled(api, MONDAY, TUESDAY)
    await api.sql(f"UPDATE employee SET {left}")
    assert await settled(api) == await settled(api, employee=ada) == {}
    assert list(await days_of(api, ada)) == ["2024-07-01", "2024-07-02"]


async def test_it_touches_only_the_days_and_the_employee_it_is_told(api: Api) -> None:
    ada = await alone(api)
    eve = await person(api, name="Eve")
    await close(api, MONDAY, SUNDAY)
    await leave(api, eve, TUESDAY)
    await leave(api, ada, FRIDAY)
    assert await settled(api, TUESDAY, TUESDAY, ada) == {"absent": 1}
    assert (await days_of(api, ada), await days_of(api, eve)) == ({"2024-07-02": "absent"}, {})


# When work of Monday is over for those who do not work by the clock of the business, which is
# UTC's: shift, its timezone, that of the place, that of the employee, and the instant.
ENDS = [
    (None, None, None, None, datetime(2024, 7, 2, tzinfo=UTC)),
    (None, None, None, "America/New_York", datetime(2024, 7, 2, 4, tzinfo=UTC)),
    (None, None, "Asia/Tokyo", "America/New_York", datetime(2024, 7, 1, 15, tzinfo=UTC)),
    (("09:00", "17:00"), None, None, None, datetime(2024, 7, 1, 17, tzinfo=UTC)),
    (("22:00", "06:00"), None, None, None, datetime(2024, 7, 2, 6, tzinfo=UTC)),
    (("22:00", "22:00"), None, None, None, datetime(2024, 7, 2, 22, tzinfo=UTC)),
    (("09:00", "17:00"), None, None, "Asia/Jakarta", datetime(2024, 7, 1, 10, tzinfo=UTC)),
    (("09:00", "17:00"), "Pacific/Honolulu", "Asia/Tokyo", "UTC",
     datetime(2024, 7, 2, 3, tzinfo=UTC)),
    (("20:00", "08:00"), "Etc/GMT+12", None, None, datetime(2024, 7, 2, 20, tzinfo=UTC)),
]  # fmt: skip


@pytest.mark.parametrize(("hours", "of_shift", "of_place", "own", "end"), ENDS)
async def test_nobody_is_absent_before_their_work_is_over(
    api: Api,
    hours: tuple[str, str] | None,
    of_shift: str | None,
    of_place: str | None,
    own: str | None,
    end: datetime,
) -> None:
    ada = await alone(api, timezone=own)
    await close(api, MONDAY, MONDAY)
    if hours:
        await shift(api, ada, *hours, timezone=of_shift)
    if of_place:
        place = await insert(
            api, "location", name="A", latitude=0, longitude=0, radius_meters=1, timezone=of_place
        )
        await insert(api, "placement", employee_id=ada, location_id=place, valid_from=MONDAY)
    assert await settled(api, now=end - timedelta(seconds=1)) == {}
    assert await settled(api, now=end) == {"absent": 1}


async def test_two_at_once_write_once(api: Api) -> None:
    people = [await person(api, name=f"N{number}") for number in range(20)]
    await close(api, MONDAY, SUNDAY)
    for day in (MONDAY, FRIDAY):
        await leave(api, people[0], day)
    found = await asyncio.gather(
        *(settled(api) for _ in range(4)), settled(api, employee=people[3])
    )
    assert sum(each.get("absent", 0) for each in found) == 25 * 5 - 2
    assert sum(each.get("on_leave", 0) for each in found) == 2
    rows = await api.sql("SELECT count(*) AS n FROM attendance")
    assert rows == [{"n": 25 * 5}]
    assert len(await api.events()) == 25 * 5


async def test_who_is_just_checking_in_is_not_absent(api: Api) -> None:
    """Whoever writes somebody's attendance locks them first: it waits, and sees what they did."""
    ada = await alone(api)
    await close(api, MONDAY, MONDAY)
    async with change(api, LATER) as tx:
        pid = tx._connection.info.backend_pid
        await tx._connection.execute("SELECT FROM employee WHERE id = %s FOR NO KEY UPDATE", [ada])
        waiting = asyncio.create_task(settled(api))
        while not await api.sql(
            "SELECT 1 FROM pg_stat_activity WHERE %(pid)s = ANY (pg_blocking_pids(pid))", pid=pid
        ):
            assert not waiting.done()
        await tx._connection.execute(
            "INSERT INTO attendance (employee_id, work_date, status, check_in_at)"
            " VALUES (%s, %s, 'present', %s)",
            [ada, MONDAY, LATER],
        )
    assert await waiting == {}
    assert await days_of(api, ada) == {"2024-07-01": "present"}


async def test_who_checks_in_meanwhile_takes_the_absence_away(api: Api) -> None:
    ada = await alone(api)
    await close(api, MONDAY, MONDAY)

    async def check_in() -> None:
        async with change(api, LATER) as tx:
            await tx._connection.execute(
                "SELECT FROM employee WHERE id = %s FOR NO KEY UPDATE", [ada]
            )
            await tx._connection.execute(
                "INSERT INTO attendance (employee_id, work_date, status, check_in_at)"
                " VALUES (%s, %s, 'present', %s)",
                [ada, MONDAY, LATER],
            )
            await sync_absences(tx, MONDAY, MONDAY, ada)

    for _ in range(10):
        await api.sql("DELETE FROM attendance")
        await asyncio.gather(settled(api), check_in())
        assert await days_of(api, ada) == {"2024-07-01": "present"}


async def test_what_is_taken_back_leaves_nothing(api: Api) -> None:
    await alone(api)
    await close(api, MONDAY, SUNDAY)

    async def fail() -> None:
        async with change(api, LATER) as tx:
            assert (await sync_absences(tx, MONDAY, SUNDAY))["absent"] == 5
            raise RuntimeError

    with pytest.raises(RuntimeError):
        await fail()
    assert await api.sql("SELECT 1 FROM attendance") == []
    assert await api.events() == []
