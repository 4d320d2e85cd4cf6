"""Who is told what: the policy of the row as it is now, for each receiver: docs/sockets.md."""

import asyncio
from contextlib import AsyncExitStack

import pytest

from sunshine.core.errors import Unavailable
from sunshine.core.principals import System
from sunshine.live import hub
from tests.api import Api
from tests.live import channel
from tests.live.conftest import Noted, all_told
from tests.sockets import Client, connected, until

CAST = ("admin", "hr", "manager", "employee", "stranger", "outsider")
# Whose notes each one sees.
SEEN = {
    "admin": ["admin", "hr", "manager", "employee", "stranger"],
    "hr": ["admin", "hr", "manager", "employee", "stranger"],
    "manager": ["manager", "employee"],
    "employee": ["employee"],
    "stranger": ["stranger"],
    "outsider": [],
}


async def heard(api: Api, client: Client) -> list[int]:
    """The numbers of the notes that it was told, all that there are so far."""
    await all_told(api)
    await client.say("what was there")  # the answer comes after it
    numbers = []
    while (frame := await client.frame())["type"] != "error":
        assert frame["type"] == "employee_noted"
        numbers.append(frame["data"]["number"])
    return numbers


async def everybody(api: Api, stack: AsyncExitStack) -> dict[str, Client]:
    """The whole cast, live."""
    clients = {name: await stack.enter_async_context(connected(api, as_=name)) for name in CAST}
    for client in clients.values():
        await client.ready()
    return clients


async def test_each_is_told_what_its_get_would_show(api: Api, noted: Noted) -> None:
    async with AsyncExitStack() as stack:
        clients = await everybody(api, stack)
        numbers = {}
        for number, name in enumerate(CAST[:-1]):
            numbers[name] = number
            await noted(name, number)
        for name, client in clients.items():
            assert await heard(api, client) == [numbers[each] for each in SEEN[name]], name


async def test_a_resume_tells_the_same(api: Api, noted: Noted) -> None:
    async with AsyncExitStack() as stack:
        clients = await everybody(api, stack)
        seq = {name: (await _marked(api, noted, client)) for name, client in clients.items()}
    for number, name in enumerate(CAST[:-1]):
        await noted(name, number)
    for name in CAST:
        async with connected(api, as_=name, since=seq[name]) as client:
            *frames, _ = await client.until_ready()
        told = [CAST[f["data"]["number"]] for f in frames if f["data"]["number"] < 99]
        assert told == SEEN[name]


async def _marked(api: Api, noted: Noted, client: Client) -> str:
    """A cursor from before everything that matters."""
    [row] = await api.sql(
        "SELECT xid::text || '-' || id AS seq FROM event ORDER BY xid, id LIMIT 1"
    )
    return str(row["seq"])


async def test_it_goes_by_the_row_as_it_is_now(api: Api, noted: Noted) -> None:
    async with connected(api, as_="manager") as client:
        seq = await client.ready()
        await noted("stranger", 1)
        await noted("employee", 2)
        assert await heard(api, client) == [2]
        await api.sql(
            "UPDATE employee SET manager_id = %(manager)s WHERE id = %(id)s",
            manager=api.manager.employee_id, id=api.stranger.employee_id,
        )  # fmt: skip
        await api.sql(
            "UPDATE employee SET manager_id = NULL WHERE id = %(id)s", id=api.employee.employee_id
        )
        await noted("stranger", 3)
        await noted("employee", 4)
        assert await heard(api, client) == [3]
    # What happened before is seen by who may read the row now.
    async with connected(api, as_="manager", since=seq) as client:
        assert [f["data"]["number"] for f in (await client.until_ready())[:-1]] == [1, 3]


async def test_nobody_is_told_of_a_row_that_is_gone(api: Api, noted: Noted) -> None:
    async with AsyncExitStack() as stack:
        clients = await everybody(api, stack)
        await api.sql(
            "UPDATE employee SET deleted_at = now() WHERE id = %(id)s",
            id=api.employee.employee_id,
        )
        await noted("employee", 1)
        for client in clients.values():
            assert await heard(api, client) == []


async def test_nobody_is_told_what_is_of_no_row_or_makes_no_frame(api: Api, noted: Noted) -> None:
    async with connected(api, as_="admin") as client:
        await client.ready()
        employee = api.employee.employee_id
        async with api.app.databases.sunshine.transaction(System("test")) as tx:
            await tx.record("employee_noted", "employee", None, after={"number": 1})
            await tx.record("employee_noted", "employee", employee)
            await tx.record("employee_whispered", "employee", employee, after={"number": 2})
            await tx.record("employee_noted", "employee", 2**31 - 1, after={"number": 3})
        await noted("employee", 4)
        assert await heard(api, client) == [4]


async def take_back(api: Api, name: str) -> None:
    """A change that fails after it was recorded."""
    async with api.app.databases.sunshine.transaction(System("test")) as tx:
        employee = api.cast[name].employee_id
        await tx.record("employee_noted", "employee", employee, after={"number": 1})
        raise LookupError


async def test_a_change_taken_back_is_never_told(api: Api, noted: Noted) -> None:
    async with connected(api, as_="admin") as client:
        await client.ready()
        with pytest.raises(LookupError):
            await take_back(api, "hr")
        await noted("employee", 2)
        assert await heard(api, client) == [2]


async def test_one_bad_event_or_question_stops_nobody(api: Api, noted: Noted) -> None:
    channel.bad_for["manager"] = 2
    async with connected(api, as_="hr") as hr, connected(api, as_="manager") as manager:
        await hr.ready()
        await manager.ready()
        await noted("employee", 1, **{"bad frame": True})
        await noted("employee", 2)
        await noted("employee", 3)
        assert await heard(api, hr) == [2, 3]
        assert await heard(api, manager) == [3], "what could not be decided is not shown"


async def test_one_person_may_have_many_sockets(api: Api, noted: Noted) -> None:
    async with AsyncExitStack() as stack:
        clients = [
            await stack.enter_async_context(connected(api, as_="employee")) for _ in range(5)
        ]
        for client in clients:
            await client.ready()
        await noted("employee", 1)
        for client in clients:
            assert await heard(api, client) == [1]


async def test_other_processes_events_are_told_too(api: Api, second: Api, noted: Noted) -> None:
    async with connected(second, as_="employee") as client:
        await client.ready()
        await noted("employee", 1)
        assert (await client.frame())["data"]["number"] == 1


async def test_an_event_comes_at_once(api: Api, noted: Noted) -> None:
    async with connected(api, as_="employee") as client:
        await client.ready()
        for number in range(5):
            await noted("employee", number)
            assert (await client.frame(seconds=0.5))["data"]["number"] == number


# What it costs.


async def test_it_asks_once_for_many_events_and_many_sockets(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[object] = []
    original = hub.text_frame
    async with AsyncExitStack() as stack:
        clients = [
            await stack.enter_async_context(connected(api, as_="employee")) for _ in range(20)
        ]
        for client in clients:
            await client.ready()
        monkeypatch.setattr(hub, "text_frame", lambda m: made.append(m) or original(m))  # type: ignore[func-returns-value]
        async with api.app.databases.sunshine.transaction(System("test")) as tx:
            for number in range(50):
                employee = api.employee.employee_id
                await tx.record("employee_noted", "employee", employee, after={"number": number})
        for client in clients:
            assert await heard(api, client) == list(range(50))
    assert channel.asked == [1]
    assert len(made) == 50


async def test_nothing_is_read_where_nobody_listens(api: Api, noted: Noted) -> None:
    async with connected(api, as_="employee") as client:
        await client.ready()
    await until(lambda: not api.app.presence._guests)
    await noted("employee", 1)
    async with connected(api, as_="employee") as client:
        await client.ready()
        await noted("employee", 2)
        assert await heard(api, client) in ([2], [1, 2])
    assert len(channel.asked) == 1


# While the database does not answer.


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hub, "RETRY_SECONDS", 0.02)


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize("troubles", [[Unavailable()] * 10, [ValueError("on purpose")]])
async def test_what_cannot_be_decided_yet_is_told_later_and_in_order(
    api: Api, noted: Noted, troubles: list[Exception]
) -> None:
    async with connected(api, as_="hr") as hr, connected(api, as_="stranger") as stranger:
        await hr.ready()
        await stranger.ready()
        channel.troubles += troubles
        for number in range(5):
            await noted("employee", number)
        assert await heard(api, hr) == [0, 1, 2, 3, 4]
        assert not channel.troubles
        assert await heard(api, stranger) == []


@pytest.mark.usefixtures("impatient")
async def test_who_cannot_be_told_for_long_is_sent_away_and_resumes(
    api: Api, noted: Noted, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hub, "STUCK_SECONDS", 0.2)
    async with connected(api, as_="employee") as client:
        seq = await client.ready()
        await noted("employee", 0)
        seq = (await client.frame())["seq"]
        channel.troubles += [Unavailable()] * 1000
        await noted("employee", 1)
        assert await client.closed() == 1013
        async with connected(api, as_="employee", since=seq) as early:
            assert await early.closed() == 1013
        channel.troubles.clear()
    await noted("employee", 2)
    async with connected(api, as_="employee", since=seq) as client:
        assert [f["data"]["number"] for f in (await client.until_ready())[:-1]] == [1, 2]
        await noted("employee", 3)
        assert await heard(api, client) == [3]


async def test_a_lost_feed_loses_nothing(api: Api, noted: Noted) -> None:
    async with connected(api, as_="employee") as client:
        await client.ready()
        for number in range(3):
            await noted("employee", number)
            await api.sql(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND application_name = 'sunshine feed'"
            )
            await asyncio.sleep(0)
        await noted("employee", 3)
        await until(lambda: api.app.feed.connected)
        assert await heard(api, client) == [0, 1, 2, 3]
