"""The documentation's own examples of leave, pasted; ids and people are of this test's company."""

from typing import Any

from tests.api import Api
from tests.leave.factories import approved

APPLY: dict[str, Any] = {
    "employeeId": 123,
    "leaveType": "annual",
    "startDate": "2024-02-01",
    "endDate": "2024-02-05",
    "reason": "Family vacation",
    "documents": ["url_to_document"],
}
DECIDE = {"action": "approve", "notes": "Approved for vacation"}
BALANCE = {
    "annualLeave": {"total": 12, "used": 5, "remaining": 7},
    "specialLeave": {"total": 5, "used": 1, "remaining": 4},
}


async def test_apply_for_leave(api: Api) -> None:
    body = APPLY | {"employeeId": api.employee.employee_id}
    answer = await api.post("/api/leave/apply", body, as_="employee")
    assert answer.status == 201
    assert answer.json["success"] is True
    assert {name: answer.data[name] for name in body} == body
    assert answer.data["status"] == "pending"
    # 1 February 2024 is a Thursday.
    assert answer.data["days"] == 3
    assert answer.data["excludedDates"] == [
        {"date": "2024-02-03", "reason": "weekend"},
        {"date": "2024-02-04", "reason": "weekend"},
    ]


async def test_get_leave_balance(api: Api) -> None:
    await approved(api, "2024-02-05", "2024-02-09")
    await approved(api, "2024-03-04", leaveType="special")
    path = f"/api/leave/balance/{api.employee.employee_id}?year=2024"
    answer = await api.get(path, as_="employee")
    assert answer.status == 200
    assert set(answer.json) == {"success", "data"}
    told = {name: {key: row[key] for key in BALANCE[name]} for name, row in answer.data.items()}
    assert told == BALANCE
    # As they are documented: 12 and not 12.0.
    assert b'"annualLeave":{"total":12,"used":5,"remaining":7,' in answer.body
    more = {"pending": 0, "available": 7, "carriedForward": 0, "expiresAt": None}
    assert answer.data["annualLeave"] == BALANCE["annualLeave"] | more


async def test_list_leave_applications(api: Api) -> None:
    leave = await approved(api, "2024-02-01", "2024-02-05")
    query = (
        f"?status=approved&employeeId={api.employee.employee_id}"
        "&startDate=2024-01-01&endDate=2024-02-29"
    )
    answer = await api.get(f"/api/leave{query}", as_="employee")
    assert [row["id"] for row in answer.data] == [leave["id"]]
    for status in ("pending", "rejected"):
        answer = await api.get(f"/api/leave?status={status}", as_="employee")
        assert answer.data == []


async def test_approve_or_reject_leave(api: Api) -> None:
    body = APPLY | {"employeeId": api.employee.employee_id}
    leave = (await api.post("/api/leave/apply", body, as_="employee")).data
    answer = await api.post(f"/api/leave/approval/{leave['id']}", DECIDE, as_="manager")
    assert answer.status == 200
    assert (answer.data["status"], answer.data["notes"]) == ("approved", "Approved for vacation")
    body |= {"startDate": "2024-03-01", "endDate": "2024-03-05"}
    leave = (await api.post("/api/leave/apply", body, as_="employee")).data
    rejection = {"action": "reject", "notes": "Too many are away"}
    answer = await api.post(f"/api/leave/approval/{leave['id']}", rejection, as_="manager")
    assert (answer.status, answer.data["status"]) == (200, "rejected")


async def test_get_leave_history(api: Api) -> None:
    leave = await approved(api, "2024-02-01", "2024-02-05")
    answer = await api.get(f"/api/leave/history/{api.employee.employee_id}", as_="employee")
    assert answer.json["pagination"]["total"] == 1
    assert [row["id"] for row in answer.data] == [leave["id"]]
