"""Every request of the original's section on branding approval, pasted as it stands there.

Only the ids of employees, who must exist, are replaced; `//` comments, which are no JSON, are cut.
"""

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import pytest

from sunshine.core import json
from sunshine.modules.branding_approval.channel import channel
from tests.api import Answer, Api, Person
from tests.branding_approval.factories import join, told

SUBMIT = """
POST /api/branding-approval
x-access-token: <JWT_TOKEN>
Content-Type: application/json
{
"title": "New Logo Design",
"description": "Updated company logo",
"category": "logo",
"files": ["url_to_design_file"],
"requestedBy": 123,
"approvers": [456, 789]
}
"""
LIST = """
GET /api/branding-approval
x-access-token: <JWT_TOKEN>
"""
REVIEW = """
POST /api/branding-approval/:id/review
x-access-token: <JWT_TOKEN>
Content-Type: application/json
{
"action": "approve", // approve, reject, request_revision
"feedback": "Looks great, approved!",
"revisionNotes": "" // Required if action is request_revision
}
"""
FRAME = """
{
"type": "approval_update",
"data": {
"requestId": 123,
"status": "approved",
"approver": "John Doe",
"timestamp": "2024-01-15T10:30:00Z"
}
}
"""


async def send(
    api: Api,
    text: str,
    as_: Person,
    *,
    id_: int = 0,
    query: str = "",
    people: Mapping[int, Person] = MappingProxyType({}),
) -> Answer:
    """A pasted request: request line, headers, body; `people` are those of the documented ids."""
    head, _, body = text.strip().partition("\n{")
    request, *lines = head.splitlines()
    method, path = request.split()
    headers = dict(line.split(": ", 1) for line in lines)
    headers["x-access-token"] = headers["x-access-token"].replace("<JWT_TOKEN>", as_.token)
    body = re.sub(r" // .*", "", body)
    for documented, person in people.items():
        body = re.sub(rf"\b{documented}\b", str(person.employee_id), body)
    raw = f"{{{body}".encode() if body else None
    return await api.call(method, path.replace(":id", str(id_)) + query, headers=headers, raw=raw)


async def submitted(api: Api, as_: str) -> tuple[Answer, Person, Person]:
    john, jane = await join(api, "John Doe"), await join(api, "Jane Roe")
    people = {123: api.employee, 456: john, 789: jane}
    return await send(api, SUBMIT, api.cast[as_], people=people), john, jane


@pytest.mark.parametrize("caller", ["employee", "admin"])
async def test_it_submits_for_approval(api: Api, caller: str) -> None:
    answer, john, jane = await submitted(api, caller)
    assert answer.status == 201
    assert set(answer.json) == {"success", "data", "message"}
    data = answer.data
    open_ = {"vote": None, "feedback": None, "revisionNotes": None, "at": None}
    content = {
        "title": "New Logo Design",
        "description": "Updated company logo",
        "category": "logo",
        "files": ["url_to_design_file"],
        "mode": "all",
    }
    first = {
        "revision": 1, **content, "submittedBy": f"{caller.capitalize()} Person",
        "at": data["createdAt"], "votes": [],
    }  # fmt: skip
    assert data == {
        "id": data["id"],
        **content,
        "requestedBy": api.employee.employee_id,
        "requester": "Employee Person",
        "status": "pending",
        "revision": 1,
        "approvers": [
            {"employeeId": john.employee_id, "name": "John Doe", **open_},
            {"employeeId": jane.employee_id, "name": "Jane Roe", **open_},
        ],
        "decidedAt": None,
        "createdAt": data["updatedAt"],
        "updatedAt": data["updatedAt"],
        "history": [first],
    }


async def test_it_lists_approval_requests(api: Api) -> None:
    answer, _, _ = await submitted(api, "employee")
    made = answer.data
    del made["history"]
    requester = api.employee.employee_id
    for query in (
        "", "?status=pending", f"?requestedBy={requester}", "?category=logo",
        f"?status=pending&requestedBy={requester}&category=logo",
    ):  # fmt: skip
        answer = await send(api, LIST, api.employee, query=query)
        assert answer.status == 200
        assert answer.json == {
            "success": True,
            "data": [made],
            "pagination": {"page": 1, "perPage": 20, "total": 1, "totalPages": 1},
        }
    for query in (
        "?status=approved", "?status=rejected", "?status=revision", "?category=marketing",
        "?category=social_media",
    ):  # fmt: skip
        assert (await send(api, LIST, api.employee, query=query)).data == []


async def test_it_approves(api: Api) -> None:
    answer, john, jane = await submitted(api, "employee")
    id_ = answer.data["id"]
    answer = await send(api, REVIEW, john, id_=id_)
    assert answer.status == 200
    assert set(answer.json) == {"success", "data", "message"}
    first, second = answer.data["approvers"]
    assert answer.data["status"] == "pending"
    assert first == {
        "employeeId": john.employee_id, "name": "John Doe", "vote": "approve",
        "feedback": "Looks great, approved!", "revisionNotes": None,
        "at": answer.data["updatedAt"],
    }  # fmt: skip
    assert second["vote"] is None
    answer = await send(api, REVIEW, jane, id_=id_)
    assert (answer.status, answer.data["status"]) == (200, "approved")
    assert answer.data["decidedAt"] == answer.data["updatedAt"] == answer.data["approvers"][1]["at"]


async def test_it_tells_sockets_in_the_documented_format(api: Api, now: Any) -> None:
    now.set(2024, 1, 15, 10, 30)
    answer, john, jane = await submitted(api, "employee")
    for approver in (jane, john):
        await send(api, REVIEW, approver, id_=answer.data["id"])
    *_, event = await told(api)
    documented = FRAME.replace("123", str(answer.data["id"]))
    sent = json.encode(channel.events[event.type](event))
    assert json.decode(sent) == json.decode(documented.encode())
