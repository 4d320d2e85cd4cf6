"""POST /api/attendance/check-out: closes the open record, whatever its date."""

from datetime import timedelta

import pytest

from tests.api import Api
from tests.attendance.factories import (
    OFFICE,
    OUT,
    approve_leave,
    approve_permit,
    come,
    give_shift,
    leave,
    make_holiday,
    records,
    stay,
)
from tests.conftest import Now
from tests.factories import hire, refused


async def test_the_documented_example_works_when_pasted(api: Api) -> None:
    await api.sql("INSERT INTO employee (id, name) VALUES (123, 'John Doe')")
    body = {"employeeId": 123, "timestamp": "2024-01-15T08:00:00Z"}
    came = (await come(api, "hr", **body)).data
    answer = await api.post(OUT, {"employeeId": 123, "timestamp": "2024-01-15T17:00:00Z"}, as_="hr")
    assert (answer.status, answer.json["message"]) == (200, "Checked out")
    left = answer.data
    assert left == {
        **came, "checkOut": "2024-01-15T17:00:00Z", "workedMinutes": 540, "overtimeMinutes": 0,
        "checkOutRecordedAt": left["checkOutRecordedAt"], "updatedAt": left["updatedAt"],
    }  # fmt: skip
    assert left["checkOutRecordedAt"] == left["updatedAt"] > came["updatedAt"]
    assert (await api.get(f"/api/attendance/{left['id']}", as_="hr")).data == left
    [_, event] = await api.sql("SELECT type, entity_id, before, after FROM event ORDER BY id")
    assert event == {
        "type": "attendance_checked_out", "entity_id": left["id"],
        "before": {
            "checkOut": None, "late": False, "earlyLeave": False, "workedMinutes": None,
            "overtimeMinutes": None,
        },
        "after": {**left, "recordedFor": "John Doe", "datedFreely": True},
    }  # fmt: skip


async def test_it_is_oneself_and_now_unless_told_otherwise(api: Api, now: Now) -> None:
    now.set(2024, 1, 15, 8, 0)
    await come(api, notes="By bicycle", location=OFFICE)
    now.set(2024, 1, 15, 12, 30)
    left = (await leave(api, notes="On foot")).data
    assert (left["checkOut"], left["workedMinutes"]) == ("2024-01-15T12:30:00Z", 270)
    assert left["notes"] == "By bicycle\nOn foot"
    assert (left["checkInLocation"], left["checkOutLocation"]) == (OFFICE, None)
    [_, event] = await api.sql("SELECT after FROM event ORDER BY id")
    assert event["after"] == left


async def test_who_is_not_in_cannot_leave(api: Api) -> None:
    await refused(api, await leave(api), 409, "not_checked_in")
    await stay(api, "2024-01-15T08:00:00Z", "2024-01-15T17:00:00Z")
    events = await api.events()
    answer = await leave(api)
    assert (answer.status, answer.code) == (409, "not_checked_in")
    assert await api.events() == events


async def test_it_closes_the_open_record_whatever_its_date(api: Api, now: Now) -> None:
    await stay(api, "2024-03-01T08:00:00Z", "2024-03-01T17:00:00Z")
    open_ = await stay(api, "2024-01-15T08:00:00Z")
    now.set(2024, 1, 18, 9, 0)
    left = (await leave(api)).data
    assert (left["id"], left["workDate"]) == (open_["id"], "2024-01-15")
    assert left["workedMinutes"] == 73 * 60
    assert (await come(api)).status == 201


async def test_nobody_leaves_before_they_came(api: Api, now: Now) -> None:
    now.set(2024, 1, 15, 8, 0)
    await come(api)
    events = await api.events()
    for caller in ("employee", "hr"):
        answer = await leave(
            api, caller, employeeId=api.employee.employee_id, timestamp="2024-01-15T07:59:59Z"
        )
        assert (answer.status, answer.fields) == (400, {"timestamp"})
    assert await api.events() == events
    left = (await leave(api, timestamp="2024-01-15T08:00:00Z")).data
    assert left["workedMinutes"] == 0


async def test_nobody_leaves_while_they_are_there_again(api: Api) -> None:
    await stay(api, "2024-01-15T12:00:00Z", "2024-01-15T17:00:00Z")
    await stay(api, "2024-01-15T08:00:00Z")
    who = api.employee.employee_id
    events = await api.events()
    answer = await leave(api, "hr", employeeId=who, timestamp="2024-01-15T12:00:01Z")
    assert (answer.status, answer.code) == (409, "attendance_overlap")
    assert await api.events() == events
    answer = await leave(api, "hr", employeeId=who, timestamp="2024-01-15T12:00:00Z")
    assert answer.status == 200


@pytest.mark.parametrize(
    ("minutes", "status", "reasons"),
    [(5, 200, []), (6, 400, []), (-6, 200, ["skew"]), (-15, 200, ["skew"]), (-16, 400, [])],
)
async def test_ones_own_claim_is_near_the_present(
    api: Api, now: Now, minutes: int, status: int, reasons: list[str]
) -> None:
    now.set(2024, 1, 15, 8, 0)
    await come(api)
    now.set(2024, 1, 15, 17, 0)
    claimed = (now() + timedelta(minutes=minutes)).isoformat()
    answer = await leave(api, timestamp=claimed)
    assert answer.status == status
    if status == 400:
        assert answer.fields == {"timestamp"}
        assert await api.events() == ["attendance_checked_in"]
    else:
        assert answer.data["reviewReasons"] == reasons
        assert answer.data["review"] == bool(reasons)


async def test_what_was_to_be_looked_at_still_is(api: Api, now: Now) -> None:
    now.set(2024, 1, 15, 8, 0)
    assert (await come(api, timestamp="2024-01-15T07:50:00Z")).data["reviewReasons"] == ["skew"]
    now.set(2024, 1, 15, 17, 0)
    left = (await leave(api, timestamp="2024-01-15T16:50:00Z")).data
    assert (left["review"], left["reviewReasons"]) == (True, ["skew"])


async def test_employees_and_managers_check_out_themselves_only(api: Api) -> None:
    for name in ("employee", "manager", "stranger", "hr"):
        await come(api, name)
    events = await api.events()
    for caller in ("employee", "manager", "stranger", "outsider"):
        for name in ("employee", "manager", "stranger", "hr"):
            if caller != name:
                answer = await leave(api, caller, employeeId=api.cast[name].employee_id)
                assert (answer.status, answer.code) == (403, "not_allowed")
    assert (await leave(api, "outsider")).status == 403
    assert await api.events() == events
    for name in ("employee", "manager", "stranger"):
        assert (await leave(api, "hr", employeeId=api.cast[name].employee_id)).status == 200
    assert (await leave(api, "hr")).status == 200


async def test_who_left_the_company_can_be_checked_out(api: Api) -> None:
    who = (await hire(api))["id"]
    await come(api, "hr", employeeId=who, timestamp="2024-01-15T08:00:00Z")
    await api.put(f"/api/employees/{who}", {"status": "inactive"}, as_="admin")
    body = {"employeeId": who, "timestamp": "2024-01-15T17:00:00Z"}
    assert (await leave(api, "hr", **body)).status == 200


@pytest.mark.parametrize(
    ("came", "went", "expected"),
    [
        ("09:00", "17:00", (False, 420, 0)),
        ("09:00", "16:59", (True, 419, 0)),
        ("08:00", "18:00", (False, 540, 120)),
        ("09:00", "12:00", (True, 180, 0)),
    ],
)
async def test_it_counts_the_day(
    api: Api, came: str, went: str, expected: tuple[bool, int, int]
) -> None:
    await give_shift(api, breakMinutes=60)
    left = await stay(api, f"2024-01-15T{came}:00Z", f"2024-01-15T{went}:00Z")
    found = (left["earlyLeave"], left["workedMinutes"], left["overtimeMinutes"])
    assert found == expected


async def test_a_day_off_is_all_overtime_and_never_early(api: Api) -> None:
    await give_shift(api)
    await make_holiday(api, "2024-01-15")
    for day in ("2024-01-13", "2024-01-15"):
        left = await stay(api, f"{day}T11:00:00Z", f"{day}T14:00:00Z")
        assert (left["late"], left["earlyLeave"]) == (False, False)
        assert (left["workedMinutes"], left["overtimeMinutes"]) == (180, 180)
    left = await stay(api, "2024-01-13T11:00:00Z", "2024-01-13T14:00:00Z", "manager")
    assert (left["workedMinutes"], left["overtimeMinutes"]) == (180, 0)  # no shift, no overtime


async def test_a_permit_or_half_a_day_of_leave_lets_one_go(api: Api) -> None:
    await give_shift(api)
    await approve_permit(api, "2024-01-15", "15:00", "17:00")
    await approve_leave(api, "2024-01-16", "2024-01-16", "pm")
    for day, hour, early in (
        ("2024-01-15", "15", False), ("2024-01-16", "13", False), ("2024-01-17", "15", True),
    ):  # fmt: skip
        left = await stay(api, f"{day}T09:00:00Z", f"{day}T{hour}:00:00Z")
        assert left["earlyLeave"] is early, day


async def test_overtime_is_the_days_not_the_stays(api: Api) -> None:
    await give_shift(api)
    await stay(api, "2024-01-15T09:00:00Z", "2024-01-15T13:00:00Z")
    second = await stay(api, "2024-01-15T14:00:00Z", "2024-01-15T19:30:00Z")
    assert (second["workedMinutes"], second["overtimeMinutes"]) == (330, 90)
    events = await api.events()
    # What is told later of the morning moves the overtime, with an event for each.
    first = await stay(api, "2024-01-15T06:00:00Z", "2024-01-15T07:00:00Z")
    assert (first["workedMinutes"], first["overtimeMinutes"]) == (60, 0)
    rows = [row["overtime_minutes"] for row in await records(api)]
    assert rows == [0, 150, 0]
    assert (await api.events())[len(events) :] == [
        "attendance_checked_in", "attendance_reassessed", "attendance_checked_out",
    ]  # fmt: skip


async def test_a_night_ends_on_the_next_day(api: Api) -> None:
    await give_shift(api, startTime="22:00", endTime="06:00", timezone="Europe/Berlin")
    left = await stay(api, "2024-03-30T21:00:00Z", "2024-03-31T04:00:00Z")  # seven hours long
    assert (left["workDate"], left["workedMinutes"]) == ("2024-03-30", 420)
    assert (left["late"], left["earlyLeave"], left["overtimeMinutes"]) == (False, False, 420)
    left = await stay(api, "2024-12-31T21:00:00Z", "2025-01-01T04:59:00Z")
    assert (left["workDate"], left["workedMinutes"]) == ("2024-12-31", 479)
    assert (left["late"], left["earlyLeave"], left["overtimeMinutes"]) == (False, True, 0)
