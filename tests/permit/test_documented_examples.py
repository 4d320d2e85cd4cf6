"""The examples of the original's documentation, pasted; only the ids are of rows that exist."""

import json

from tests.api import Api


async def test_apply_list_approve(api: Api) -> None:
    body = json.loads(
        """{
            "employeeId": 123,
            "date": "2024-01-15",
            "startTime": "09:00",
            "endTime": "11:00",
            "reason": "Doctor appointment",
            "type": "sick"
        }""".replace("123", str(api.employee.employee_id))
    )
    answer = await api.post("/api/permit/apply", body, as_="employee")
    assert answer.status == 201
    permit = answer.data
    assert {name: permit[name] for name in body} == body
    assert permit["status"] == "pending"

    for query in ("status=pending", f"employeeId={api.employee.employee_id}", "date=2024-01-15"):
        answer = await api.get(f"/api/permit?{query}", as_="hr")
        assert answer.data == [permit]
        assert answer.json["pagination"] == {"page": 1, "perPage": 20, "total": 1, "totalPages": 1}
    for query in ("status=approved", "status=rejected", "date=2024-01-16"):
        assert (await api.get(f"/api/permit?{query}", as_="hr")).data == []

    body = json.loads("""{ "action": "approve", "notes": "Medical appointment approved" }""")
    answer = await api.post(f"/api/permit/approval/{permit['id']}", body, as_="manager")
    assert (answer.status, answer.json["message"]) == (200, "Permit approved")
    assert answer.data["status"] == "approved"
    assert answer.data["notes"] == "Medical appointment approved"
    assert (await api.get("/api/permit?status=approved", as_="hr")).data == [answer.data]
    assert await api.events() == ["permit_applied", "permit_approved"]
