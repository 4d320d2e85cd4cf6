"""Comments: who says what, what is internal, and how a word of the reporter opens a ticket."""

from datetime import datetime, timedelta

import pytest

from tests.api import Api
from tests.conftest import Now
from tests.tickets.factories import LATE_STATUSES, get, listed, put, report, say, ticket_in

SECRET = "xyzzy"


async def test_reporter_assignee_and_agents_comment(desk: Api) -> None:
    ticket = await report(desk)
    await put(desk, ticket, assignedTo=desk.solver.employee_id)
    path = f"/api/tickets/{ticket['id']}/comments"
    for caller in ("employee", "solver", "agent", "admin"):
        await say(desk, ticket, caller, f"By {caller}")
    events = await desk.events()
    for caller in ("manager", "hr", "stranger", "outsider"):
        answer = await desk.post(path, {"comment": "Me too"}, as_=caller)
        assert (answer.status, answer.code) == (403, "not_allowed"), caller
    assert await desk.events() == events
    rows = await listed(desk, "manager", path=path)
    assert [row["comment"] for row in rows] == [
        "By employee", "By solver", "By agent", "By admin",
    ]  # fmt: skip
    assert [row["author"] for row in rows][:2] == ["Employee Person", "Solver Person"]


async def test_only_agents_say_something_internally(desk: Api) -> None:
    ticket = await report(desk)
    await put(desk, ticket, assignedTo=desk.solver.employee_id)
    events = await desk.events()
    body = {"comment": "Psst", "internal": True}
    for caller in ("employee", "solver", "manager", "hr", "stranger", "outsider"):
        answer = await desk.post(f"/api/tickets/{ticket['id']}/comments", body, as_=caller)
        assert (answer.status, answer.code) == (403, "not_allowed"), caller
    assert await desk.events() == events
    for caller in ("agent", "admin"):
        assert (await say(desk, ticket, caller, "Psst", internal=True))["internal"] is True


async def test_what_is_internal_is_nowhere_for_others(desk: Api) -> None:
    ticket = await report(desk)
    await put(desk, ticket, assignedTo=desk.solver.employee_id)
    for caller in ("hr", "manager", "employee"):
        await desk.sql(
            "INSERT INTO ticket_watcher VALUES (%(ticket)s, %(id)s, now())",
            ticket=ticket["id"], id=desk.cast[caller].employee_id,
        )  # fmt: skip
    await say(desk, ticket, "employee", "In public")
    path = f"/api/tickets/{ticket['id']}"
    readers = ("employee", "solver", "manager", "hr")
    watched = ("", "/comments", "/history")
    before = {
        (reader, part): (await desk.get(path + part, as_=reader)).body
        for reader in readers
        for part in watched
    }
    lists = {reader: (await desk.get("/api/tickets", as_=reader)).body for reader in readers}
    await say(desk, ticket, "agent", f"Psst, {SECRET}", internal=True)
    await put(desk, ticket, "agent", notes=f"Noted, {SECRET}")
    await put(desk, ticket, "solver", notes=f"Noted by the assignee, {SECRET}")
    for reader in readers:
        # Not a count, a version, an instant or a place in the order: to the byte.
        for part in watched:
            assert (await desk.get(path + part, as_=reader)).body == before[reader, part]
        assert (await desk.get("/api/tickets", as_=reader)).body == lists[reader]
        for query in (f"search={SECRET}", f"search={SECRET.upper()}", "search=psst"):
            assert await listed(desk, reader, f"&{query}") == []
        body = {"title": "X", "version": 99}
        refusal = await desk.put(path, body, as_=reader)
        assert SECRET.encode() not in refusal.body
    for reader in ("agent", "admin"):
        assert (await get(desk, ticket, reader))["commentCount"] == 4
        assert len(await listed(desk, reader, path=f"{path}/comments")) == 4
        assert [row["id"] for row in await listed(desk, reader, f"&search={SECRET}")] == [
            ticket["id"]
        ]
        history = await listed(desk, reader, path=f"{path}/history")
        assert [row["type"] for row in history].count("ticket_commented") == 4
    assert (await get(desk, ticket, "employee"))["commentCount"] == 1


@pytest.mark.parametrize("status", LATE_STATUSES)
async def test_a_word_of_the_reporter_opens_it_again(desk: Api, status: str) -> None:
    ticket = await ticket_in(desk, status, assignee="solver")
    events = await desk.events()
    await say(desk, ticket, "employee", "It happens again")
    again = await get(desk, ticket)
    assert (again["status"], again["assignedTo"]) == ("open", desk.solver.employee_id)
    nothing = ("resolvedAt", "closedAt", "resolution", "satisfaction", "satisfactionComment")
    assert {name: again[name] for name in nothing} == dict.fromkeys(nothing)
    assert (await desk.events())[len(events) :] == ["ticket_commented", "ticket_reopened"]
    [event] = await desk.sql("SELECT before, after FROM event WHERE type = 'ticket_reopened'")
    assert (event["before"]["status"], event["after"]["status"]) == (status, "open")


@pytest.mark.parametrize("status", LATE_STATUSES)
async def test_a_word_of_anybody_else_leaves_it(desk: Api, status: str) -> None:
    ticket = await ticket_in(desk, status, assignee="solver")
    for caller in ("solver", "agent", "admin"):
        await say(desk, ticket, caller, "Well done")
    assert (await get(desk, ticket))["status"] == status


async def test_an_internal_word_of_its_reporter_leaves_it(desk: Api) -> None:
    ticket = await ticket_in(desk, "resolved", reporter="agent")
    await say(desk, ticket, "agent", "To be watched", internal=True)
    assert (await get(desk, ticket))["status"] == "resolved"
    await say(desk, ticket, "agent", "Still broken")
    assert (await get(desk, ticket))["status"] == "open"


@pytest.mark.parametrize("status", LATE_STATUSES)
@pytest.mark.parametrize(("seconds", "then"), [(-1, "open"), (0, "open"), (1, None)])
async def test_it_opens_for_fourteen_days(
    desk: Api, now: Now, status: str, seconds: int, then: str | None
) -> None:
    now.set(2024, 1, 15, 10)
    ticket = await ticket_in(desk, status)
    later = datetime(2024, 1, 29, 10) + timedelta(seconds=seconds)  # noqa: DTZ001 - parts of it
    now.set(*later.timetuple()[:6])
    await say(desk, ticket, "employee", "It happens again")
    shown = await get(desk, ticket)
    assert (shown["status"], shown["commentCount"]) == (then or status, 1)
    assert ("ticket_reopened" in await desk.events()) == (then is not None)


async def test_the_fourteen_days_begin_at_its_end(desk: Api, now: Now) -> None:
    now.set(2024, 1, 1, 10)
    ticket = await ticket_in(desk, "resolved")
    now.set(2024, 1, 20, 10)
    await put(desk, ticket, status="closed")
    now.set(2024, 2, 2, 10)
    await say(desk, ticket, "employee", "It happens again")
    assert (await get(desk, ticket))["status"] == "open"


async def test_comments_are_paged_the_first_first(desk: Api) -> None:
    ticket = await report(desk)
    for number in range(5):
        await say(desk, ticket, "agent", f"{number}", internal=number % 2 == 0)
    path = f"/api/tickets/{ticket['id']}/comments"
    answer = await desk.get(f"{path}?limit=2&page=2", as_="agent")
    assert [row["comment"] for row in answer.data] == ["2", "3"]
    assert answer.json["pagination"]["total"] == 5
    answer = await desk.get(f"{path}?limit=1&page=2", as_="employee")
    assert [row["comment"] for row in answer.data] == ["3"]
    assert answer.json["pagination"]["total"] == 2


async def test_a_retry_says_it_once(desk: Api) -> None:
    ticket = await ticket_in(desk, "resolved")
    path = f"/api/tickets/{ticket['id']}/comments"
    headers = {"Idempotency-Key": "once"}
    body = {"comment": "Again"}
    answers = [await desk.post(path, body, as_="employee", headers=headers) for _ in range(2)]
    assert answers[0].data == answers[1].data
    assert (await get(desk, ticket))["commentCount"] == 1
    assert (await desk.events()).count("ticket_reopened") == 1
