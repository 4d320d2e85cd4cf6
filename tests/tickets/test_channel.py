"""What sockets are told of tickets: the frames that the channel makes of events."""

from typing import Any

from sqlalchemy import select

from models import kernel
from sunshine.core import json
from sunshine.core.principals import System
from sunshine.database.event_log import columns, event_of
from sunshine.database.statements import Statement
from sunshine.modules.tickets.channel import channel
from sunshine.modules.tickets.sla import report_breaches
from tests.api import Api
from tests.conftest import Now
from tests.tickets.factories import put, report, say

BASIC = {"ticketId", "number", "status", "priority", "assignedTo", "actor", "timestamp"}


async def frames(desk: Api) -> list[dict[str, Any]]:
    """Every frame so far, as it is on the wire."""
    event = kernel.event["sunshine"]
    statement = Statement(select(*columns("sunshine")).order_by(event.c.id))
    events = [event_of(row) for row in await desk.app.databases.sunshine.all(statement)]
    made = [channel.events[event.type](event) for event in events if event.type in channel.events]
    return [json.decode(json.encode(frame)) for frame in made]


async def test_it_is_asked_for_by_those_who_may_listen(desk: Api) -> None:
    assert (channel.name, channel.permission) == ("tickets", "ws:tickets")


async def test_it_tells_a_ticket_from_its_making_to_its_end(desk: Api, now: Now) -> None:
    now.set(2024, 1, 15, 10, 30)
    ticket = await report(desk, title="No network", category="IT", priority="high")
    solver = desk.solver.employee_id
    await put(desk, ticket, "agent", status="in_progress", assignedTo=solver)
    comment = await say(desk, ticket, "solver", "Resetting the router")
    path = f"/api/tickets/{ticket['id']}"
    body = {"resolution": "Reset router", "satisfaction": 5}
    await desk.post(f"{path}/close", body, as_="employee")
    basic = {
        "ticketId": ticket["id"], "number": ticket["number"], "priority": "high",
        "timestamp": "2024-01-15T10:30:00Z",
    }  # fmt: skip
    created, updated, commented, closed = await frames(desk)
    assert created == {
        "type": "ticket_created",
        "data": {
            **basic, "status": "open", "assignedTo": None, "actor": "Employee Person",
            "title": "No network", "category": "IT", "reportedBy": desk.employee.employee_id,
        },
    }  # fmt: skip
    assert updated == {
        "type": "ticket_update",
        "data": {
            **basic, "status": "in_progress", "assignedTo": solver, "actor": "Agent Person",
            "changes": {
                "status": {"from": "open", "to": "in_progress"},
                "assignedTo": {"from": None, "to": solver},
                "assignee": {"from": None, "to": "Solver Person"},
                "firstRespondedAt": {"from": None, "to": "2024-01-15T10:30:00Z"},
            },
        },
    }  # fmt: skip
    assert commented == {
        "type": "ticket_comment",
        "data": {
            **basic, "status": "in_progress", "assignedTo": solver, "actor": "Solver Person",
            "comment": comment,
        },
    }  # fmt: skip
    assert closed["type"] == "ticket_update"
    assert closed["data"]["status"] == "closed"
    assert closed["data"]["changes"]["satisfaction"] == {"from": None, "to": 5}


async def test_it_tells_of_every_change_and_of_nothing_else(desk: Api) -> None:
    ticket, other = await report(desk), await report(desk)
    path = f"/api/tickets/{ticket['id']}"
    await desk.post(f"{path}/watch", as_="employee")
    await desk.post(f"{path}/close", {"resolution": "Done"}, as_="agent")
    await desk.post(f"{path}/rating", {"satisfaction": 3}, as_="employee")
    await say(desk, ticket, "employee", "Again")
    await desk.post(f"{path}/merge", {"into": other["id"]}, as_="agent")
    await desk.delete(path, as_="admin")
    told = await frames(desk)
    assert [frame["type"] for frame in told] == [
        "ticket_created", "ticket_created", "ticket_update", "ticket_update", "ticket_comment",
        "ticket_update", "ticket_update",
    ]  # fmt: skip
    assert all(set(frame["data"]) >= BASIC for frame in told)
    reopened, merged = told[-2]["data"], told[-1]["data"]
    assert reopened["changes"]["status"] == {"from": "closed", "to": "open"}
    assert merged["changes"]["mergedInto"] == {"from": None, "to": other["id"]}
    # What a GET does not show is in no frame either.
    assert all("paused" not in frame["data"].get("changes", {}) for frame in told)


async def test_it_tells_what_is_late(desk: Api, now: Now) -> None:
    now.set(2024, 1, 15, 10)
    ticket = await report(desk)
    now.set(2024, 1, 15, 11)
    async with desk.app.databases.sunshine.transaction(System()) as tx:
        await report_breaches(tx)
    assert (await frames(desk))[-1] == {
        "type": "ticket_sla_breached",
        "data": {
            "ticketId": ticket["id"], "number": ticket["number"], "status": "open",
            "priority": "medium", "assignedTo": None, "actor": "system",
            "timestamp": "2024-01-15T11:00:00Z", "target": "response",
            "dueAt": "2024-01-15T11:00:00Z",
        },
    }  # fmt: skip


async def test_it_knows_who_is_related_now(desk: Api) -> None:
    ticket, gone = await report(desk), await report(desk)
    await put(desk, ticket, assignedTo=desk.solver.employee_id)
    await desk.post(f"/api/tickets/{ticket['id']}/watch", as_="agent")
    await desk.delete(f"/api/tickets/{gone['id']}", as_="admin")
    database = desk.app.databases.sunshine
    found = await channel.audiences(database, [ticket["id"], gone["id"], 2**31 - 1])
    assert set(found) == {ticket["id"]}
    audience = found[ticket["id"]]
    people = (desk.employee, desk.solver, desk.agent)
    assert audience.own == {person.employee_id for person in people}
    assert audience.team == {desk.manager.employee_id}
