"""Many at once, over two servers: no update is lost, what may happen once happens once."""

import asyncio
import itertools
from collections import Counter
from collections.abc import Iterable
from typing import Any

from sqlalchemy import text

from sunshine.core.principals import System
from sunshine.database.statements import Statement
from sunshine.modules.employees import employees
from sunshine.modules.tickets.sla import report_breaches
from tests.api import Answer, Api
from tests.conftest import Now
from tests.factories import principal
from tests.tickets.factories import get, put, report, say, ticket_in

AGENTS = ("agent", "admin")


async def race(
    apis: tuple[Api, Api], method: str, path: str, bodies: list[Any], as_: tuple[str, ...] = AGENTS
) -> list[Answer]:
    """The answers to all bodies at once, by each caller and server in turn."""
    callers = itertools.cycle(as_)
    servers = itertools.cycle(apis)
    return await asyncio.gather(
        *(next(servers).call(method, path, body, as_=next(callers)) for body in bodies)
    )


def outcomes(answers: Iterable[Answer]) -> Counter[str]:
    return Counter(answer.code if answer.status >= 400 else "done" for answer in answers)


async def statuses(desk: Api, ticket: dict[str, Any]) -> list[tuple[str, str]]:
    """From which to which status it went, in the order of the log."""
    rows = await desk.sql(
        "SELECT before ->> 'status' AS old, after ->> 'status' AS new FROM event"
        " WHERE entity_id = %(id)s AND before ? 'status' ORDER BY id",
        id=ticket["id"],
    )
    return [(row["old"], row["new"]) for row in rows]


async def test_racing_moves_are_a_way_that_leads_through(desk: Api, second: Api) -> None:
    legal = {("open", "in_progress"), ("in_progress", "open"), ("in_progress", "resolved"),
             ("resolved", "in_progress")}  # fmt: skip
    for _ in range(3):
        ticket = await report(desk)
        path = f"/api/tickets/{ticket['id']}"
        wishes = [{"status": s} for s in ("in_progress", "resolved", "open", "in_progress")] * 6
        answers = await race((desk, second), "PUT", path, wishes)
        assert set(outcomes(answers)) <= {"done", "illegal_transition"}
        for answer, wish in zip(answers, wishes, strict=True):
            if answer.status == 200:
                assert answer.data["status"] == wish["status"]
        moves = await statuses(desk, ticket)
        assert set(moves) <= legal
        assert all(one[1] == other[0] for one, other in itertools.pairwise(moves))
        stored = await get(desk, ticket)
        assert stored["status"] == (moves[-1][1] if moves else "open")
        assert stored["version"] == 1 + len(moves)


async def test_of_illegal_moves_none_is_made(desk: Api, second: Api) -> None:
    ticket = await ticket_in(desk, "in_progress")
    path = f"/api/tickets/{ticket['id']}"
    wishes = [{"status": status} for status in ("closed", "open")] * 10
    answers = await race((desk, second), "PUT", path, wishes)
    assert (await get(desk, ticket))["status"] == "closed"
    # Once it is closed nothing leads back; all who came after that are told so.
    assert (await statuses(desk, ticket))[-1][1] == "closed"
    late = [answer for answer in answers if answer.status == 409]
    assert {answer.json["data"]["from"] for answer in late} <= {"closed"}
    assert len(await statuses(desk, ticket)) <= 3  # the one that brought it here among them


async def test_two_agents_changing_one_ticket_keep_each_others_changes(
    desk: Api, second: Api
) -> None:
    for number in range(5):
        ticket = await report(desk)
        path = f"/api/tickets/{ticket['id']}"
        wishes: list[dict[str, Any]] = [
            {"title": f"Title {number}"}, {"category": f"Category {number}"},
            {"priority": "urgent"}, {"description": f"Text {number}"}, {"status": "in_progress"},
            {"assignedTo": desk.solver.employee_id}, {"attachments": [f"/file-{number}"]},
        ]  # fmt: skip
        answers = await race((desk, second), "PUT", path, wishes)
        assert outcomes(answers) == {"done": len(wishes)}
        stored = await get(desk, ticket)
        for wish in wishes:
            assert {name: stored[name] for name in wish} == wish
        assert stored["version"] == 1 + len(wishes)
        [row] = await desk.sql(
            "SELECT count(*) FROM event WHERE type = 'ticket_updated' AND entity_id = %(id)s",
            id=ticket["id"],
        )
        assert row["count"] == len(wishes)


async def test_of_many_who_read_the_same_version_one_writes(desk: Api, second: Api) -> None:
    ticket = await report(desk)
    path = f"/api/tickets/{ticket['id']}"
    wishes = [{"category": f"{number}", "version": 1} for number in range(20)]
    answers = await race((desk, second), "PUT", path, wishes)
    assert outcomes(answers) == {"done": 1, "changed_meanwhile": 19}
    [made] = [answer.data for answer in answers if answer.status == 200]
    assert await get(desk, ticket, "agent") == made


async def test_fifty_close_it_once(desk: Api, second: Api) -> None:
    ticket = await ticket_in(desk, "in_progress", assignee="solver")
    path = f"/api/tickets/{ticket['id']}/close"
    bodies = [{"resolution": f"By {number}"} for number in range(50)]
    callers = (*AGENTS, "employee", "solver")
    answers = await race((desk, second), "POST", path, bodies, callers)
    assert outcomes(answers) == {"done": 1, "already_closed": 49}
    [made] = [answer.data for answer in answers if answer.status == 200]
    assert (await get(desk, ticket))["resolution"] == made["resolution"]
    assert (await desk.events()).count("ticket_closed") == 1


async def test_it_is_rated_once(desk: Api, second: Api) -> None:
    ticket = await ticket_in(desk, "resolved")
    path = f"/api/tickets/{ticket['id']}/rating"
    bodies = [{"satisfaction": 1 + number % 5} for number in range(20)]
    answers = await race((desk, second), "POST", path, bodies, ("employee",))
    assert outcomes(answers) == {"done": 1, "already_rated": 19}
    [made] = [answer.data for answer in answers if answer.status == 200]
    assert (await get(desk, ticket))["satisfaction"] == made["satisfaction"]


async def test_many_words_open_it_once(desk: Api, second: Api) -> None:
    ticket = await ticket_in(desk, "closed")
    path = f"/api/tickets/{ticket['id']}/comments"
    bodies = [{"comment": f"Still broken {number}"} for number in range(20)]
    answers = await race((desk, second), "POST", path, bodies, ("employee",))
    assert outcomes(answers) == {"done": 20}
    stored = await get(desk, ticket)
    assert (stored["status"], stored["commentCount"]) == ("open", 20)
    assert (await desk.events()).count("ticket_reopened") == 1


async def test_two_are_not_merged_into_each_other(desk: Api, second: Api) -> None:
    for _ in range(10):
        one, other = await report(desk), await report(desk)
        answers = await asyncio.gather(
            desk.post(f"/api/tickets/{one['id']}/merge", {"into": other["id"]}, as_="agent"),
            second.post(f"/api/tickets/{other['id']}/merge", {"into": one["id"]}, as_="admin"),
        )
        assert outcomes(answers) == {"done": 1, "ticket_merged": 1}
    [row] = await desk.sql(
        "SELECT count(*) FROM ticket one JOIN ticket other ON one.merged_into_id = other.id"
        " WHERE other.merged_into_id IS NOT NULL OR other.status = 'closed'"
    )
    assert row["count"] == 0


async def test_nobody_is_assigned_what_came_after_they_left(desk: Api, second: Api) -> None:
    for number in range(10):
        [row] = await desk.sql(
            "INSERT INTO employee (name) VALUES (%(name)s) RETURNING id", name=f"Leaver {number}"
        )
        ticket = await report(desk)
        left, assigned = await asyncio.gather(
            desk.put(f"/api/employees/{row['id']}", {"status": "inactive"}, as_="hr"),
            second.post(
                f"/api/tickets/{ticket['id']}/assign", {"assignedTo": row["id"]}, as_="agent"
            ),
        )
        assert left.status == 200
        assert assigned.status in (200, 400)
    [row] = await desk.sql(
        "SELECT count(*) FROM event given JOIN event gone ON gone.type = 'employee_updated'"
        " AND gone.entity_id = (given.after ->> 'assignedTo')::int AND gone.id < given.id"
        " WHERE given.type = 'ticket_updated'"
    )
    assert row["count"] == 0


async def test_an_assignment_waits_for_the_end_of_the_assignees_employment(desk: Api) -> None:
    [leaver] = await desk.sql("INSERT INTO employee (name) VALUES ('Leaver') RETURNING id")
    ticket = await report(desk)
    path = f"/api/tickets/{ticket['id']}/assign"
    async with desk.app.databases.sunshine.transaction(System()) as tx:
        await employees.change(
            tx, leaver["id"], {"status": "inactive"}, actor=principal(desk, "hr")
        )
        assigned = asyncio.ensure_future(desk.post(path, {"assignedTo": leaver["id"]}, as_="agent"))
        await desk.somebody_waits()
    assert (await assigned).status == 400
    [row] = await desk.sql("SELECT assigned_to_id FROM ticket")
    assert row["assigned_to_id"] is None


async def test_watching_twice_at_once_is_once(desk: Api, second: Api) -> None:
    ticket = await report(desk)
    path = f"/api/tickets/{ticket['id']}/watch"
    answers = await race((desk, second), "POST", path, [None] * 20, ("manager",))
    assert outcomes(answers) == {"done": 20}
    assert (await desk.events()).count("ticket_watched") == 1


async def test_a_breach_is_told_once_however_many_ask(desk: Api, second: Api, now: Now) -> None:
    now.set(2024, 1, 15, 9)
    tickets = [await report(desk) for _ in range(20)]
    now.set(2024, 2, 15, 9)

    async def tell(api: Api) -> int:
        async with api.app.databases.sunshine.transaction(System()) as tx:
            return sum((await report_breaches(tx)).values())

    replies = [say(desk, ticket, "agent", "Hello") for ticket in tickets]
    first = await asyncio.gather(*(tell(api) for api in (desk, second) * 3), *replies)
    # A ticket that somebody was changing is told the next time.
    counts = [found for found in first if isinstance(found, int)]
    assert sum(counts) + await tell(desk) == 40
    rows = await desk.sql(
        "SELECT count(*) AS times FROM event WHERE type = 'ticket_sla_breached'"
        " GROUP BY entity_id, after -> 'missed' ->> 'target'"
    )
    assert [row["times"] for row in rows] == [1] * 40


async def test_what_is_being_changed_holds_no_job_up(desk: Api, now: Now) -> None:
    now.set(2024, 1, 15, 9)
    busy, late = await report(desk), await report(desk)
    now.set(2024, 2, 15, 9)
    database = desk.app.databases.sunshine
    async with database.transaction(System()) as tx:
        await tx.execute(
            Statement(text("SELECT 1 FROM ticket WHERE id = :id FOR UPDATE")), id=busy["id"]
        )
        async with database.transaction(System()) as job:
            assert await report_breaches(job) == {"response": 1, "resolution": 1}
    async with database.transaction(System()) as job:
        assert await report_breaches(job) == {"response": 1, "resolution": 1}
    assert (await put(desk, late, status="closed"))["breached"] is True
