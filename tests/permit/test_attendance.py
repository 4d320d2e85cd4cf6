"""What a permit makes of the attendance of its day."""

from typing import Any

from tests.api import Api
from tests.conftest import Now
from tests.factories import make
from tests.permit.factories import approved, asked, cancel, decide


async def office(api: Api, **fields: Any) -> None:
    """The employee works 09:00 to 17:00, as the clocks of UTC say."""
    values = {"name": "Office", "startTime": "09:00", "endTime": "17:00", **fields}
    shift = await make(api, "/api/shifts", **values)
    where = f"/api/employees/{api.employee.employee_id}/shifts"
    await make(api, where, shiftId=shift["id"], **{"from": "2024-01-01"})


async def record(api: Api, came: str, went: str) -> None:
    """Attendance that HR enters afterwards."""
    for path, at in (("check-in", came), ("check-out", went)):
        body = {"employeeId": api.employee.employee_id, "timestamp": at}
        answer = await api.post(f"/api/attendance/{path}", body, as_="hr")
        assert answer.status in (200, 201), answer.body


async def day(api: Api) -> tuple[bool, bool]:
    """Whether the employee was late, and left early."""
    [row] = await api.sql("SELECT late, early_leave FROM attendance")
    return row["late"], row["early_leave"]


async def test_it_excuses_coming_late_from_its_approval_to_its_end(api: Api, now: Now) -> None:
    now.set(2024, 1, 14)
    await office(api)
    excused = await asked(api, date="2024-01-16", startTime="09:00", endTime="11:00")
    now.set(2024, 1, 17)
    await record(api, "2024-01-16T11:00:00Z", "2024-01-16T17:00:00Z")
    assert await day(api) == (True, False)
    await decide(api, excused["id"])
    assert await day(api) == (False, False)
    [event] = await api.sql("SELECT * FROM event WHERE type = 'attendance_reassessed'")
    assert (event["before"]["late"], event["after"]["late"]) == (True, False)
    assert event["actor_id"] == api.hr.user_id


async def test_a_rejected_one_excuses_nothing(api: Api, now: Now) -> None:
    now.set(2024, 1, 17)
    await office(api)
    await record(api, "2024-01-16T09:00:00Z", "2024-01-16T15:00:00Z")
    made = await asked(api, date="2024-01-16", startTime="15:00", endTime="17:00")
    await decide(api, made["id"], "reject", "No")
    assert await day(api) == (False, True)


async def test_what_is_cancelled_excuses_no_longer(api: Api, now: Now) -> None:
    now.set(2024, 1, 17)
    await office(api)
    made = await approved(api, date="2024-01-16", startTime="15:00", endTime="17:00")
    await record(api, "2024-01-16T09:00:00Z", "2024-01-16T15:00:00Z")
    assert await day(api) == (False, False)
    now.set(2024, 1, 16, 14)  # before it begins
    assert (await cancel(api, made["id"])).status == 200
    assert await day(api) == (False, True)


async def test_a_night_shift_is_excused_the_morning_after(api: Api, now: Now) -> None:
    now.set(2024, 1, 18)
    await office(api, startTime="22:00", endTime="06:00")
    await record(api, "2024-01-16T22:00:00Z", "2024-01-17T03:00:00Z")
    assert await day(api) == (False, True)
    await approved(api, date="2024-01-17", startTime="03:00", endTime="06:00")
    assert await day(api) == (False, False)


async def test_an_absence_is_withdrawn_for_it(api: Api, now: Now) -> None:
    now.set(2024, 1, 18)
    employee = api.employee.employee_id
    await api.sql("INSERT INTO attendance_closed (day, closed_at) VALUES ('2024-01-16', now())")
    await api.sql(
        "INSERT INTO attendance (employee_id, work_date, status)"
        " VALUES (%(employee)s, '2024-01-16', 'absent')",
        employee=employee,
    )
    await approved(api, date="2024-01-16")
    assert await api.sql("SELECT 1 FROM attendance") == []
    assert (await api.events())[-1] == "attendance_day_withdrawn"
