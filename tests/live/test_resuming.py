"""What was missed is told, in order and once, and then what happens: docs/sockets.md."""

import asyncio
import json
from collections.abc import Callable
from contextlib import AsyncExitStack
from typing import Any

import psycopg
import pytest

from sunshine.core.principals import System
from sunshine.database import event_log
from sunshine.database.connections import conninfo
from sunshine.database.event_log import Cursor
from sunshine.live import hub as live
from tests.api import Api
from tests.factories import principal
from tests.live import channel
from tests.live.conftest import Noted, write
from tests.sockets import Client, connected, until


def numbers(frames: list[dict]) -> list[int]:
    """What notes say, of frames that end with `ready`."""
    assert [f["type"] for f in frames] == ["employee_noted"] * (len(frames) - 1) + ["ready"]
    return [f["data"]["number"] for f in frames[:-1]]


async def missed(api: Api, since: str, as_: str = "employee") -> list[int]:
    """What one is told who resumes."""
    async with connected(api, as_=as_, since=since) as client:
        return numbers(await client.until_ready())


@pytest.mark.parametrize("by", ["query", "message"])
async def test_it_tells_what_was_missed_and_then_what_happens(
    api: Api, noted: Noted, by: str
) -> None:
    async with connected(api, as_="employee") as client:
        await client.ready()
        await noted("employee", 1)
        seq = (await client.frame())["seq"]
    await noted("employee", 2)
    await noted("stranger", 3)
    await noted("employee", 4)
    async with connected(
        api, **({"as_": "employee", "since": seq} if by == "query" else {})
    ) as client:
        if by == "message":
            await client.say({"type": "auth", "token": api.employee.token, "since": seq})
        frames = await client.until_ready()
        assert numbers(frames) == [2, 4]
        assert frames[-1]["seq"] == frames[-2]["seq"]
        await noted("employee", 5)
        assert (await client.frame())["data"]["number"] == 5


async def test_every_seq_is_a_place_to_resume_from(api: Api) -> None:
    async with connected(api, as_="employee") as client:
        places = [await client.ready()]
        await write(api, range(20))
        places += [(await client.frame())["seq"] for _ in range(20)]
    assert len(set(places)) == 21
    for told, seq in enumerate(places):
        assert await missed(api, seq) == list(range(told, 20))


async def test_ready_tells_a_place_after_what_others_may_see(api: Api, noted: Noted) -> None:
    """Or a client that sees little would go through ever more of the log at each return."""
    async with connected(api, as_="stranger") as client:
        before = await client.ready()
        await noted("employee", 1)
        await noted("hr", 2)
    async with connected(api, as_="stranger", since=before) as client:
        after = await client.ready()
        async with api.app.databases.sunshine.transaction(System("test")) as tx:
            await tx.record("something_else", "thing", 1)
        [last] = await api.sql(
            "SELECT xid::text || '-' || id AS seq FROM event ORDER BY id DESC LIMIT 1"
        )
    async with connected(api, as_="stranger", since=before) as client:
        latest = await client.ready()
    assert Cursor.parse(before) < Cursor.parse(after) < Cursor.parse(latest)
    assert latest == last["seq"]


async def test_it_resumes_at_another_process(api: Api, second: Api, noted: Noted) -> None:
    async with connected(api, as_="employee") as client:
        await client.ready()
        await noted("employee", 1)
        seq = (await client.frame())["seq"]
    await noted("employee", 2)
    async with connected(second, as_="employee", since=seq) as client:
        assert numbers(await client.until_ready()) == [2]
        await noted("employee", 3)
        assert (await client.frame())["data"]["number"] == 3


async def test_it_tells_more_than_one_part_of_the_log(api: Api) -> None:
    async with connected(api, as_="employee") as client:
        seq = await client.ready()
    await write(api, range(3 * event_log.PAGE))
    assert await missed(api, seq) == list(range(3 * event_log.PAGE))
    await write(api, range(600, 600 + event_log.PAGE - 1))
    assert len(await missed(api, seq)) == 4 * event_log.PAGE - 1


async def test_more_than_one_part_of_the_log_is_told_live_too(api: Api) -> None:
    async with connected(api, as_="employee") as client:
        await client.ready()
        await write(api, range(2 * event_log.PAGE + 1))
        for number in range(2 * event_log.PAGE + 1):
            assert (await client.frame())["data"]["number"] == number


async def test_what_is_not_told_here_hides_nothing(api: Api, noted: Noted) -> None:
    """Another module's event right behind one that is still to be told."""
    async with connected(api, as_="employee") as client:
        await client.ready()
        for number in range(20):
            async with api.app.databases.sunshine.transaction(System("test")) as tx:
                employee = api.employee.employee_id
                await tx.record("employee_noted", "employee", employee, after={"number": number})
                await tx.record("something_else", "thing", 1)
        for number in range(20):
            assert (await client.frame())["data"]["number"] == number


class Fake:
    """A socket that keeps what it is sent, and does something at its first event."""

    def __init__(self, api: Api, then: Callable[[], object] | None = None) -> None:
        self.actor = principal(api, "hr")
        self.sent: list[dict[str, Any]] = []
        self._then = then

    def send(self, frame: bytes) -> asyncio.Future[None]:
        """Keep it."""
        self.sent.append(json.loads(frame[frame.index(b"{") :]))
        if len(self.sent) == 2 and self._then:
            self._then()
        done = asyncio.get_running_loop().create_future()
        done.set_result(None)
        return done

    def end(self, code: live.Close, reason: str) -> None:
        """Nobody ends it."""


async def test_who_joins_while_an_event_is_told_is_told_what_follows_its_ready(
    api: Api, noted: Noted, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live, "TURN", 1)
    hub = api.app.presence.hub(channel.channel)
    late, tasks = Fake(api), []
    early = Fake(api, lambda: tasks.append(asyncio.create_task(hub.listen(late, None))))
    others = [early, *(Fake(api) for _ in range(3))]
    try:
        for each in others:
            await hub.listen(each, None)
        for number in range(3):
            await noted("employee", number)
        await until(lambda: len(others[-1].sent) == 4)
        await until(lambda: late.sent)
        told = [frame["seq"] for frame in early.sent[1:]]
        begins = Cursor.parse(late.sent[0]["seq"])
        expected = [seq for seq in told if Cursor.parse(seq) > begins]
        await until(lambda: len(late.sent) == 1 + len(expected), seconds=2)
        assert [frame["seq"] for frame in late.sent[1:]] == expected
    finally:
        for each in (*others, late):
            hub.leave(each)


async def test_what_happens_while_it_resumes_is_told_once_and_in_order(api: Api) -> None:
    """Sockets that come in the middle of everything, at every stage of somebody's writing."""
    async with connected(api, as_="employee") as client:
        seq = await client.ready()
    await write(api, range(1000))
    done = asyncio.Event()

    async def go_on() -> None:
        for number in range(1000, 1300):
            await write(api, range(number, number + 1))
        done.set()

    writing = asyncio.create_task(go_on())
    async with AsyncExitStack() as stack:
        clients: list[Client] = []
        while not done.is_set():
            clients.append(
                await stack.enter_async_context(connected(api, as_="employee", since=seq))
            )
            await asyncio.sleep(0.02)
        await writing
        for client in clients:
            told: list[int] = []
            while len(told) < 1300:
                said = await client.frame()
                if said["type"] != "ready":
                    told.append(said["data"]["number"])
            assert told == list(range(1300))
            assert client.waiting() <= 1, "ready"
    assert len(clients) > 5


async def test_what_happens_in_the_moment_before_it_is_live_is_told(api: Api, noted: Noted) -> None:
    """It has read all there was, and is about to join; the others must not get ahead of it."""
    async with connected(api, as_="employee") as client:
        seq = await client.ready()
    await noted("employee", 1)
    async with connected(api, as_="hr") as other:
        await other.ready()
        gate = asyncio.Event()
        channel.gates.append(gate)
        async with connected(api, as_="employee", since=seq) as client:
            await until(lambda: channel.asked)
            await noted("employee", 2)
            await asyncio.sleep(0.2)  # time enough for the others to be told
            gate.set()
            assert numbers(await client.until_ready()) == [1]
            assert (await client.frame())["data"]["number"] == 2
            assert (await other.frame())["data"]["number"] == 2


async def test_a_long_transaction_is_told_in_its_place(api: Api, noted: Noted) -> None:
    """It took its place in the log early and commits late: who resumes meanwhile hears it too."""
    employee = api.employee.employee_id
    settings = api.app.settings.databases["sunshine"]
    async with (
        connected(api, as_="employee") as live_one,
        await psycopg.AsyncConnection.connect(conninfo(settings)) as slow,
    ):
        seq = await live_one.ready()
        await slow.execute(
            "INSERT INTO event (at, type, entity, entity_id, actor_type, actor_name, after)"
            " VALUES (now(), 'employee_noted', 'employee', %s, 'system', 'x', '{\"number\": 1}')",
            [employee],
        )
        await noted("employee", 2)
        async with connected(api, as_="employee", since=seq) as client:
            assert (await client.ready(), live_one.waiting()) == (seq, 0)
            await slow.commit()
            for each in (client, live_one):
                assert [(await each.frame())["data"]["number"] for _ in range(2)] == [1, 2]


# Cursors that lead nowhere.


BAD = ["", "x", "1", "1-2-3", "-1-2", "1-", "٣-٤", "1" * 40 + "-1", "0x1-1", "1-1 ", "null"]


@pytest.mark.parametrize("since", BAD)
async def test_it_says_that_a_cursor_is_none(api: Api, since: str) -> None:
    async with connected(api) as client:
        await client.say({"type": "auth", "token": api.employee.token, "since": since})
        assert await client.frame() == {
            "type": "error",
            "data": {"code": "bad_cursor", "message": "since is not a cursor"},
        }
        assert await client.closed() == 1008


@pytest.mark.parametrize("since", [7, True, ["1-1"], {"seq": "1-1"}])
async def test_a_cursor_is_a_text(api: Api, since: object) -> None:
    async with connected(api) as client:
        await client.say({"type": "auth", "token": api.employee.token, "since": since})
        assert (await client.frame())["data"]["code"] == "bad_cursor"
        assert await client.closed() == 1008


async def test_a_bad_cursor_in_the_url_is_told_too(api: Api) -> None:
    async with connected(api, as_="employee", since="x%FF") as client:
        assert (await client.frame())["data"]["code"] == "bad_cursor"
        assert await client.closed() == 1008


async def test_no_cursor_is_told_before_it_is_known_who_asks(api: Api) -> None:
    async with connected(api, since="x") as client:
        await client.say({"type": "auth", "token": "rubbish", "since": "x"})
        assert await client.closed() == 4401


async def test_it_says_where_the_log_no_longer_goes_back_so_far(api: Api, noted: Noted) -> None:
    async with connected(api, as_="employee") as client:
        places = [await client.ready()]
        for number in range(4):
            await noted("employee", number)
            places.append((await client.frame())["seq"])
    xid, id_ = Cursor.parse(places[2])
    await api.sql(
        "DELETE FROM event WHERE (xid, id) < (%(xid)s::text::xid8, %(id)s)", xid=xid, id=id_
    )
    for old in places[:2]:
        async with connected(api, as_="employee", since=old) as client:
            assert await client.frame() == {"type": "reset"}
            assert Cursor.parse(await client.ready()) >= Cursor.parse(places[4])
            await noted("stranger", 8)
            await noted("employee", 9)
            assert (await client.frame())["data"]["number"] == 9
    assert (await missed(api, places[2]))[:2] == [2, 3]
    assert (await missed(api, places[4]))[:1] == [9]


async def test_a_place_that_was_never_reached_is_another_databases(api: Api) -> None:
    async with connected(api, as_="employee", since=f"{10**17}-1") as client:
        assert await client.frame() == {"type": "reset"}
        await client.ready()


async def test_a_place_that_is_not_in_the_log_is_another_servers(api: Api, noted: Noted) -> None:
    """A standby that took over may not have had the last of them, and goes on from before."""
    async with connected(api, as_="employee") as client:
        await client.ready()
        places = []
        for number in range(3):
            await noted("employee", number)
            places.append((await client.frame())["seq"])
    xid, id_ = Cursor.parse(places[1])
    await api.sql("DELETE FROM event WHERE id = %(id)s", id=id_)
    for place in (places[1], f"{xid}-{id_ + 1}"):
        async with connected(api, as_="employee", since=place) as client:
            assert await client.frame() == {"type": "reset"}
            await client.ready()
    assert await missed(api, places[0]) == [2]
    assert await missed(api, places[2]) == []


async def test_who_listens_comes_back_when_the_log_breaks_off(api: Api, noted: Noted) -> None:
    """The server that took over lacks what was told last, and gives its place to something else,
    before or after."""
    async with connected(api, as_="employee") as client:
        await client.ready()
        await noted("employee", 1)
        kept = (await client.frame())["seq"]
        await noted("employee", 2)
        lost = (await client.frame())["seq"]
        await api.sql("DELETE FROM event WHERE id = %(id)s", id=Cursor.parse(lost).id)
        await api.sql(
            "INSERT INTO event (xid, at, type, entity, entity_id, actor_type, actor_name, after)"
            " SELECT %(xid)s::text::xid8, at, type, entity, entity_id, actor_type, actor_name,"
            " jsonb_set(after, '{number}', '3') FROM event WHERE id = %(id)s",
            xid=Cursor.parse(lost).xid - 1, id=Cursor.parse(kept).id,
        )  # fmt: skip
        await api.sql(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND application_name = 'sunshine feed'"
        )
        assert await client.closed() == 1013
    async with connected(api, as_="employee", since=lost) as client:
        assert await client.frame() == {"type": "reset"}
        await client.ready()
        await noted("employee", 4)
        assert (await client.frame())["data"]["number"] == 4
    assert (await missed(api, kept))[-2:] == [3, 4]
