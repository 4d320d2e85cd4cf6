"""PUT /api/attendance/:id: putting attendance right; and what else makes it be assessed anew."""

from datetime import date
from typing import Any

import pytest

from sunshine.core.principals import System
from sunshine.modules.attendance.assessment import reassess
from tests.api import Answer, Api
from tests.attendance.factories import (
    LIST,
    OFFICE,
    approve_leave,
    approve_permit,
    come,
    give_shift,
    leave,
    make_place,
    mark,
    records,
    stay,
)
from tests.conftest import Now

MISSING = 2**31 - 1
MONDAY = date(2024, 1, 15)


async def correct(api: Api, id_: int, as_: str = "hr", **body: Any) -> Answer:
    return await api.put(f"{LIST}/{id_}", body, as_=as_)


async def test_it_changes_the_times_and_assesses_anew(api: Api) -> None:
    await give_shift(api)
    made = await stay(api, "2024-01-15T10:00:00Z", "2024-01-15T16:00:00Z")
    assert (made["late"], made["earlyLeave"], made["workedMinutes"]) == (True, True, 360)
    times = {"checkIn": "2024-01-15T08:55:00Z", "checkOut": "2024-01-15T18:00:00Z"}
    answer = await correct(api, made["id"], **times, notes="The gate was out of order")
    assert (answer.status, answer.json["message"]) == (200, "Attendance corrected")
    after = answer.data
    assert after == {
        **made, **times, "late": False, "earlyLeave": False, "workedMinutes": 545,
        "overtimeMinutes": 65, "notes": "The gate was out of order",
        "updatedAt": after["updatedAt"],
    }  # fmt: skip
    assert (await api.get(f"{LIST}/{made['id']}", as_="employee")).data == after
    events = await api.sql("SELECT type, actor_name, before, after FROM event ORDER BY id")
    changed = ("checkIn", "checkOut", "late", "earlyLeave", "workedMinutes", "overtimeMinutes",
               "notes")  # fmt: skip
    assert events[-1] == {
        "type": "attendance_corrected", "actor_name": "Hr Person",
        "before": {name: made[name] for name in changed},
        "after": {name: after[name] for name in changed},
    }  # fmt: skip


async def test_it_settles_what_was_to_be_looked_at(api: Api, now: Now) -> None:
    now.set(2024, 1, 15, 8, 0)
    made = (await come(api, timestamp="2024-01-15T07:50:00Z")).data
    assert made["reviewReasons"] == ["skew"]
    after = (await correct(api, made["id"])).data
    assert after == {
        **made, "review": False, "reviewReasons": [], "updatedAt": after["updatedAt"],
    }  # fmt: skip
    assert (await api.events())[-1] == "attendance_corrected"
    events = await api.events()
    assert (await correct(api, made["id"])).data == after  # nothing changes: no event
    assert await api.events() == events


async def test_hr_and_admins_correct_and_nobody_else(api: Api) -> None:
    made = await stay(api, "2024-01-15T08:00:00Z")
    events = await api.events()
    for caller in ("employee", "manager", "stranger", "outsider"):
        for id_ in (made["id"], MISSING):
            answer = await correct(api, id_, caller, notes="Mine")
            assert (answer.status, answer.code) == (403, "not_allowed")
    for caller in ("hr", "admin"):
        assert (await correct(api, MISSING, caller, notes="X")).status == 404
    assert await api.events() == events
    assert (await correct(api, made["id"], "admin", notes="X")).data["notes"] == "X"
    assert (await correct(api, made["id"], notes=None)).data["notes"] is None


async def test_it_moves_to_the_day_of_its_check_in(api: Api) -> None:
    night = await give_shift(api, startTime="22:00", endTime="06:00", since="2024-01-16")
    made = await stay(api, "2024-01-15T10:00:00Z", "2024-01-15T16:00:00Z")
    absence = await mark(api, "2024-01-16", "absent")
    times = {"checkIn": "2024-01-17T01:00:00Z", "checkOut": "2024-01-17T06:00:00Z"}
    after = (await correct(api, made["id"], **times)).data
    assert (after["workDate"], after["shiftId"], after["late"]) == ("2024-01-16", night, True)
    assert [row["id"] for row in await records(api)] == [made["id"]]
    assert (await api.events())[-2:] == ["attendance_day_withdrawn", "attendance_corrected"]
    [event] = await api.sql("SELECT entity_id FROM event WHERE type = 'attendance_day_withdrawn'")
    assert event["entity_id"] == absence


async def test_it_keeps_the_day_told_by_the_place(api: Api) -> None:
    await make_place(api, timezone="Asia/Jakarta")
    body = {"employeeId": api.employee.employee_id, "timestamp": "2024-01-15T23:30:00Z"}
    made = (await come(api, "hr", **body, location=OFFICE)).data
    assert made["workDate"] == "2024-01-16"
    after = (await correct(api, made["id"], checkIn="2024-01-16T23:30:00Z")).data
    assert after["workDate"] == "2024-01-17"


async def test_the_other_stays_of_both_days_agree(api: Api) -> None:
    await give_shift(api)
    morning = await stay(api, "2024-01-15T09:00:00Z", "2024-01-15T12:00:00Z")
    evening = await stay(api, "2024-01-15T13:00:00Z", "2024-01-15T19:00:00Z")
    assert (evening["late"], evening["overtimeMinutes"]) == (False, 60)
    times = {"checkIn": "2024-01-16T09:00:00Z", "checkOut": "2024-01-16T17:00:00Z"}
    events = await api.events()
    after = (await correct(api, morning["id"], **times)).data
    assert (after["workDate"], after["earlyLeave"]) == ("2024-01-16", False)
    left = (await api.get(f"{LIST}/{evening['id']}", as_="hr")).data
    assert (left["late"], left["overtimeMinutes"]) == (True, 0)
    assert (await api.events())[len(events) :] == ["attendance_reassessed", "attendance_corrected"]


async def test_an_absence_becomes_attendance(api: Api) -> None:
    await give_shift(api)
    id_ = await mark(api, "2024-01-15", "absent")
    answer = await correct(api, id_, notes="Ill?")
    assert (answer.data["status"], answer.data["notes"]) == ("absent", "Ill?")
    for body, field in (
        ({"status": "present"}, "checkIn"),
        ({"checkOut": "2024-01-15T17:00:00Z"}, "status"),
        ({"status": "absent", "checkIn": "2024-01-15T09:00:00Z"}, "status"),
    ):
        answer = await correct(api, id_, **body)
        assert (answer.status, answer.fields) == (400, {field})
    times = {"checkIn": "2024-01-15T09:00:00Z", "checkOut": "2024-01-15T17:00:00Z"}
    after = (await correct(api, id_, **times)).data
    assert (after["status"], after["workedMinutes"], after["late"]) == ("present", 480, False)
    assert after["checkInRecordedAt"] == after["checkOutRecordedAt"] == after["updatedAt"]
    [event] = await api.sql("SELECT before FROM event ORDER BY id DESC LIMIT 1")
    assert event["before"]["status"] == "absent"


async def test_attendance_becomes_an_absence(api: Api, now: Now) -> None:
    await give_shift(api)
    await make_place(api)
    now.set(2024, 1, 15, 10, 0)
    made = (await come(api, location=OFFICE, timestamp="2024-01-15T09:50:00Z")).data
    await leave(api, location=OFFICE)
    after = (await correct(api, made["id"], status="absent")).data
    empty = {
        "status": "absent", "late": False, "earlyLeave": False, "workedMinutes": None,
        "overtimeMinutes": None, "checkIn": None, "checkInRecordedAt": None,
        "checkInLocation": None, "locationId": None, "location": None, "distance": None,
        "withinGeofence": None, "checkOut": None, "checkOutRecordedAt": None,
        "checkOutLocation": None, "review": False, "reviewReasons": [],
    }  # fmt: skip
    assert after == {**made, **empty, "updatedAt": after["updatedAt"]}
    assert (await come(api)).status == 201  # and so it is none any more
    assert len(await records(api)) == 1


async def test_who_was_there_otherwise_was_not_absent(api: Api) -> None:
    made = await stay(api, "2024-01-15T08:00:00Z", "2024-01-15T12:00:00Z")
    await stay(api, "2024-01-15T13:00:00Z", "2024-01-15T17:00:00Z")
    events = await api.events()
    answer = await correct(api, made["id"], status="absent")
    assert (answer.status, answer.code) == (409, "attendance_overlap")
    assert await api.events() == events


async def test_nobody_is_absent_on_a_holiday(api: Api) -> None:
    await mark(api, "2024-01-15", "holiday")
    made = await stay(api, "2024-01-15T08:00:00Z", "2024-01-15T12:00:00Z")
    answer = await correct(api, made["id"], status="absent")
    assert (answer.status, answer.code) == (409, "attendance_day_marked")


async def test_leave_and_holidays_are_corrected_where_they_are_made(api: Api) -> None:
    holiday = await mark(api, "2024-01-15", "holiday")
    for body in (
        {"checkIn": "2024-01-15T08:00:00Z"}, {"status": "present"}, {"status": "absent"},
        {"checkOut": None},
    ):  # fmt: skip
        answer = await correct(api, holiday, **body)
        assert (answer.status, answer.code) == (409, "attendance_day_marked"), body
    assert await api.events() == []
    assert (await correct(api, holiday, notes="Open house")).data["notes"] == "Open house"


async def test_a_forgotten_check_out_is_put_in_or_taken_back(api: Api) -> None:
    made = await stay(api, "2024-01-15T08:00:00Z")
    after = (await correct(api, made["id"], checkOut="2024-01-15T17:00:00Z")).data
    assert (after["workedMinutes"], after["checkOut"]) == (540, "2024-01-15T17:00:00Z")
    await api.sql("UPDATE attendance SET auto_check_out = true")
    assert (await correct(api, made["id"], notes="X")).data["autoCheckOut"] is True
    after = (await correct(api, made["id"], checkOut="2024-01-15T17:01:00Z")).data
    assert after["autoCheckOut"] is False
    open_ = (await correct(api, made["id"], checkOut=None)).data
    for name in ("checkOut", "checkOutRecordedAt", "workedMinutes", "overtimeMinutes"):
        assert open_[name] is None
    assert (await leave(api)).status == 200


@pytest.mark.parametrize(
    ("body", "status", "word"),
    [
        ({"checkIn": "2024-01-15T17:00:01Z"}, 400, "checkOut"),
        ({"checkOut": "2024-01-15T07:59:59Z"}, 400, "checkOut"),
        ({"checkOut": "2024-01-15T18:00:01Z"}, 409, "attendance_overlap"),
        ({"checkOut": None}, 409, "already_checked_in"),
        ({"checkIn": "2024-01-15T19:00:00Z", "checkOut": "2024-01-15T20:00:00Z"}, 409,
         "attendance_overlap"),
        ({"checkIn": None}, 400, "checkIn"),
        ({"status": "late"}, 400, "status"),
        ({"late": True}, 400, "late"),
        ({"workDate": "2024-01-15"}, 400, "workDate"),
        ({"employeeId": 1}, 400, "employeeId"),
    ],
)  # fmt: skip
async def test_it_refuses_what_cannot_be(
    api: Api, body: dict[str, Any], status: int, word: str
) -> None:
    made = await stay(api, "2024-01-15T08:00:00Z", "2024-01-15T17:00:00Z")
    await stay(api, "2024-01-15T18:00:00Z", "2024-01-15T20:30:00Z")
    await stay(api, "2024-01-16T18:00:00Z")
    events, rows = await api.events(), await records(api)
    answer = await correct(api, made["id"], **body)
    assert answer.status == status
    assert answer.fields == {word} if status == 400 else answer.code == word
    assert (await api.events(), await records(api)) == (events, rows)


async def test_the_records_of_who_left_are_corrected_too(api: Api) -> None:
    made = await stay(api, "2024-01-15T08:00:00Z", name="stranger")
    await api.delete(f"/api/employees/{api.stranger.employee_id}", as_="admin")
    assert (await correct(api, made["id"], checkOut="2024-01-15T09:00:00Z")).status == 200


# ---- Permits and leave, decided afterwards ----------------------------------------------------


async def anew(api: Api, first: date = MONDAY, last: date = MONDAY) -> None:
    """What whoever decides on a permit or on leave calls."""
    async with api.app.databases.sunshine.transaction(System()) as tx:
        assert api.employee.employee_id
        await reassess(tx, api.employee.employee_id, first, last)


async def test_a_permit_excuses_afterwards_and_no_longer(api: Api) -> None:
    await give_shift(api)
    made = await stay(api, "2024-01-15T10:00:00Z", "2024-01-15T15:00:00Z")
    await stay(api, "2024-01-16T10:00:00Z", "2024-01-16T15:00:00Z")
    other = await stay(api, "2024-01-15T10:00:00Z", name="manager")
    events = await api.events()
    await approve_permit(api, "2024-01-15", "09:00", "10:00")
    await anew(api)
    await anew(api)  # once is enough
    after = (await api.get(f"{LIST}/{made['id']}", as_="hr")).data
    assert after == {**made, "late": False, "updatedAt": after["updatedAt"]}
    assert [row["late"] for row in await records(api)] == [False, True, other["late"]]
    [event] = (await api.sql("SELECT * FROM event ORDER BY id"))[len(events) :]
    assert (event["type"], event["entity_id"]) == ("attendance_reassessed", made["id"])
    before = {name: made[name] for name in ("late", "earlyLeave", "workedMinutes",
                                            "overtimeMinutes")}  # fmt: skip
    assert (event["before"], event["after"]) == (before, {**before, "late": False})
    await api.sql("UPDATE permit SET status = 'cancelled'")
    await anew(api)
    assert (await api.get(f"{LIST}/{made['id']}", as_="hr")).data["late"] is True


async def test_leave_of_several_days_is_seen_on_each(api: Api) -> None:
    await give_shift(api)
    for day in (15, 16, 17):
        await stay(api, f"2024-01-{day}T10:00:00Z", f"2024-01-{day}T12:00:00Z")
    await approve_leave(api, "2024-01-15", "2024-01-16")
    await anew(api, MONDAY, date(2024, 1, 17))
    rows = [(row["late"], row["early_leave"]) for row in await records(api)]
    assert rows == [(False, False), (False, False), (True, True)]


async def test_it_is_assessed_by_the_shift_it_was_filed_under(api: Api) -> None:
    shift = await give_shift(api)
    await stay(api, "2024-01-15T10:00:00Z", "2024-01-15T17:00:00Z")
    await api.sql("UPDATE employee_shift SET deleted_at = now()")
    await anew(api)
    [row] = await records(api)
    assert (row["late"], row["shift_id"]) == (True, shift)
    # A correction files it anew.
    assert (await correct(api, row["id"])).data["late"] is False
