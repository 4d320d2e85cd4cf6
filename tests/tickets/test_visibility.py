"""One policy: what everybody's GET shows is what sockets tell them, over tickets at random."""

import random
from typing import Any

import pytest
from sqlalchemy import select

from models import kernel
from sunshine.database.event_log import Event, columns, event_of
from sunshine.database.statements import Statement
from sunshine.modules.tickets.channel import channel
from tests.api import Api
from tests.tickets.factories import enrol, listed, principal, put, report, say

READERS = ("employee", "manager", "hr", "stranger", "solver", "agent", "admin", "outsider", "boss")
EMPLOYED = [name for name in READERS if name != "outsider"]


async def crowd(desk: Api) -> None:
    """A manager of the manager, who sees no more than their own direct reports' tickets."""
    await enrol(desk, "boss", role="manager")
    await desk.sql(
        "UPDATE employee SET manager_id = %(boss)s WHERE id IN (%(manager)s, %(solver)s)",
        boss=desk.boss.employee_id, manager=desk.manager.employee_id,
        solver=desk.solver.employee_id,
    )  # fmt: skip


async def tickets_at_random(desk: Api, seed: int) -> list[dict[str, Any]]:
    """Reported by, assigned to, watched and spoken about by anybody; some merged, some deleted."""
    chance = random.Random(seed)
    made: list[dict[str, Any]] = []
    for _ in range(12):
        ticket = await report(desk, chance.choice(EMPLOYED))
        made.append(ticket)
        path = f"/api/tickets/{ticket['id']}"
        for name in chance.sample(READERS, 4):
            await desk.post(f"{path}/watch", as_=name)
        if chance.random() < 0.7:
            someone = desk.cast[chance.choice(EMPLOYED)].employee_id
            await put(desk, ticket, assignedTo=someone)
        for internal in chance.sample([True, False, True], chance.randint(0, 3)):
            await say(desk, ticket, "agent", "Hello", internal=internal)
        if chance.random() < 0.3:
            await desk.post(f"{path}/close", {"resolution": "Done"}, as_="admin")
    for one, another in ((0, 1), (2, 3), (4, 5)):
        path = f"/api/tickets/{made[one]['id']}/merge"
        await desk.post(path, {"into": made[another]["id"]}, as_="agent")
    for ticket in made[-2:]:
        await desk.delete(f"/api/tickets/{ticket['id']}", as_="admin")
    return made


async def happened(desk: Api) -> list[Event]:
    event = kernel.event["sunshine"]
    statement = Statement(
        select(*columns("sunshine")).where(event.c.entity == "ticket").order_by(event.c.id)
    )
    return [event_of(row) for row in await desk.app.databases.sunshine.all(statement)]


async def told_to(desk: Api, name: str, events: list[Event]) -> list[tuple[int | None, str, Any]]:
    """What a socket of theirs would be told of, as the kernel of sockets asks."""
    ids = sorted({event.entity_id for event in events if event.entity_id})
    audiences = await channel.audiences(desk.app.databases.sunshine, ids)
    actor = principal(desk, name)
    return [
        (event.entity_id, event.type, str(event.cursor))
        for event in events
        if event.type in channel.events
        and event.entity_id
        and event.entity_id in audiences
        and channel.sees(actor, event, audiences[event.entity_id])
    ]


@pytest.mark.parametrize("seed", range(3))
async def test_everybody_is_told_what_they_can_get(desk: Api, seed: int) -> None:
    await crowd(desk)
    made = await tickets_at_random(desk, seed)
    events = await happened(desk)
    seen_by: dict[str, set[int]] = {}
    for name in READERS:
        told = await told_to(desk, name, events)
        rows = [row["id"] for row in await listed(desk, name)]
        seen_by[name] = set(rows)
        assert {id_ for id_, _, _ in told} == set(rows)
        for ticket in made:
            path = f"/api/tickets/{ticket['id']}"
            answer = await desk.get(path, as_=name)
            assert (answer.status == 200) == (ticket["id"] in rows)
            if answer.status != 200:
                continue
            comments = await listed(desk, name, path=f"{path}/comments")
            assert answer.data["commentCount"] == len(comments)
            history = await listed(desk, name, path=f"{path}/history")
            kept = [entry for entry in history if entry["type"] in channel.events]
            assert [(entry["type"], entry["seq"]) for entry in kept] == [
                (type_, seq) for id_, type_, seq in told if id_ == ticket["id"]
            ]
            spoken = [entry["comment"]["id"] for entry in history if "comment" in entry]
            assert spoken == [comment["id"] for comment in comments]
            assert [c["internal"] for c in comments].count(True) == 0 or name in ("agent", "admin")
    assert seen_by["outsider"] == set()
    assert seen_by["agent"] == seen_by["admin"] > seen_by["boss"]


RELATIONS = {
    # Of a ticket that the employee (a report of the manager) reported and the solver solves.
    "employee": True, "solver": True, "manager": True, "hr": False, "stranger": False,
    "outsider": False, "agent": True, "admin": True, "boss": True,
}  # fmt: skip


@pytest.mark.parametrize("internal", [True, False])
async def test_each_relation_is_told_and_shown_alike(desk: Api, internal: bool) -> None:
    await crowd(desk)
    ticket = await report(desk)
    await put(desk, ticket, assignedTo=desk.solver.employee_id)
    await say(desk, ticket, "agent", "Psst", internal=internal)
    events = await happened(desk)
    for name, sees in RELATIONS.items():
        told = [type_ for _, type_, _ in await told_to(desk, name, events)]
        answer = await desk.get(f"/api/tickets/{ticket['id']}", as_=name)
        assert answer.status == (200 if sees else 403), name
        may_know = sees and (not internal or name in ("agent", "admin"))
        expected = ["ticket_created", "ticket_updated"] if sees else []
        # A public word of an agent is the first response, which is a change too.
        more = ["ticket_commented"] if internal else ["ticket_commented", "ticket_updated"]
        assert told == expected + more * may_know, name


async def test_who_lost_their_relation_is_told_nothing_of_before(desk: Api) -> None:
    ticket = await report(desk)
    await put(desk, ticket, assignedTo=desk.solver.employee_id)
    await say(desk, ticket, "employee", "Hello")
    assert len(await told_to(desk, "solver", await happened(desk))) == 3
    await put(desk, ticket, assignedTo=None)
    assert await told_to(desk, "solver", await happened(desk)) == []
    assert await listed(desk, "solver") == []


async def test_an_event_of_a_kind_that_nobody_thought_of_is_for_agents(desk: Api) -> None:
    ticket = await report(desk)
    await desk.sql(
        "INSERT INTO event (at, type, entity, entity_id, actor_type, actor_name, after)"
        " VALUES (now(), 'ticket_enchanted', 'ticket', %(id)s, 'system', 'x', '{}')",
        id=ticket["id"],
    )
    path = f"/api/tickets/{ticket['id']}/history"
    [event] = [event for event in await happened(desk) if event.type == "ticket_enchanted"]
    audience = (await channel.audiences(desk.app.databases.sunshine, [ticket["id"]]))[ticket["id"]]
    for name, known in (("employee", False), ("agent", True)):
        types = [row["type"] for row in await listed(desk, name, path=path)]
        assert ("ticket_enchanted" in types) == known
        assert channel.sees(principal(desk, name), event, audience) == known
