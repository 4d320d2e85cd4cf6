"""What /ws/tickets tells of tickets: exactly what its receiver may GET, resumed without a gap."""

import asyncio
import random
from contextlib import AsyncExitStack
from typing import Any

from tests.api import Api
from tests.sockets import Client, connected
from tests.tickets.factories import put, report, say, staff

EVERYBODY = ("admin", "hr", "manager", "employee", "stranger", "outsider", "agent", "solver")


async def quiet(client: Client, seconds: float = 0.3) -> list[dict[str, Any]]:
    """What has come until nothing comes any more."""
    frames = []
    while True:
        try:
            frames.append(await client.frame(seconds))
        except TimeoutError:
            return frames


async def test_the_documented_address_tells_of_a_ticket_from_beginning_to_end(api: Api) -> None:
    async with connected(api, "/ws/tickets", as_="admin") as client:
        await client.ready()
        ticket = await report(api, as_="employee", priority="high")
        await put(api, ticket, status="in_progress", assignedTo=api.stranger.employee_id)
        await say(api, ticket, "employee", "Any news?")
        created, update, comment = [await client.frame() for _ in range(3)]
    assert [created["type"], update["type"], comment["type"]] == [
        "ticket_created", "ticket_update", "ticket_comment",
    ]  # fmt: skip
    assert created["data"]["ticketId"] == ticket["id"]
    assert (created["data"]["status"], created["data"]["priority"]) == ("open", "high")
    assert (update["data"]["status"], update["data"]["assignedTo"]) == (
        "in_progress", api.stranger.employee_id,
    )  # fmt: skip
    assert comment["data"]["actor"] == "Employee Person"
    assert all({"type", "data", "seq"} == frame.keys() for frame in (created, update, comment))


async def test_each_is_told_of_what_they_may_read_and_of_nothing_else(api: Api) -> None:
    await staff(api)
    dice = random.Random(4)
    async with AsyncExitStack() as stack:
        clients = {
            name: await stack.enter_async_context(
                connected(api, dice.choice(["/ws/tickets", "/ws/ticketing"]), as_=name)
            )
            for name in EVERYBODY
        }
        for client in clients.values():
            await client.ready()
        tickets = []
        for reporter in ("employee", "stranger", "hr", "manager", "solver"):
            ticket = await report(api, as_=reporter)
            await say(api, ticket, "agent", "a secret", internal=True)
            await say(api, ticket, "agent", "for all")
            tickets.append(ticket)
        told = {name: await quiet(client) for name, client in clients.items()}
    for name in EVERYBODY:
        seen = {frame["data"]["ticketId"] for frame in told[name]}
        readable = {
            ticket["id"]
            for ticket in tickets
            if (await api.get(f"/api/tickets/{ticket['id']}", as_=name)).status == 200
        }
        assert seen == readable, name
        sees_secrets = name in ("admin", "agent")
        assert ("a secret" in str(told[name])) is sees_secrets, name
        comments = [frame for frame in told[name] if frame["type"] == "ticket_comment"]
        assert len(comments) == len(readable) * (2 if sees_secrets else 1), name
        order = [tuple(map(int, frame["seq"].split("-"))) for frame in told[name]]
        assert order == sorted(set(order)), name


async def test_who_comes_back_is_told_what_was_missed(api: Api, second: Api) -> None:
    async with connected(api, as_="employee") as client:
        since = await client.ready()
    made = await asyncio.gather(*(report(api, as_="employee") for _ in range(10)))
    async with connected(second, as_="employee", since=since) as client:
        frames = (await client.until_ready())[:-1]
        later = await report(api, as_="employee")
        frames.append(await client.frame())
    ids = [frame["data"]["ticketId"] for frame in frames]
    assert sorted(ids[:-1]) == sorted(ticket["id"] for ticket in made)
    assert ids[-1] == later["id"]
    assert len({frame["seq"] for frame in frames}) == 11


async def test_a_ticket_that_is_given_away_is_told_to_who_has_it_now(api: Api) -> None:
    ticket = await report(api, as_="employee")
    async with AsyncExitStack() as stack:
        clients = {
            name: await stack.enter_async_context(connected(api, as_=name))
            for name in ("hr", "stranger")
        }
        for client in clients.values():
            await client.ready()
        await put(api, ticket, assignedTo=api.hr.employee_id)
        assert (await clients["hr"].frame())["data"]["assignedTo"] == api.hr.employee_id
        await put(api, ticket, assignedTo=api.stranger.employee_id)
        assert (await clients["stranger"].frame())["data"]["ticketId"] == ticket["id"]
        assert await quiet(clients["hr"]) == []
