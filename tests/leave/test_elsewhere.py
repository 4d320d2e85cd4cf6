"""What leave, permits and holidays mean elsewhere: in attendance, tickets, meetings, employment."""

from typing import Any

from tests.api import Api
from tests.factories import hire, make
from tests.leave.factories import approved, asked, cancel, decide, holiday


async def days(api: Api) -> list[tuple[str, str]]:
    """The employee's attendance as HR lists it, oldest first."""
    query = f"employeeId={api.employee.employee_id}&sort=workDate"
    rows = (await api.get(f"/api/attendance?{query}", as_="hr")).data
    return [(row["workDate"], row["status"]) for row in rows]


async def on_shift(api: Api, start: str, end: str) -> None:
    shift = await make(api, "/api/shifts", name="Day", startTime=start, endTime=end)
    body = {"shiftId": shift["id"], "from": "2024-01-01"}
    path = f"/api/employees/{api.employee.employee_id}/shifts"
    assert (await api.post(path, body, as_="hr")).status == 201


async def checked_in(api: Api, instant: str, out: str) -> Any:
    """The record of a stay of the employee's, which HR dates."""
    body = {"employeeId": api.employee.employee_id, "timestamp": instant}
    made = (await api.post("/api/attendance/check-in", body, as_="hr")).data
    closing = body | {"timestamp": out}
    assert (await api.post("/api/attendance/check-out", closing, as_="hr")).status == 200
    return made


async def found(api: Api, record: Any) -> Any:
    return (await api.get(f"/api/attendance/{record['id']}", as_="hr")).data


async def test_approved_leave_shows_in_attendance_until_it_is_cancelled(api: Api, now: Any) -> None:
    now.set(2025, 1, 13, 12)
    leave = await asked(api, "2025-02-06", "2025-02-10")
    assert await days(api) == []
    await decide(api, leave)
    expected = [(f"2025-02-{day:02}", "on_leave") for day in (6, 7, 10)]
    assert await days(api) == expected
    await holiday(api, "2025-02-07")
    assert await days(api) == [expected[0], expected[2]]
    assert (await cancel(api, leave)).status == 200
    assert await days(api) == []


async def test_half_a_day_of_leave_excuses_coming_late(api: Api, now: Any) -> None:
    now.set(2025, 1, 20, 12)
    await on_shift(api, "09:00", "17:00")
    record = await checked_in(api, "2025-01-15T13:00:00Z", "2025-01-15T17:00:00Z")
    assert (await found(api, record))["late"] is True
    await approved(api, "2025-01-15", halfDay="am")
    assert (await found(api, record))["late"] is False


async def test_a_permit_excuses_coming_late_and_its_cancelling_does_not(api: Api, now: Any) -> None:
    now.set(2025, 1, 14, 12)
    await on_shift(api, "09:00", "17:00")
    record = await checked_in(api, "2025-01-15T10:30:00Z", "2025-01-15T17:00:00Z")
    assert (await found(api, record))["late"] is True
    body = {
        "date": "2025-01-15", "startTime": "09:00", "endTime": "11:00", "reason": "Doctor",
        "type": "personal",
    }  # fmt: skip
    permit = (await api.post("/api/permit/apply", body, as_="employee")).data
    path = f"/api/permit/approval/{permit['id']}"
    assert (await api.post(path, {"action": "approve"}, as_="manager")).status == 200
    assert (await found(api, record))["late"] is False
    assert (await api.post(f"/api/permit/{permit['id']}/cancel", as_="employee")).status == 200
    assert (await found(api, record))["late"] is True


async def test_work_on_a_day_that_becomes_a_holiday_is_overtime(api: Api, now: Any) -> None:
    now.set(2025, 1, 20, 12)
    await on_shift(api, "09:00", "17:00")
    record = await checked_in(api, "2025-01-15T09:00:00Z", "2025-01-15T17:00:00Z")
    assert (await found(api, record))["overtimeMinutes"] == 0
    made = await holiday(api, "2025-01-15")
    assert (await found(api, record))["overtimeMinutes"] == 480
    assert (await api.delete(f"/api/leave/holidays/{made['id']}", as_="hr")).status == 200
    assert (await found(api, record))["overtimeMinutes"] == 0


async def test_it_warns_of_meetings_and_tickets_due(api: Api, now: Any) -> None:
    now.set(2025, 1, 13, 12)
    room = await make(api, "/api/meeting-rooms", name="Blue", capacity=4)
    booking = {
        "roomId": room["id"], "title": "Planning", "date": "2025-01-14", "startTime": "09:00",
        "endTime": "10:00", "attendees": [api.employee.employee_id],
    }  # fmt: skip
    assert (await api.post("/api/meeting-rooms/schedule", booking, as_="manager")).status == 201
    ticket = {"title": "WiFi", "description": "Down", "priority": "medium", "category": "IT"}
    made = (await api.post("/api/tickets", ticket, as_="stranger")).data
    body = {"assignedTo": api.employee.employee_id}
    assert (await api.post(f"/api/tickets/{made['id']}/assign", body, as_="admin")).status == 200
    leave = await asked(api, "2025-01-14")
    assert [w["type"] for w in leave["warnings"]] == ["meeting", "ticket_due"]
    assert leave["warnings"][0]["title"] == "Planning"
    assert leave["warnings"][1]["number"] == made["number"]
    assert "title" not in leave["warnings"][1]
    assert (await asked(api, "2025-01-16"))["warnings"] == []


async def test_who_has_approvals_open_leaves_only_by_force(api: Api) -> None:
    somebody = await hire(api)
    account = {
        "username": "somebody", "password": "correct horse 9", "name": "Somebody",
        "role": "employee", "employeeId": somebody["id"],
    }  # fmt: skip
    await make(api, "/api/users", **account)
    request = {
        "title": "Logo", "description": "New", "category": "logo", "files": ["url_to_design_file"],
        "approvers": [somebody["id"]],
    }  # fmt: skip
    assert (await api.post("/api/branding-approval", request, as_="employee")).status == 201
    path = f"/api/employees/{somebody['id']}"
    refused = await api.delete(path, as_="hr")
    assert (refused.status, refused.code) == (409, "approvals_open")
    assert len(refused.json["data"]["approvals"]) == 1
    assert (await api.delete(f"{path}?force=1", as_="hr")).status == 200
