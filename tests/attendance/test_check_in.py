"""POST /api/attendance/check-in: who, when, and what a record says.

Where: test_geofence.py. On which day, and whether late: test_days.py."""

from datetime import timedelta
from typing import Any

import pytest

from tests.api import Api
from tests.attendance.factories import IN, OFFICE, come, decide, leave, records, stay
from tests.conftest import Now
from tests.factories import hire, refused

MISSING = 2**31 - 1


async def test_the_documented_example_works_when_pasted(api: Api) -> None:
    await api.sql("INSERT INTO employee (id, name) VALUES (123, 'John Doe')")
    body = {
        "employeeId": 123,
        "location": {"latitude": -6.2088, "longitude": 106.8456},
        "photo": "base64_photo_string",
        "timestamp": "2024-01-15T08:00:00Z",
    }
    answer = await api.post(IN, body, as_="hr")
    assert (answer.status, answer.json["message"]) == (201, "Checked in")
    made = answer.data
    recorded = made["checkInRecordedAt"]
    assert made == {
        "id": made["id"], "employeeId": 123, "employee": "John Doe", "workDate": "2024-01-15",
        "status": "present", "late": False, "earlyLeave": False, "workedMinutes": None,
        "overtimeMinutes": None, "shiftId": None, "shift": None, "leaveId": None,
        "checkIn": "2024-01-15T08:00:00Z", "checkInRecordedAt": recorded,
        "checkInLocation": {"latitude": -6.2088, "longitude": 106.8456}, "checkInPhoto": None,
        "locationId": None, "location": None, "distance": None, "withinGeofence": None,
        "checkOut": None, "checkOutRecordedAt": None, "checkOutLocation": None,
        "checkOutPhoto": None, "autoCheckOut": False, "review": False, "reviewReasons": [],
        "notes": None, "createdAt": recorded, "updatedAt": recorded,
    }  # fmt: skip
    assert recorded > "2026"
    assert (await api.get(f"/api/attendance/{made['id']}", as_="hr")).data == made
    [event] = await api.sql("SELECT type, entity, entity_id, before, after FROM event")
    after = {**made, "recordedFor": "John Doe", "datedFreely": True}
    assert event == {
        "type": "attendance_checked_in", "entity": "attendance", "entity_id": made["id"],
        "before": None, "after": after,
    }  # fmt: skip


async def test_it_is_oneself_and_now_unless_told_otherwise(api: Api, now: Now) -> None:
    now.set(2024, 1, 15, 8, 0)
    answer = await come(api, notes="  By bicycle ")
    assert answer.status == 201
    assert answer.data["employeeId"] == api.employee.employee_id
    assert answer.data["checkIn"] == answer.data["checkInRecordedAt"] == "2024-01-15T08:00:00Z"
    assert answer.data["notes"] == "By bicycle"
    [event] = await api.sql("SELECT after FROM event")
    assert event["after"] == answer.data


async def test_employees_and_managers_check_in_themselves_only(api: Api) -> None:
    for caller in ("employee", "manager", "stranger", "outsider"):
        for name in ("employee", "manager", "stranger", "hr"):
            if caller != name:
                answer = await come(api, caller, employeeId=api.cast[name].employee_id)
                await refused(api, answer, 403, "not_allowed")
    await refused(api, await come(api, "employee", employeeId=MISSING), 403, "not_allowed")
    await refused(api, await come(api, "outsider"), 403, "no_employee")
    for caller in ("employee", "manager", "stranger"):
        answer = await come(api, caller, employeeId=api.cast[caller].employee_id)
        assert answer.status == 201


async def test_hr_and_admins_check_anybody_in(api: Api) -> None:
    for caller, name in (("hr", "employee"), ("admin", "hr"), ("hr", "stranger")):
        answer = await come(api, caller, employeeId=api.cast[name].employee_id)
        assert answer.status == 201
    events = await api.sql("SELECT actor_name, after FROM event ORDER BY id")
    assert [(event["actor_name"], event["after"].get("recordedFor")) for event in events] == [
        ("Hr Person", "Employee Person"), ("Admin Person", "Hr Person"),
        ("Hr Person", "Stranger Person"),
    ]  # fmt: skip
    assert (await come(api, "manager")).status == 201


async def test_nobody_checks_in_who_does_not_work_here(api: Api) -> None:
    away = (await hire(api, status="inactive"))["id"]
    gone = (await hire(api))["id"]
    await api.delete(f"/api/employees/{gone}", as_="admin")
    events = await api.events()
    answer = await come(api, "hr", employeeId=away)
    assert (answer.status, answer.code) == (409, "employee_inactive")
    for missing in (gone, MISSING):
        answer = await come(api, "hr", employeeId=missing)
        assert (answer.status, answer.fields) == (400, {"employeeId"})
    assert await api.events() == events
    assert await records(api) == []


async def test_one_is_open_at_a_time(api: Api) -> None:
    first = (await come(api)).data
    for answer in (
        await come(api),
        await come(api, "hr", employeeId=api.employee.employee_id),
        await come(
            api, "hr", employeeId=api.employee.employee_id, timestamp="2024-01-15T08:00:00Z"
        ),
    ):
        assert (answer.status, answer.code) == (409, "already_checked_in")
        assert answer.json["data"] == first
    assert await api.events() == ["attendance_checked_in"]
    assert len(await records(api)) == 1
    await leave(api)
    assert (await come(api)).status == 201


async def test_an_exact_repeat_answers_the_same_record(api: Api, now: Now) -> None:
    now.set(2024, 1, 15, 8, 0)
    body: dict[str, Any] = {"timestamp": "2024-01-15T08:00:00.123Z", "location": OFFICE}
    first = await come(api, **body)
    now.set(2024, 1, 15, 9, 0)  # a phone that was offline sends it again, later than one may claim
    for again in (
        await come(api, **body),
        await come(api, **{**body, "timestamp": "2024-01-15T09:00:00.123+01:00"}),
        await come(api, "hr", employeeId=api.employee.employee_id, **body),
    ):
        assert (again.status, again.data) == (200, first.data)
    assert await api.events() == ["attendance_checked_in"]
    now.set(2024, 1, 15, 8, 1)
    for other in (
        {"timestamp": body["timestamp"]}, {"location": OFFICE}, {},
        {**body, "timestamp": "2024-01-15T08:00:00.124Z"},
        {**body, "location": {**OFFICE, "latitude": -6.2089}},
        {**body, "location": None},
    ):  # fmt: skip
        answer = await come(api, **other)
        assert (answer.status, answer.code) == (409, "already_checked_in"), other
    await leave(api)
    answer = await come(api, **body)
    assert (answer.status, answer.code) == (409, "attendance_overlap")
    assert len(await records(api)) == 1


async def test_a_repeat_without_a_position_is_one_too(api: Api, now: Now) -> None:
    now.set(2024, 1, 15, 8, 0)
    first = await come(api, timestamp="2024-01-15T08:00:00Z")
    again = await come(api, timestamp="2024-01-15T08:00:00Z", location=None)
    assert (again.status, again.data) == (200, first.data)


async def test_nobody_comes_where_they_were_already(api: Api) -> None:
    there = await stay(api, "2024-01-15T08:00:00Z", "2024-01-15T17:00:00Z")
    events = await api.events()
    who = api.employee.employee_id
    for instant in ("2024-01-15T08:00:00Z", "2024-01-15T12:00:00Z", "2024-01-15T16:59:59Z"):
        answer = await come(api, "hr", employeeId=who, timestamp=instant)
        assert (answer.status, answer.code) == (409, "attendance_overlap"), instant
        assert answer.json["data"] == there
    assert await api.events() == events
    await stay(api, "2024-01-15T17:00:00Z", "2024-01-15T18:00:00Z")  # as they left
    await stay(api, "2024-01-15T07:00:00Z", "2024-01-15T08:00:00Z")
    await stay(api, "2024-01-10T08:00:00Z", "2024-01-10T17:00:00Z")  # days before, told later
    await stay(api, "2024-01-15T09:00:00Z", name="stranger")
    assert len(await records(api)) == 5


@pytest.mark.parametrize(
    ("minutes", "seconds", "status"),
    [(5, 0, 201), (5, 1, 400), (600, 0, 400), (-15, 0, 201), (-15, -1, 400), (-6000, 0, 400)],
)
async def test_ones_own_claim_is_near_the_present(
    api: Api, now: Now, minutes: int, seconds: int, status: int
) -> None:
    now.set(2024, 1, 15, 8, 0)
    claimed = (now() + timedelta(minutes=minutes, seconds=seconds)).isoformat()
    for caller in ("employee", "manager"):
        answer = await come(api, caller, timestamp=claimed)
        assert answer.status == status
        if status == 400:
            assert answer.fields == {"timestamp"}
            await refused(api, answer, 400, "validation_failed")
    # Who may record anybody's attendance dates it freely, for themselves too.
    events = await api.events()
    own = await come(api, "hr", timestamp=claimed)
    assert own.status == 201
    [event] = (await api.sql("SELECT after FROM event ORDER BY id"))[len(events) :]
    assert event["after"].get("datedFreely", False) == (status == 400)
    assert "recordedFor" not in event["after"]


async def test_the_company_says_how_far_back(
    api: Api, now: Now, monkeypatch: pytest.MonkeyPatch
) -> None:
    decide(api, monkeypatch, max_backdate=timedelta(0))
    now.set(2024, 1, 15, 8, 0)
    answer = await come(api, timestamp="2024-01-15T07:59:59Z")
    await refused(api, answer, 400, "validation_failed")
    assert answer.json["errors"][0]["message"] == "must not be more than 0 minutes ago"
    decide(api, monkeypatch, max_backdate=timedelta(days=1))
    assert (await come(api, timestamp="2024-01-14T08:00:00Z")).status == 201


@pytest.mark.parametrize(
    ("minutes", "reasons"), [(5, []), (-5, []), (-6, ["skew"]), (-14, ["skew"])]
)
async def test_a_clock_that_differs_is_looked_at(
    api: Api, now: Now, minutes: int, reasons: list[str]
) -> None:
    now.set(2024, 1, 15, 8, 0)
    claimed = (now() + timedelta(minutes=minutes)).isoformat()
    made = (await come(api, timestamp=claimed)).data
    assert (made["review"], made["reviewReasons"]) == (bool(reasons), reasons)
    other = (await come(api, "hr", employeeId=api.manager.employee_id, timestamp=claimed)).data
    assert (other["review"], other["reviewReasons"]) == (False, [])


@pytest.mark.parametrize(
    "field", ["employeeId", "location", "photo", "timestamp", "notes", "status", "checkIn"]
)
async def test_it_names_what_is_wrong(api: Api, field: str) -> None:
    answer = await api.post(IN, {field: {"latitude": 1, "longitude": "2"}}, as_="employee")
    await refused(api, answer, 400, "validation_failed")
    assert {name.partition(".")[0] for name in answer.fields} == {field}
