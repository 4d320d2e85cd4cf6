"""Every request of the original's section on employees, pasted as it stands there."""

import re
from datetime import datetime
from typing import Any

from tests.api import Answer, Api
from tests.factories import hire

LIST = """
GET /api/employees
x-access-token: <JWT_TOKEN>
"""
GET = """
GET /api/employees/:id
x-access-token: <JWT_TOKEN>
"""
CREATE = """
POST /api/employees
x-access-token: <JWT_TOKEN>
Content-Type: application/json
{
"name": "John Doe",
"email": "john@example.com",
"position": "Developer",
"department": "IT",
"phone": "+1234567890",
"joinDate": "2024-01-01"
}
"""
UPDATE = """
PUT /api/employees/:id
x-access-token: <JWT_TOKEN>
Content-Type: application/json
{
"name": "John Doe Updated",
"position": "Senior Developer"
}
"""
DELETE = """
DELETE /api/employees/:id
x-access-token: <JWT_TOKEN>
"""
JOHN = {
    "name": "John Doe",
    "email": "john@example.com",
    "position": "Developer",
    "department": "IT",
    "phone": "+1234567890",
    "joinDate": "2024-01-01",
}


async def send(api: Api, text: str, *, id_: int = 0, query: str = "") -> Answer:
    """A pasted request, as the admin: request line, headers, body."""
    head, _, body = text.strip().partition("\n{")
    request, *lines = head.splitlines()
    method, path = request.split()
    headers = dict(line.split(": ", 1) for line in lines)
    headers["x-access-token"] = headers["x-access-token"].replace("<JWT_TOKEN>", api.admin.token)
    path = path.replace(":id", str(id_)) + query
    return await api.call(method, path, headers=headers, raw=f"{{{body}".encode() if body else None)


async def john(api: Api) -> Any:
    return (await send(api, CREATE)).data


async def test_it_creates_john_doe(api: Api) -> None:
    answer = await send(api, CREATE)
    assert answer.status == 201
    body = answer.json
    assert set(body) == {"success", "data", "message"}
    data = body["data"]
    assert {name: data[name] for name in JOHN} == JOHN
    # What the contract adds to the documented fields.
    ids = ("id", "positionId", "departmentId")
    assert all(type(data.pop(name)) is int for name in ids)
    for stamp in (data.pop("createdAt"), data.pop("updatedAt")):
        assert re.fullmatch(r"[0-9T:.-]+Z", stamp)
        assert datetime.fromisoformat(stamp).tzinfo
    nothing = ("employeeCode", "managerId", "manager", "photo", "timezone")
    assert data == {**JOHN, "status": "active", **dict.fromkeys(nothing)}


async def test_it_lists_employees(api: Api) -> None:
    made = await john(api)
    answer = await send(api, LIST)
    assert answer.status == 200
    body = answer.json
    assert set(body) == {"success", "data", "pagination"}
    assert body["success"] is True
    assert body["pagination"] == {"page": 1, "perPage": 20, "total": 6, "totalPages": 1}
    assert body["data"][-1] == made


async def test_it_lists_by_page_limit_and_search(api: Api) -> None:
    for number in range(5):
        await hire(api, email=f"john{number}@example.com")
    answer = await send(api, LIST, query="?page=2&limit=2&search=john")
    assert answer.status == 200
    assert answer.json["pagination"] == {"page": 2, "perPage": 2, "total": 5, "totalPages": 3}
    assert [row["email"] for row in answer.data] == ["john2@example.com", "john3@example.com"]


async def test_it_gets_an_employee_by_id(api: Api) -> None:
    made = await john(api)
    answer = await send(api, GET, id_=made["id"])
    assert answer.status == 200
    assert answer.json == {"success": True, "data": made}


async def test_it_updates_what_is_sent(api: Api) -> None:
    made = await john(api)
    answer = await send(api, UPDATE, id_=made["id"])
    assert answer.status == 200
    assert set(answer.json) == {"success", "data", "message"}
    changed = {"name": "John Doe Updated", "position": "Senior Developer"}
    new = {name: answer.data[name] for name in ("positionId", "updatedAt")}
    assert answer.data == {**made, **changed, **new}
    assert new["positionId"] != made["positionId"]
    assert (await send(api, GET, id_=made["id"])).data == answer.data


async def test_it_deletes_an_employee(api: Api) -> None:
    made = await john(api)
    answer = await send(api, DELETE, id_=made["id"])
    assert answer.status == 200
    assert answer.json == {"success": True, "message": "Employee deleted"}
    assert (await send(api, GET, id_=made["id"])).status == 404
