"""How tickets end: /close, /rating, /merge, DELETE; and /watch until then."""

from typing import Any

import pytest

from tests.api import Api
from tests.tickets.factories import enrol, get, listed, put, report, say, ticket_in

MISSING = 2**31 - 1
CLOSE = {"resolution": "Done"}


async def close(desk: Api, ticket: dict[str, Any], as_: str, **more: Any) -> Any:
    return await desk.post(f"/api/tickets/{ticket['id']}/close", {**CLOSE, **more}, as_=as_)


async def rate(desk: Api, ticket: dict[str, Any], as_: str, **more: Any) -> Any:
    body = {"satisfaction": 4, **more}
    return await desk.post(f"/api/tickets/{ticket['id']}/rating", body, as_=as_)


async def merge(desk: Api, ticket: dict[str, Any], into: int, as_: str = "agent") -> Any:
    return await desk.post(f"/api/tickets/{ticket['id']}/merge", {"into": into}, as_=as_)


async def test_only_the_reporter_says_how_satisfied_they_are(desk: Api) -> None:
    ticket = await ticket_in(desk, "in_progress", assignee="solver")
    events = await desk.events()
    for caller in ("solver", "agent", "admin", "manager", "hr", "stranger", "outsider"):
        assert (await close(desk, ticket, caller, satisfaction=5)).status == 403, caller
    assert await desk.events() == events
    assert (await close(desk, ticket, "employee", satisfaction=2)).data["satisfaction"] == 2


@pytest.mark.parametrize("value", [0, 6, -1, 2.5, "5", True, None])
async def test_it_is_rated_from_one_to_five(desk: Api, value: Any) -> None:
    ticket = await ticket_in(desk, "resolved")
    for answer in (
        await close(desk, ticket, "employee", satisfaction=value),
        await rate(desk, ticket, "employee", satisfaction=value),
    ):
        assert (answer.status, answer.fields) == (400, {"satisfaction"})
    assert (await get(desk, ticket))["status"] == "resolved"


async def test_it_is_rated_once_by_its_reporter(desk: Api) -> None:
    ticket = await ticket_in(desk, "resolved", assignee="solver")
    for caller in ("solver", "agent", "admin", "manager", "hr", "stranger", "outsider"):
        assert (await rate(desk, ticket, caller)).status == 403, caller
    answer = await rate(desk, ticket, "employee", comment="Quick and kind")
    assert answer.status == 200
    assert (answer.data["satisfaction"], answer.data["satisfactionComment"]) == (
        4, "Quick and kind",
    )  # fmt: skip
    events = await desk.events()
    assert events[-1] == "ticket_rated"
    answer = await rate(desk, ticket, "employee", satisfaction=1)
    assert (answer.status, answer.code) == (409, "already_rated")
    assert await desk.events() == events
    for caller in ("agent", "admin", "employee"):
        missing = await rate(desk, {"id": MISSING}, caller)
        assert (missing.status, missing.code) == (403, "not_allowed")


async def test_it_is_rated_when_it_is_solved_and_anew_when_solved_anew(desk: Api) -> None:
    ticket = await report(desk, "employee")
    for status in ("open", "in_progress"):
        if status != "open":
            await put(desk, ticket, status=status)
        answer = await rate(desk, ticket, "employee")
        assert (answer.status, answer.code) == (409, "not_resolved")
    await close(desk, ticket, "employee", satisfaction=1)
    assert (await rate(desk, ticket, "employee")).code == "already_rated"
    await say(desk, ticket, "employee", "Still broken")
    assert (await get(desk, ticket))["satisfaction"] is None
    await close(desk, ticket, "agent")
    assert (await rate(desk, ticket, "employee")).data["satisfaction"] == 4


async def test_it_goes_on_in_another_ticket(desk: Api) -> None:
    source, target = await report(desk), await report(desk, "stranger", title="The same")
    await say(desk, source, "employee", "Said in the one")
    await say(desk, target, "stranger", "Said in the other")
    await say(desk, source, "agent", "Internal in the one", internal=True)
    await desk.post(f"/api/tickets/{source['id']}/watch", as_="manager")
    events = await desk.events()
    answer = await merge(desk, source, target["id"])
    assert answer.status == 200
    assert (answer.data["status"], answer.data["mergedInto"]) == ("closed", target["id"])
    assert (await desk.events())[len(events) :] == ["ticket_merged", "ticket_absorbed"]
    # Who reported or watched the one watches the other.
    for follower in ("employee", "manager"):
        shown = await get(desk, target, follower)
        assert (shown["watching"], shown["commentCount"]) == (True, 1)
        comments = await listed(desk, follower, path=f"/api/tickets/{target['id']}/comments")
        assert [row["comment"] for row in comments] == ["Said in the other"]
        history = await listed(desk, follower, path=f"/api/tickets/{target['id']}/history")
        assert [row["type"] for row in history] == ["ticket_created", "ticket_commented"]
    # The other's reporter learns nothing of the one.
    assert (await desk.get(f"/api/tickets/{source['id']}", as_="stranger")).status == 403
    for part in ("", "/comments", "/history"):
        answer = await desk.get(f"/api/tickets/{target['id']}{part}", as_="stranger")
        assert b"Said in the one" not in answer.body
        assert source["number"].encode() not in answer.body
    history = await listed(desk, "agent", path=f"/api/tickets/{target['id']}/history")
    assert history[-1]["merged"]["from"] == source["number"]
    # What was said stays where it was said.
    comments = await listed(desk, "employee", path=f"/api/tickets/{source['id']}/comments")
    assert [row["comment"] for row in comments] == ["Said in the one"]


async def test_what_was_merged_takes_nothing_more(desk: Api) -> None:
    source, target = await report(desk), await report(desk)
    await merge(desk, source, target["id"])
    other = await report(desk)
    path = f"/api/tickets/{source['id']}"
    events = await desk.events()
    for method, part, body in (
        ("PUT", "", {"title": "X"}), ("PUT", "", {"notes": "X"}), ("PUT", "", {"status": "open"}),
        ("POST", "/comments", {"comment": "X"}),
        ("POST", "/comments", {"comment": "X", "internal": True}), ("POST", "/close", CLOSE),
        ("POST", "/assign", {"assignedTo": None}), ("POST", "/merge", {"into": other["id"]}),
        ("POST", "/watch", None), ("POST", "/rating", {"satisfaction": 1}),
    ):  # fmt: skip
        caller = "employee" if part == "/rating" else "admin"
        answer = await desk.call(method, path + part, body, as_=caller)
        assert (answer.status, answer.code) == (409, "ticket_merged"), part
        assert answer.json["data"] == {"mergedInto": target["id"]}
    answer = await merge(desk, other, source["id"])
    assert (answer.status, answer.code) == (409, "ticket_merged")
    answer = await desk.post(f"{path}/comments", {"comment": "X"}, as_="employee")
    assert (answer.status, answer.code) == (409, "ticket_merged")
    assert await desk.events() == events


async def test_it_merges_only_what_can_go_on(desk: Api) -> None:
    source = await report(desk)
    events = await desk.events()
    for into in (source["id"], MISSING):
        answer = await merge(desk, source, into)
        assert (answer.status, answer.fields) == (400, {"into"})
    assert (await merge(desk, {"id": MISSING}, source["id"])).status == 404
    for caller in ("employee", "manager", "hr", "solver", "outsider"):
        assert (await merge(desk, source, MISSING, caller)).status == 403
    assert await desk.events() == events
    ended = await ticket_in(desk, "closed", reporter="stranger")
    answer = await merge(desk, source, ended["id"])
    assert (answer.status, answer.code) == (409, "into_closed")
    closed_at = ended["closedAt"]
    assert (await merge(desk, ended, source["id"])).data["closedAt"] == closed_at


async def test_a_deleted_one_is_gone_for_everybody(desk: Api) -> None:
    ticket = await report(desk)
    await say(desk, ticket, "agent", "Hello")
    path = f"/api/tickets/{ticket['id']}"
    for caller in ("employee", "agent", "manager", "hr", "outsider"):
        assert (await desk.delete(path, as_=caller)).status == 403
    assert (await desk.delete(path, as_="admin")).json == {
        "success": True, "message": "Ticket deleted",
    }  # fmt: skip
    events = await desk.events()
    assert events[-1] == "ticket_deleted"
    for method, part, body in (
        ("GET", "", None), ("PUT", "", {"title": "X"}), ("DELETE", "", None),
        ("GET", "/comments", None), ("POST", "/comments", {"comment": "X"}),
        ("GET", "/history", None), ("POST", "/close", CLOSE),
    ):  # fmt: skip
        assert (await desk.call(method, path + part, body, as_="admin")).status == 404
        if method != "DELETE":
            assert (await desk.call(method, path + part, body, as_="employee")).status == 403
    for caller in ("admin", "employee"):
        assert await listed(desk, caller) == []
        assert await listed(desk, caller, f"&search={ticket['number']}") == []
    assert await desk.events() == events
    [row] = await desk.sql("SELECT title FROM ticket WHERE deleted_at IS NOT NULL")
    assert row["title"] == ticket["title"]


async def test_who_sees_it_may_watch_it_and_then_keeps_seeing_it(desk: Api) -> None:
    ticket = await ticket_in(desk, "open", assignee="solver")
    path = f"/api/tickets/{ticket['id']}"
    for caller in ("hr", "stranger", "outsider"):
        assert (await desk.post(f"{path}/watch", as_=caller)).status == 403
    for caller in ("solver", "manager", "agent"):
        assert (await get(desk, ticket, caller))["watching"] is False
        for _ in range(2):
            assert (await desk.post(f"{path}/watch", as_=caller)).data["watching"] is True
    assert (await desk.events()).count("ticket_watched") == 3
    await put(desk, ticket, assignedTo=None)
    await desk.sql("UPDATE employee SET manager_id = NULL")
    for caller in ("solver", "manager"):
        assert [row["id"] for row in await listed(desk, caller)] == [ticket["id"]]
        answer = await desk.post(f"{path}/comments", {"comment": "Hello"}, as_=caller)
        assert answer.status == 403, "watching is reading"
        assert (await desk.delete(f"{path}/watch", as_=caller)).status == 200
        assert (await desk.get(path, as_=caller)).status == 403
        assert await listed(desk, caller) == []


async def test_watching_no_more_twice_is_once(desk: Api) -> None:
    ticket = await report(desk)
    for _ in range(2):
        answer = await desk.delete(f"/api/tickets/{ticket['id']}/watch", as_="employee")
        assert answer.json == {"success": True, "message": "Ticket no longer watched"}
    assert await desk.events() == ["ticket_created"]


async def test_who_watches_is_told_to_agents_only(desk: Api) -> None:
    await enrol(desk, "curious", manager="manager")
    ticket = await report(desk, "curious")
    path = f"/api/tickets/{ticket['id']}"
    await desk.post(f"{path}/watch", as_="manager")
    await desk.delete(f"{path}/watch", as_="manager")
    types = {
        reader: [row["type"] for row in await listed(desk, reader, path=f"{path}/history")]
        for reader in ("curious", "manager", "agent")
    }
    assert types["curious"] == types["manager"] == ["ticket_created"]
    assert types["agent"] == ["ticket_created", "ticket_watched", "ticket_unwatched"]


async def test_only_employees_watch(desk: Api) -> None:
    ticket = await report(desk)
    await desk.sql("UPDATE users SET employee_id = NULL WHERE username = 'agent'")
    for method in ("POST", "DELETE"):
        answer = await desk.call(method, f"/api/tickets/{ticket['id']}/watch", as_="agent")
        assert (answer.status, answer.code) == (403, "no_employee")
