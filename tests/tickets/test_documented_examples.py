"""Every request of the original's section on tickets, pasted as it stands there.

Only ids of rows that must exist are replaced; `//` comments are left out, as no JSON has them.
"""

import re
from typing import Any

from tests.api import Answer, Api

CREATE = """
POST /api/tickets
x-access-token: <JWT_TOKEN>
Content-Type: application/json
{
"title": "Network issue in office",
"description": "WiFi not working on 2nd floor",
"priority": "high", // low, medium, high, urgent
"category": "IT",
"reportedBy": 123,
"attachments": ["url_to_file"]
}
"""
LIST = """
GET /api/tickets
x-access-token: <JWT_TOKEN>
"""
UPDATE = """
PUT /api/tickets/:id
x-access-token: <JWT_TOKEN>
Content-Type: application/json
{
"status": "in_progress",
"assignedTo": 456,
"notes": "Working on the issue"
}
"""
COMMENT = """
POST /api/tickets/:id/comments
x-access-token: <JWT_TOKEN>
Content-Type: application/json
{
"comment": "Issue resolved by resetting the router",
"internal": false // true for internal notes
}
"""
CLOSE = """
POST /api/tickets/:id/close
x-access-token: <JWT_TOKEN>
Content-Type: application/json
{
"resolution": "Reset router and reconfigured network",
"satisfaction": 5 // 1-5 rating
}
"""


async def send(
    desk: Api,
    text: str,
    *,
    as_: str,
    id_: int = 0,
    query: str = "",
    ids: dict[str, int] | None = None,
) -> Answer:
    """A pasted request: request line, headers, body; `ids` replace the documented ones."""
    for documented, existing in (ids or {}).items():
        text = text.replace(documented, str(existing))
    head, _, body = re.sub(r" //.*", "", text).strip().partition("\n{")
    request, *lines = head.splitlines()
    method, path = request.split()
    headers = dict(line.split(": ", 1) for line in lines)
    token = desk.cast[as_].token
    headers["x-access-token"] = headers["x-access-token"].replace("<JWT_TOKEN>", token)
    path = path.replace(":id", str(id_)) + query
    return await desk.call(
        method, path, headers=headers, raw=f"{{{body}".encode() if body else None
    )


async def made(desk: Api, as_: str = "employee") -> Any:
    ids = {"123": desk.cast[as_].employee_id or 0}
    return (await send(desk, CREATE, as_=as_, ids=ids)).data


async def test_it_creates_a_ticket(desk: Api) -> None:
    answer = await send(desk, CREATE, as_="employee", ids={"123": desk.employee.employee_id or 0})
    assert answer.status == 201
    assert set(answer.json) == {"success", "data", "message"}
    data = answer.data
    documented = {
        "title": "Network issue in office",
        "description": "WiFi not working on 2nd floor",
        "priority": "high",
        "category": "IT",
        "reportedBy": desk.employee.employee_id,
        "attachments": ["url_to_file"],
    }
    assert {name: data[name] for name in documented} == documented
    assert re.fullmatch(r"TCK-[0-9]{6,}", data["number"])
    instants = ("firstResponseDueAt", "dueAt", "createdAt", "updatedAt")
    assert all(re.fullmatch(r"[0-9-]{10}T[0-9:.]+Z", data.pop(name)) for name in instants)
    nothing = (
        "assignedTo", "assignee", "resolution", "satisfaction", "satisfactionComment", "mergedInto",
        "firstRespondedAt", "resolvedAt", "closedAt",
    )  # fmt: skip
    assert data == {
        **documented, **dict.fromkeys(nothing), "id": data["id"], "number": data["number"],
        "status": "open", "reporter": "Employee Person", "version": 1, "breached": False,
        "commentCount": 0, "watching": False,
    }  # fmt: skip


async def test_it_lists_tickets_by_each_documented_filter(desk: Api) -> None:
    ticket = await made(desk)
    ids = {"456": desk.solver.employee_id or 0}
    await send(desk, UPDATE, as_="agent", id_=ticket["id"], ids=ids)
    answer = await send(desk, LIST, as_="admin")
    assert set(answer.json) == {"success", "data", "pagination"}
    assert answer.json["pagination"] == {"page": 1, "perPage": 20, "total": 1, "totalPages": 1}
    for query, count in (
        ("status=in_progress", 1), ("status=open", 0), ("status=resolved", 0),
        ("status=closed", 0), ("priority=high", 1), ("priority=low", 0), ("priority=medium", 0),
        ("priority=urgent", 0), ("category=IT", 1), ("category=HR", 0), ("category=Admin", 0),
        (f"assignedTo={desk.solver.employee_id}", 1), (f"assignedTo={desk.hr.employee_id}", 0),
        (f"status=in_progress&priority=high&assignedTo={desk.solver.employee_id}&category=IT", 1),
    ):  # fmt: skip
        rows = (await send(desk, LIST, as_="agent", query=f"?{query}")).data
        assert len(rows) == count, query


async def test_it_updates_a_ticket(desk: Api) -> None:
    ticket = await made(desk)
    ids = {"456": desk.solver.employee_id or 0}
    answer = await send(desk, UPDATE, as_="agent", id_=ticket["id"], ids=ids)
    assert answer.status == 200
    assert set(answer.json) == {"success", "data", "message"}
    data = answer.data
    assert (data["status"], data["assignedTo"]) == ("in_progress", desk.solver.employee_id)
    assert data["assignee"] == "Solver Person"
    # The notes are an internal entry.
    comments = f"/api/tickets/{ticket['id']}/comments"
    [note] = (await desk.get(comments, as_="agent")).data
    assert (note["comment"], note["internal"]) == ("Working on the issue", True)
    assert (await desk.get(comments, as_="employee")).data == []


async def test_it_adds_a_comment(desk: Api) -> None:
    ticket = await made(desk)
    answer = await send(desk, COMMENT, as_="employee", id_=ticket["id"])
    assert answer.status == 201
    assert set(answer.json) == {"success", "data", "message"}
    data = answer.data
    assert data == {
        "id": data["id"], "ticketId": ticket["id"], "internal": False,
        "comment": "Issue resolved by resetting the router",
        "authorId": desk.employee.employee_id, "author": "Employee Person",
        "createdAt": data["createdAt"], "files": [],
    }  # fmt: skip
    note = COMMENT.replace("false", "true")
    assert (await send(desk, note, as_="employee", id_=ticket["id"])).status == 403
    assert (await send(desk, note, as_="agent", id_=ticket["id"])).status == 201


async def test_it_closes_a_ticket(desk: Api) -> None:
    for reporter in ("employee", "admin"):  # an admin who reported it themselves
        ticket = await made(desk, reporter)
        answer = await send(desk, CLOSE, as_=reporter, id_=ticket["id"])
        assert answer.status == 200
        assert set(answer.json) == {"success", "data", "message"}
        data = answer.data
        assert (data["status"], data["satisfaction"]) == ("closed", 5)
        assert data["resolution"] == "Reset router and reconfigured network"
        assert data["closedAt"]
    # From anybody else no satisfaction is taken.
    ticket = await made(desk)
    assert (await send(desk, CLOSE, as_="admin", id_=ticket["id"])).status == 403
