"""PUT /api/tickets/:id and POST /api/tickets/:id/assign: who may change what."""

from typing import Any

import pytest

from tests.api import Api
from tests.tickets.factories import get, listed, put, report, ticket_in

MISSING = 2**31 - 1
# A value for each field that a PUT takes.
FIELDS: dict[str, Any] = {
    "title": "Another title",
    "description": "Another text",
    "attachments": ["https://example.com/a.png"],
    "category": "Another",
    "priority": "urgent",
    "status": "in_progress",
    "assignedTo": None,
    "notes": "A note",
}
REPORTER = {"title", "description"}
ASSIGNEE = {"status", "notes"}


async def assigned(desk: Api, reporter: str = "employee", assignee: str = "solver") -> Any:
    ticket = await report(desk, reporter)
    return await put(desk, ticket, assignedTo=desk.cast[assignee].employee_id)


@pytest.mark.parametrize(
    ("caller", "reporter", "assignee", "allowed"),
    [
        ("employee", "employee", "solver", REPORTER),
        ("solver", "employee", "solver", ASSIGNEE),
        ("employee", "employee", "employee", REPORTER | ASSIGNEE),
        ("manager", "employee", "solver", set()),
        ("manager", "stranger", "employee", set()),
        ("manager", "manager", "employee", REPORTER),
        ("hr", "employee", "solver", set()),
        ("hr", "hr", "hr", REPORTER | ASSIGNEE),
        ("stranger", "employee", "solver", set()),
        ("outsider", "employee", "solver", set()),
        ("agent", "employee", "solver", set(FIELDS)),
        ("agent", "agent", "agent", set(FIELDS)),
        ("admin", "employee", "solver", set(FIELDS)),
    ],
)
async def test_each_changes_what_is_theirs_to_change(
    desk: Api, caller: str, reporter: str, assignee: str, allowed: set[str]
) -> None:
    ticket = await assigned(desk, reporter, assignee)
    path = f"/api/tickets/{ticket['id']}"
    events = await desk.events()
    for field in FIELDS.keys() - allowed:
        for more in ({}, *({name: FIELDS[name]} for name in sorted(allowed)[:1])):
            answer = await desk.put(path, {field: FIELDS[field], **more}, as_=caller)
            assert (answer.status, answer.code) == (403, "not_allowed"), field
    assert await desk.events() == events
    assert await get(desk, ticket) == ticket
    if allowed:
        body = {name: value for name, value in FIELDS.items() if name in allowed}
        answer = await desk.put(path, body, as_=caller)
        assert answer.status == 200
        body.pop("notes", None)
        assert {name: answer.data[name] for name in body} == body


@pytest.mark.parametrize("status", ["in_progress", "resolved", "closed"])
async def test_the_reporter_rewords_it_while_it_is_open(desk: Api, status: str) -> None:
    ticket = await ticket_in(desk, status)
    events = await desk.events()
    answer = await desk.put(f"/api/tickets/{ticket['id']}", {"title": "X"}, as_="employee")
    assert (answer.status, answer.code) == (409, "ticket_not_open")
    assert await desk.events() == events
    assert (await put(desk, ticket, "agent", title="X"))["title"] == "X"


async def test_it_merges_what_is_sent(desk: Api) -> None:
    ticket = await report(desk, description="A text", category="IT")
    after = await put(desk, ticket, "agent", category=None, priority="high")
    changed = ("category", "priority", "dueAt", "updatedAt", "version")
    same = {name: value for name, value in ticket.items() if name not in changed}
    assert same == {name: after[name] for name in same}
    assert (after["category"], after["priority"], after["version"]) == (None, "high", 2)
    [event] = await desk.sql("SELECT before, after FROM event WHERE type = 'ticket_updated'")
    assert event["before"] == {name: ticket[name] for name in ("category", "priority", "dueAt")}
    said = ("number", "status", "priority", "assignedTo", "category", "dueAt")
    assert event["after"] == {name: after[name] for name in said}


async def test_what_changes_nothing_writes_nothing(desk: Api) -> None:
    ticket = await assigned(desk)
    events = await desk.events()
    same = {name: ticket[name] for name in FIELDS if name != "notes"}
    for body in ({}, same, {"version": ticket["version"]}):
        answer = await desk.put(f"/api/tickets/{ticket['id']}", body, as_="agent")
        assert answer.data == await get(desk, ticket, "agent")
        assert answer.data["updatedAt"] == ticket["updatedAt"]
    assert await desk.events() == events


async def test_two_who_read_the_same_do_not_undo_each_other(desk: Api) -> None:
    ticket = await report(desk)
    first = {"category": "IT", "version": ticket["version"]}
    answer = await desk.put(f"/api/tickets/{ticket['id']}", first, as_="agent")
    assert answer.status == 200
    events = await desk.events()
    second = {"priority": "low", "version": ticket["version"]}
    answer = await desk.put(f"/api/tickets/{ticket['id']}", second, as_="admin")
    assert (answer.status, answer.code) == (409, "changed_meanwhile")
    present = await get(desk, ticket)
    assert answer.json["data"] == present
    assert await desk.events() == events
    second["version"] = present["version"]
    answer = await desk.put(f"/api/tickets/{ticket['id']}", second, as_="admin")
    assert (answer.data["category"], answer.data["priority"]) == ("IT", "low")


async def test_a_note_is_an_internal_comment_and_leaves_no_other_trace(desk: Api) -> None:
    ticket = await assigned(desk)
    for caller in ("solver", "agent"):
        await put(desk, ticket, caller, notes=f"Noted by {caller}")
    path = f"/api/tickets/{ticket['id']}/comments"
    notes = await listed(desk, "agent", path=path)
    assert [(note["comment"], note["author"], note["internal"]) for note in notes] == [
        ("Noted by solver", "Solver Person", True),
        ("Noted by agent", "Agent Person", True),
    ]
    for reader in ("employee", "solver", "manager"):
        assert await listed(desk, reader, path=path) == []
        assert await get(desk, ticket, reader) == ticket
    assert (await desk.events())[-2:] == ["ticket_commented"] * 2


@pytest.mark.parametrize("how", ["PUT", "POST"])
async def test_it_is_assigned_to_active_employees_only(desk: Api, how: str) -> None:
    ticket = await report(desk)
    path = f"/api/tickets/{ticket['id']}{'/assign' if how == 'POST' else ''}"
    await desk.sql(
        "UPDATE employee SET status = 'inactive' WHERE id = %(id)s", id=desk.stranger.employee_id
    )
    await desk.sql(
        "UPDATE employee SET deleted_at = now() WHERE id = %(id)s", id=desk.hr.employee_id
    )
    events = await desk.events()
    for id_ in (desk.stranger.employee_id, desk.hr.employee_id, MISSING):
        answer = await desk.call(how, path, {"assignedTo": id_}, as_="agent")
        assert (answer.status, answer.fields) == (400, {"assignedTo"})
    assert await desk.events() == events
    body: dict[str, Any] = {"assignedTo": desk.solver.employee_id}
    assert (await desk.call(how, path, body, as_="agent")).data["assignee"] == "Solver Person"
    body["assignedTo"] = None
    assert (await desk.call(how, path, body, as_="agent")).data["assignee"] is None
    assert (await desk.events())[len(events) :] == ["ticket_updated"] * 2


async def test_only_agents_assign(desk: Api) -> None:
    ticket = await assigned(desk)
    path = f"/api/tickets/{ticket['id']}/assign"
    events = await desk.events()
    for caller in ("employee", "solver", "manager", "hr", "stranger", "outsider"):
        answer = await desk.post(path, {"assignedTo": None}, as_=caller)
        assert (answer.status, answer.code) == (403, "not_allowed")
    assert await desk.events() == events


async def test_a_missing_one_is_told_to_those_who_see_all(desk: Api) -> None:
    for method, path, body in (
        ("GET", "", None), ("PUT", "", {"category": "IT"}),
        ("POST", "/close", {"resolution": "Done"}), ("POST", "/comments", {"comment": "Hello"}),
        ("GET", "/comments", None), ("GET", "/history", None), ("POST", "/watch", None),
        ("DELETE", "/watch", None), ("POST", "/assign", {"assignedTo": None}),
    ):  # fmt: skip
        where = f"/api/tickets/{MISSING}{path}"
        for caller, status in (("agent", 404), ("admin", 404), ("employee", 403), ("hr", 403),
                               ("manager", 403), ("outsider", 403)):  # fmt: skip
            answer = await desk.call(method, where, body, as_=caller)
            assert answer.status == status, (method, path, caller)
    assert await desk.events() == []
