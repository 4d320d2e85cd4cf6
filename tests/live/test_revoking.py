"""When what somebody may do ends, so does what they are told: docs/sockets.md, "Closing"."""

import asyncio
import struct
from contextlib import AsyncExitStack
from dataclasses import replace
from typing import Any

import pytest

from sunshine.core.principals import Principal
from sunshine.live import presence
from tests.api import Api, Person
from tests.conftest import PASSWORD
from tests.live import channel
from tests.live.conftest import Noted
from tests.sockets import connected, frame, raw, until


async def sign_in(api: Api, name: str) -> Person:
    """The same person with another token."""
    answer = await api.post("/api/auth/login", {"username": name, "password": PASSWORD})
    return replace(api.cast[name], token=answer.json["token"])


def user(api: Api, name: str) -> str:
    return f"/api/users/{api.cast[name].user_id}"


ENDS: dict[str, Any] = {
    "deactivated": lambda api: api.put(user(api, "employee"), {"active": False}, as_="admin"),
    "deleted": lambda api: api.delete(user(api, "employee"), as_="admin"),
    "another role": lambda api: api.put(user(api, "employee"), {"role": "hr"}, as_="admin"),
    "another password": lambda api: api.put(
        user(api, "employee"),
        {"password": "another-password-1", "currentPassword": PASSWORD},
        as_="employee",
    ),
    "the employee leaves": lambda api: api.delete(
        f"/api/employees/{api.employee.employee_id}", as_="admin"
    ),
}


@pytest.mark.parametrize("how", ENDS)
async def test_it_closes_all_sockets_of_who_may_not_any_more(
    api: Api, second: Api, noted: Noted, how: str
) -> None:
    other = await sign_in(api, "employee")
    async with (
        connected(api, as_="employee") as one,
        connected(second, as_=other) as two,
        connected(api, as_="hr") as hr,
    ):
        for client in (one, two, hr):
            await client.ready()
        assert (await ENDS[how](api)).status == 200
        for client in (one, two):
            assert await client.closed(seconds=2) == 4401
        await noted("stranger", 1)
        assert (await hr.frame())["data"]["number"] == 1


async def test_it_closes_the_sockets_of_one_token_at_its_sign_out(
    api: Api, second: Api, noted: Noted
) -> None:
    other = await sign_in(api, "employee")
    async with (
        connected(api, as_="employee") as here,
        connected(second, as_="employee") as there,
        connected(second, as_=other) as stays,
    ):
        for client in (here, there, stays):
            await client.ready()
        assert (await api.post("/api/auth/logout", as_="employee")).status == 200
        assert await here.closed(seconds=2) == await there.closed(seconds=2) == 4401
        await noted("employee", 1)
        assert (await stays.frame())["data"]["number"] == 1


async def test_nothing_that_happens_after_the_answer_is_told(
    api: Api, second: Api, noted: Noted
) -> None:
    for server in (api, second) * 8:
        person = await sign_in(api, "employee")
        async with connected(server, as_=person) as client:
            seq = await client.ready()
            assert (await api.post("/api/auth/logout", as_=person)).status == 200
            await noted("employee", 1)
            assert await client.closed(seconds=2) == 4401
        assert seq


async def test_a_resume_stops_too(api: Api, noted: Noted) -> None:
    """The reader is slow: most of what it missed is still to be told."""
    person = await sign_in(api, "employee")
    async with connected(api, as_=person) as client:
        seq = await client.ready()
    for number in range(6):
        await noted("employee", number, filling="x" * 2_000_000)
    async with raw(api, as_=person, since=seq, buffer=4096) as (reader, _):
        assert b'"number":0' in (await frame(reader))[1]
        assert (await api.post("/api/auth/logout", as_=person)).status == 200
        kinds = [await frame(reader)]
        while kinds[-1][0] == 1:
            kinds.append(await frame(reader))
        assert kinds[-1] == (8, struct.pack("!H", 4401) + b"signed out")
        assert len(kinds) < 5


async def test_it_goes_on_by_what_somebody_may_now(api: Api, noted: Noted) -> None:
    """The account is given to another employee."""
    async with connected(api, as_="outsider") as client:
        await client.ready()
        await noted("stranger", 1)
        linked = await api.put(user(api, "stranger"), {"employeeId": None}, as_="admin")
        assert linked.status == 200
        link = {"employeeId": api.stranger.employee_id}
        assert (await api.put(user(api, "outsider"), link, as_="admin")).status == 200
        await noted("stranger", 2)
        assert (await client.frame())["data"]["number"] == 2


async def test_it_closes_who_lost_the_permission(
    api: Api, noted: Noted, monkeypatch: pytest.MonkeyPatch
) -> None:
    again = api.app.principals.reload

    async def without(shown: Any) -> dict[str, Principal]:
        return {
            jti: replace(p, permissions=p.permissions - {"ws:tickets"})
            if p.username == "employee"
            else p
            for jti, p in (await again(shown)).items()
        }

    async with connected(api, as_="employee") as client, connected(api, as_="hr") as hr:
        await client.ready()
        await hr.ready()
        monkeypatch.setattr(api.app.principals, "reload", without)
        api.app.presence.recheck()
        assert await client.closed() == 4403
        await noted("stranger", 1)
        assert (await hr.frame())["data"]["number"] == 1


async def test_it_looks_again_every_minute(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever happened to the account, told or not."""
    assert presence.RECHECK_SECONDS == 60
    monkeypatch.setattr(presence, "RECHECK_SECONDS", 0.1)
    async with connected(api, as_="employee") as client, connected(api, as_="hr") as hr:
        await client.ready()
        await hr.ready()
        api.app.presence.recheck()
        await api.sql("UPDATE users SET active = false WHERE id = %(id)s", id=api.employee.user_id)
        assert await client.closed(seconds=2) == 4401
        assert api.app.presence.connected == 1


async def test_it_looks_once_for_everybody_however_many_change(
    api: Api, noted: Noted, monkeypatch: pytest.MonkeyPatch
) -> None:
    again, looks = api.app.principals.reload, []

    async def counted(shown: Any) -> dict[str, Principal]:
        looks.append(len(shown))
        return await again(shown)

    async with AsyncExitStack() as stack:
        clients = [
            await stack.enter_async_context(connected(api, as_=name))
            for name in ("employee", "hr", "stranger") * 10
        ]
        for client in clients:
            await client.ready()
        await until(lambda: api.app.presence._people.is_set())
        monkeypatch.setattr(api.app.principals, "reload", counted)
        for _ in range(20):
            api.app.presence.recheck()
        await until(lambda: api.app.presence._people.is_set())
        assert looks == [3], "one look at three tokens"
        for _ in range(20):  # and 20 in a row are put together
            api.app.presence.recheck()
            await noted("employee", 1)
        await until(lambda: api.app.presence._people.is_set())
        assert len(looks) < 15
        for client in clients[:1]:
            assert (await client.frame())["data"]["number"] == 1


async def test_somebody_found_while_people_change_is_looked_at_again(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Signed out between the look at the token and the first frame."""
    of = api.app.principals.of

    async def slow(token: str) -> Principal:
        principal = await of(token)
        if principal.username == "employee":
            monkeypatch.setattr(api.app.principals, "of", of)
            assert (await api.post("/api/auth/logout", as_="employee")).status == 200
        return principal

    monkeypatch.setattr(api.app.principals, "of", slow)
    async with connected(api) as client:
        await client.say({"type": "auth", "token": api.employee.token})
        await client.until_ready()
        assert await client.closed(seconds=2) == 4401


async def test_it_waits_for_the_database_to_know(
    api: Api, noted: Noted, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody is told anything while it is not known what they may see."""
    again, failed = api.app.principals.reload, []

    async def fails(shown: Any) -> dict[str, Principal]:
        failed.append(1)
        if len(failed) == 1:
            raise ConnectionError("on purpose")
        return await again(shown)

    async with connected(api, as_="employee") as client:
        await client.ready()
        monkeypatch.setattr(api.app.principals, "reload", fails)
        api.app.presence.recheck()
        await noted("employee", 1)
        await until(lambda: failed)
        assert client.waiting() == 0
        assert (await client.frame())["data"]["number"] == 1
        assert len(failed) == 2


async def test_what_was_read_before_somebody_changed_is_not_told_before_that_is_known(
    api: Api, noted: Noted, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The hub is about to tell when the change comes, and looking again takes its time."""
    known, read = asyncio.Event(), asyncio.Event()

    async def slow(_: Any) -> dict[str, Principal]:
        await known.wait()
        return {}

    async with connected(api, as_="employee") as client:
        await client.ready()
        monkeypatch.setattr(api.app.principals, "reload", slow)
        channel.gates.append(read)
        await noted("employee", 1)
        await until(lambda: channel.asked)
        api.app.presence.recheck()
        read.set()
        await asyncio.sleep(0.1)
        assert client.waiting() == 0
        assert len(channel.asked) <= 2, "it waits, and does not ask again and again"
        known.set()
        assert await client.closed() == 4401
