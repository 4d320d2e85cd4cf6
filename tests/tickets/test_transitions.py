"""The state machine of a ticket: every transition, by every role and relation, as one table."""

import pytest

from tests.api import Api
from tests.factories import found
from tests.tickets.factories import WAY, enrol, put, report

STATUSES = ("open", "in_progress", "resolved", "closed")
# What a PUT of the status comes to, from and to: "yes", "back" (agents only), "no" (409), "same".
TABLE = {
    "open": ("same", "yes", "no", "yes"),
    "in_progress": ("back", "same", "yes", "yes"),
    "resolved": ("no", "back", "same", "yes"),
    "closed": ("no", "no", "no", "same"),
}
TRANSITIONS = [
    (begin, end, TABLE[begin][place]) for begin in STATUSES for place, end in enumerate(STATUSES)
]
AGENTS = ("agent", "admin", "agent who reported it", "admin who solves it")
CALLERS = (
    *AGENTS, "assignee", "reporter", "reporter who solves it", "watcher", "manager of the reporter",
    "manager of the assignee", "hr", "stranger", "outsider",
)  # fmt: skip


async def ticket_of(desk: Api, caller: str, status: str) -> tuple[str, int]:
    """Who of the cast calls, and the id of a ticket in this status that is to them as they say."""
    reporter, assignee = "stranger", "solver"
    who = caller
    if caller == "manager of the reporter":
        who, reporter = "manager", "employee"
    elif caller == "manager of the assignee":
        who, assignee = "manager", "fixer"
    elif "reporter" in caller:
        who = reporter = "employee"
        assignee = "employee" if "solves" in caller else assignee
    elif "who" in caller:
        who = caller.split()[0]
        reporter = who if "reported" in caller else reporter
        assignee = who if "solves" in caller else assignee
    elif caller == "assignee":
        who = "solver"
    elif caller == "watcher":
        who = "hr"
    elif caller == "stranger":
        who = "manager"
    ticket = await report(desk, reporter)
    await put(desk, ticket, assignedTo=desk.cast[assignee].employee_id)
    if caller == "watcher":
        await desk.sql(
            "INSERT INTO ticket_watcher VALUES (%(ticket)s, %(employee)s, now())",
            ticket=ticket["id"], employee=desk.hr.employee_id,
        )  # fmt: skip
    for step in WAY[status]:
        await put(desk, ticket, status=step)
    return who, ticket["id"]


def answer_to(caller: str, verdict: str) -> tuple[int, str | None]:
    if caller not in AGENTS and caller not in ("assignee", "reporter who solves it"):
        return 403, "not_allowed"
    if verdict == "no":
        return 409, "illegal_transition"
    if verdict == "back" and caller not in AGENTS:
        return 403, "not_allowed"
    return 200, None


@pytest.mark.parametrize("caller", CALLERS)
async def test_it_moves_as_the_table_says(desk: Api, caller: str) -> None:
    await enrol(desk, "fixer", manager="manager")
    for begin, end, verdict in TRANSITIONS:
        who, ticket = await ticket_of(desk, caller, begin)
        events = await desk.events()
        answer = await desk.put(f"/api/tickets/{ticket}", {"status": end}, as_=who)
        status, code = answer_to(caller, verdict)
        assert answer.status == status, (begin, end, answer.body)
        if status == 200:
            assert answer.data["status"] == end
            assert await desk.events() == events + ["ticket_updated"] * (verdict != "same")
            assert (answer.data["resolvedAt"] is not None) == (
                end == "resolved" or (begin, end) == ("resolved", "closed")
            )
            assert (answer.data["closedAt"] is not None) == (end == "closed")
        else:
            assert answer.code == code, (begin, end)
            assert await desk.events() == events
            [row] = await desk.sql("SELECT status FROM ticket WHERE id = %(id)s", id=ticket)
            assert row["status"] == begin
        if status == 409:
            assert f"from {begin} to {end}" in answer.json["message"]
            assert answer.json["data"] == {"from": begin, "to": end}


@pytest.mark.parametrize("caller", CALLERS)
async def test_it_closes_from_every_status_but_closed(desk: Api, caller: str) -> None:
    await enrol(desk, "fixer", manager="manager")
    for begin in STATUSES:
        who, ticket = await ticket_of(desk, caller, begin)
        events = await desk.events()
        answer = await desk.post(f"/api/tickets/{ticket}/close", {"resolution": "Done"}, as_=who)
        if caller not in (*AGENTS, "assignee", "reporter", "reporter who solves it"):
            assert (answer.status, answer.code) == (403, "not_allowed"), begin
        elif begin == "closed":
            assert (answer.status, answer.code) == (409, "already_closed")
        else:
            assert (answer.data["status"], answer.data["resolution"]) == ("closed", "Done")
            events.append("ticket_closed")
        assert await desk.events() == events


async def test_one_way_leads_through_all_of_them(desk: Api) -> None:
    ticket = await report(desk)
    path = f"/api/tickets/{ticket['id']}"
    steps = ("in_progress", "open", "in_progress", "resolved", "in_progress", "resolved", "closed")
    for step in steps:
        assert (await desk.put(path, {"status": step}, as_="agent")).data["status"] == step
    history = await found(desk, f"{path}/history", as_="agent")
    moves = [row["changes"]["status"] for row in history if "status" in row["changes"]]
    assert [move["to"] for move in moves] == [*steps]
    assert [move["from"] for move in moves] == ["open", *steps[:-1]]
