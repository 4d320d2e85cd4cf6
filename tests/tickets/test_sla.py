"""When tickets are due, what stops their clocks, and that a breach is told once."""

from dataclasses import replace
from datetime import date, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from sunshine.core.principals import System
from sunshine.modules.tickets.sla import calendar_changed, due_on, report_breaches
from tests.api import Api
from tests.conftest import Now
from tests.tickets.factories import get, listed, put, report, say

# 15 January 2024 is a Monday; the business is open from 9 to 17, Monday to Friday, in UTC.


async def breaches(desk: Api) -> dict[str, int]:
    """What the job tells now."""
    async with desk.app.databases.sunshine.transaction(System()) as tx:
        return await report_breaches(tx)


async def told(desk: Api) -> list[tuple[int, str]]:
    """Every breach that was told: of which ticket, of which target."""
    rows = await desk.sql(
        "SELECT entity_id, after -> 'missed' ->> 'target' AS target FROM event"
        " WHERE type = 'ticket_sla_breached' ORDER BY id"
    )
    return [(row["entity_id"], row["target"]) for row in rows]


def dues(ticket: dict[str, Any]) -> tuple[str, str]:
    return ticket["firstResponseDueAt"], ticket["dueAt"]


@pytest.mark.parametrize(
    ("priority", "made", "response", "resolution"),
    [
        ("urgent", (15, 10), "2024-01-15T10:15:00Z", "2024-01-15T11:00:00Z"),
        ("high", (15, 10), "2024-01-15T11:00:00Z", "2024-01-15T14:00:00Z"),
        ("medium", (15, 10), "2024-01-15T11:00:00Z", "2024-01-16T10:00:00Z"),
        ("low", (15, 10), "2024-01-15T14:00:00Z", "2024-01-17T10:00:00Z"),
        ("urgent", (15, 22), "2024-01-16T09:15:00Z", "2024-01-16T10:00:00Z"),  # at night
        ("high", (19, 16, 30), "2024-01-22T09:30:00Z", "2024-01-22T12:30:00Z"),  # on a Friday
        ("medium", (20, 12), "2024-01-22T10:00:00Z", "2024-01-22T17:00:00Z"),  # on a Saturday
    ],
)
async def test_it_is_due_by_its_priority_in_business_hours(
    desk: Api, now: Now, priority: str, made: tuple[int, ...], response: str, resolution: str
) -> None:
    now.set(2024, 1, *made)
    assert dues(await report(desk, priority=priority)) == (response, resolution)


async def test_holidays_do_not_count_unless_they_were_removed(desk: Api, now: Now) -> None:
    await desk.sql(
        "INSERT INTO holiday (date, name, kind, deducts_annual, deleted_at) VALUES"
        " ('2024-01-16', 'A holiday', 'public', false, NULL),"
        " ('2024-01-17', 'A collective day', 'collective', true, NULL),"
        " ('2024-01-18', 'No holiday after all', 'public', false, now())"
    )
    now.set(2024, 1, 15, 16)
    assert dues(await report(desk)) == ("2024-01-15T17:00:00Z", "2024-01-18T16:00:00Z")
    now.set(2024, 1, 16, 16)
    assert dues(await report(desk)) == ("2024-01-18T10:00:00Z", "2024-01-18T17:00:00Z")


async def test_a_holiday_that_is_announced_moves_what_is_worked_on(desk: Api, now: Now) -> None:
    now.set(2024, 1, 15, 16)
    ticket, ended, soon = [await report(desk) for _ in range(3)]  # due on Tuesday at 16
    soon = await put(desk, soon, priority="urgent")  # due on Monday
    await say(desk, ticket, "agent", "We are on it")
    await put(desk, ended, status="closed")
    events = await desk.events()
    database = desk.app.databases.sunshine
    for day, due in (("2024-01-16", "2024-01-17"), ("2024-01-17", "2024-01-18")):
        await desk.sql(
            "INSERT INTO holiday (date, name, kind, deducts_annual)"
            " VALUES (%(day)s, 'A holiday', 'public', false)",
            day=day,
        )
        async with database.transaction(System()) as tx:
            await calendar_changed(tx, date.fromisoformat(day))
        assert dues(await get(desk, ticket)) == ("2024-01-15T17:00:00Z", f"{due}T16:00:00Z")
    assert (await get(desk, ended))["dueAt"] == "2024-01-16T16:00:00Z"
    assert await get(desk, soon) == soon
    assert (await desk.events())[len(events) :] == ["ticket_updated"] * 2
    await desk.sql("UPDATE holiday SET deleted_at = now() WHERE date = '2024-01-16'")
    async with database.transaction(System()) as tx:
        await calendar_changed(tx, date(2024, 1, 16))
    assert (await get(desk, ticket))["dueAt"] == "2024-01-16T16:00:00Z"


async def test_it_counts_as_the_company_works(
    desk: Api, now: Now, monkeypatch: pytest.MonkeyPatch
) -> None:
    database = desk.app.databases.sunshine
    hour = timedelta(hours=1)
    policy = replace(
        database.policy,
        timezone=ZoneInfo("Europe/Berlin"),
        business_hours=(7 * hour, 12 * hour),
        business_days=frozenset({6, 7}),
        sla={"medium": (hour, 6 * hour)},
    )
    monkeypatch.setattr(database, "policy", policy)
    now.set(2024, 3, 29, 12)  # clocks change on Sunday the 31st: from UTC+1 to UTC+2
    assert dues(await report(desk)) == ("2024-03-30T07:00:00Z", "2024-03-31T06:00:00Z")


async def test_another_priority_counts_from_the_making(desk: Api, now: Now) -> None:
    now.set(2024, 1, 15, 10)
    ticket = await report(desk)
    now.set(2024, 1, 15, 10, 30)
    ticket = await put(desk, ticket, priority="urgent")
    assert dues(ticket) == ("2024-01-15T10:15:00Z", "2024-01-15T11:00:00Z")
    assert ticket["breached"] is True
    ticket = await put(desk, ticket, priority="low")
    assert dues(ticket) == ("2024-01-15T14:00:00Z", "2024-01-17T10:00:00Z")
    assert ticket["breached"] is False


async def test_another_priority_leaves_a_target_that_is_met(desk: Api, now: Now) -> None:
    now.set(2024, 1, 15, 10)
    ticket = await report(desk)
    now.set(2024, 1, 15, 10, 30)
    await say(desk, ticket, "agent", "We are on it")
    ticket = await put(desk, ticket, priority="urgent")
    assert dues(ticket) == ("2024-01-15T11:00:00Z", "2024-01-15T11:00:00Z")
    assert ticket["breached"] is False


@pytest.mark.parametrize("ending", ["resolved", "closed", "resolved, then closed"])
async def test_it_stands_still_while_it_is_resolved(desk: Api, now: Now, ending: str) -> None:
    now.set(2024, 1, 15, 10)
    ticket = await report(desk)  # due on Tuesday at 10
    await say(desk, ticket, "agent", "We are on it")
    now.set(2024, 1, 15, 12)
    if "resolved" in ending:
        await put(desk, ticket, status="in_progress")
        await put(desk, ticket, status="resolved")
    now.set(2024, 1, 15, 16 if "resolved" in ending else 12)
    if "closed" in ending:
        await put(desk, ticket, status="closed")
    now.set(2024, 1, 17, 12)
    assert (await get(desk, ticket))["breached"] is False
    assert (await get(desk, ticket))["dueAt"] == "2024-01-16T10:00:00Z"
    await say(desk, ticket, "employee", "It happens again")
    # From Monday at 12 to Wednesday at 12 are two business days.
    assert (await get(desk, ticket))["dueAt"] == "2024-01-18T10:00:00Z"
    # And a second time, over a night.
    now.set(2024, 1, 17, 16)
    await put(desk, ticket, status="closed")
    now.set(2024, 1, 18, 9, 30)
    await say(desk, ticket, "employee", "And again")
    ticket = await get(desk, ticket)
    assert ticket["dueAt"] == "2024-01-18T11:30:00Z"
    # Another priority keeps what it stood still: four hours, two days and an hour and a half.
    assert (await put(desk, ticket, priority="high"))["dueAt"] == "2024-01-17T15:30:00Z"


async def test_an_agent_who_takes_it_back_sets_the_clock_going(desk: Api, now: Now) -> None:
    now.set(2024, 1, 15, 10)
    ticket = await report(desk)
    await put(desk, ticket, status="in_progress")
    await put(desk, ticket, status="resolved")
    now.set(2024, 1, 15, 13)
    ticket = await put(desk, ticket, status="in_progress", priority="high")
    assert ticket["dueAt"] == "2024-01-15T17:00:00Z"  # four hours, and three that it stood


@pytest.mark.parametrize(
    ("caller", "responds"), [("employee", False), ("solver", True), ("agent", True)]
)
async def test_the_first_word_of_somebody_else_is_the_response(
    desk: Api, now: Now, caller: str, responds: bool
) -> None:
    now.set(2024, 1, 15, 10)
    ticket = await report(desk)
    await put(desk, ticket, assignedTo=desk.solver.employee_id)
    now.set(2024, 1, 15, 10, 30)
    await say(desk, ticket, "agent", "Internally", internal=True)
    assert (await get(desk, ticket))["firstRespondedAt"] is None
    await say(desk, ticket, caller, "Hello")
    first = "2024-01-15T10:30:00Z" if responds else None
    assert (await get(desk, ticket))["firstRespondedAt"] == first
    now.set(2024, 1, 15, 10, 45)
    await say(desk, ticket, caller, "Hello again")
    assert (await get(desk, ticket))["firstRespondedAt"] == first


async def test_a_status_from_somebody_else_is_a_response(desk: Api, now: Now) -> None:
    now.set(2024, 1, 15, 10)
    ours, theirs = await report(desk), await report(desk, "agent")
    assert (await put(desk, ours, status="in_progress"))["firstRespondedAt"] is not None
    assert (await put(desk, theirs, "agent", status="in_progress"))["firstRespondedAt"] is None
    closed = await desk.post(
        f"/api/tickets/{(await report(desk))['id']}/close", {"resolution": "X"}, as_="employee"
    )
    assert closed.data["firstRespondedAt"] is None


async def test_a_breach_is_told_once_per_target(desk: Api, now: Now) -> None:
    now.set(2024, 1, 15, 10)
    ticket = await report(desk)  # response by 11, resolution by Tuesday at 10
    now.set(2024, 1, 15, 10, 59)
    assert await breaches(desk) == {"response": 0, "resolution": 0}
    assert (await get(desk, ticket))["breached"] is False
    now.set(2024, 1, 15, 11)
    before = await get(desk, ticket)
    assert before["breached"] is True
    assert await breaches(desk) == {"response": 1, "resolution": 0}
    assert await breaches(desk) == {"response": 0, "resolution": 0}
    now.set(2024, 1, 16, 10)
    assert await breaches(desk) == {"response": 0, "resolution": 1}
    now.set(2024, 3, 1, 10)
    assert await breaches(desk) == {"response": 0, "resolution": 0}
    assert await told(desk) == [(ticket["id"], "response"), (ticket["id"], "resolution")]
    # Being told of is no change of the ticket.
    assert await get(desk, ticket) == before
    [event] = await desk.sql(
        "SELECT * FROM event WHERE type = 'ticket_sla_breached' ORDER BY id LIMIT 1"
    )
    assert (event["actor_type"], event["actor_name"]) == ("system", "system")
    assert event["after"] == {
        "number": ticket["number"], "status": "open", "priority": "medium", "assignedTo": None,
        "missed": {"target": "response", "dueAt": "2024-01-15T11:00:00Z"},
    }  # fmt: skip


async def test_after_downtime_all_is_told_that_was_late(desk: Api, now: Now) -> None:
    now.set(2024, 1, 15, 9)
    silent, late, met, deleted = [await report(desk, priority="high") for _ in range(4)]
    now.set(2024, 1, 15, 9, 30)
    await say(desk, met, "agent", "We are on it")
    await put(desk, met, status="closed")
    now.set(2024, 1, 16, 9)  # nothing ran since
    await put(desk, late, status="closed")
    await desk.delete(f"/api/tickets/{deleted['id']}", as_="admin")
    assert await breaches(desk) == {"response": 2, "resolution": 2}
    both = [silent["id"], late["id"]]
    # Of one kind in any order: they are told of by one statement.
    assert sorted(await told(desk)) == sorted(
        (id_, missed) for id_ in both for missed in ("response", "resolution")
    )
    assert (await get(desk, late))["breached"] is True
    assert (await get(desk, met))["breached"] is False
    now.set(2024, 1, 17, 9)
    assert await breaches(desk) == {"response": 0, "resolution": 0}


async def test_it_is_told_once_although_it_is_late_again(desk: Api, now: Now) -> None:
    now.set(2024, 1, 15, 9)
    ticket = await report(desk, priority="urgent")
    now.set(2024, 1, 15, 12)
    assert await breaches(desk) == {"response": 1, "resolution": 1}
    await put(desk, ticket, priority="low")
    assert (await get(desk, ticket))["breached"] is False
    await put(desk, ticket, status="closed")
    await say(desk, ticket, "employee", "Again")
    now.set(2024, 2, 1, 9)
    assert (await get(desk, ticket))["breached"] is True
    assert await breaches(desk) == {"response": 0, "resolution": 0}


async def test_breached_tickets_are_found(desk: Api, now: Now) -> None:
    now.set(2024, 1, 15, 9)
    urgent, low = await report(desk, priority="urgent"), await report(desk, priority="low")
    for hour, query, found in (
        (9, "true", []), (9, "false", [low, urgent]),
        (10, "true", [urgent]), (10, "false", [low]), (16, "true", [low, urgent]),
    ):  # fmt: skip
        now.set(2024, 1, 15, hour)
        rows = await listed(desk, "agent", f"&breached={query}")
        assert [row["id"] for row in rows] == [ticket["id"] for ticket in found], (hour, query)
        assert {row["breached"] for row in rows} <= {query == "true"}


async def test_it_says_what_somebody_has_due(
    desk: Api, now: Now, monkeypatch: pytest.MonkeyPatch
) -> None:
    database = desk.app.databases.sunshine
    zone = replace(database.policy, timezone=ZoneInfo("Asia/Jakarta"))
    monkeypatch.setattr(database, "policy", zone)
    now.set(2024, 1, 15, 2)  # 9 in the morning there
    solver = desk.solver.employee_id
    tickets = {priority: await report(desk, priority=priority) for priority in ("high", "low")}
    ended = await report(desk, priority="high")
    for ticket in (*tickets.values(), await report(desk), ended):
        await put(desk, ticket, assignedTo=solver)
    await put(desk, ended, status="closed")
    await put(desk, await report(desk), assignedTo=desk.hr.employee_id)
    days = [now().date() + timedelta(days=number) for number in range(-1, 3)]
    found = await due_on(database, solver or 0, days[1], days[1])
    medium = [row["id"] for row in found if row["priority"] == "medium"]
    assert [row["id"] for row in found] == [tickets["high"]["id"], *medium]
    assert len(medium) == 1
    assert set(found[0]) == {"id", "number", "title", "priority", "status", "dueAt"}
    assert await due_on(database, solver or 0, days[0], days[0]) == []
    rows = await due_on(database, solver or 0, days[0], days[3])
    assert [row["id"] for row in rows][-1] == tickets["low"]["id"]
    assert len(rows) == 3
