"""Who may connect, and how they say who they are: docs/sockets.md, "Signing in"."""

import asyncio
from contextlib import AsyncExitStack
from dataclasses import replace

import jwt
import pytest

from sunshine.core.principals import Principal, permissions_of
from sunshine.identity.tokens import Claims
from sunshine.web import sockets
from tests.api import Api
from tests.conftest import SECRET
from tests.live.conftest import Noted, all_told
from tests.sockets import UPGRADE, Client, connected, refused, until

BAD = {
    "rubbish": "rubbish",
    "empty": "",
    "unsigned": "eyJhbGciOiJub25lIn0.e30.",
    "too long": "a" * 3000,
}


def token(api: Api, name: str, **claims: object) -> str:
    """A token of one of the cast that says something else."""
    said = jwt.decode(api.cast[name].token, options={"verify_signature": False}) | claims
    return jwt.encode(said, SECRET, algorithm="HS256")


async def is_live(client: Client, noted: Noted) -> None:
    """It is told what happens to its own row, and nothing that was told before."""
    await client.ready()
    await noted("employee", 7)
    assert (await client.frame())["data"]["number"] == 7


async def test_it_takes_the_token_from_the_header(api: Api, noted: Noted) -> None:
    async with connected(api, as_="employee") as client:
        await is_live(client, noted)


async def test_it_takes_the_token_from_the_subprotocols(api: Api, noted: Noted) -> None:
    offered = ["sunshine.v1", f"token.{api.employee.token}"]
    async with connected(api, subprotocols=offered) as client:
        assert client.connection.selected_subprotocol == "sunshine.v1"
        await is_live(client, noted)


async def test_it_takes_the_token_from_the_first_message(api: Api, noted: Noted) -> None:
    async with connected(api) as client:
        await noted("employee", 1)
        await all_told(api)
        await client.say({"type": "auth", "token": api.employee.token})
        await is_live(client, noted)


async def test_it_answers_under_the_other_name_too(api: Api, noted: Noted) -> None:
    async with connected(api, "/ws/ticketing", as_="employee") as client:
        await is_live(client, noted)


async def test_it_selects_no_subprotocol_that_it_does_not_speak(api: Api) -> None:
    async with connected(api, as_="employee", subprotocols=["graphql-ws"]) as client:
        assert client.connection.selected_subprotocol is None
        await client.ready()


@pytest.mark.parametrize("kind", BAD)
async def test_it_refuses_a_bad_token_before_the_upgrade(api: Api, kind: str) -> None:
    if BAD[kind]:  # an empty header is as none
        answer = await refused(api, x_access_token=BAD[kind])
        assert (answer.status, answer.code) == (401, "not_signed_in")
    answer = await refused(api, Sec_WebSocket_Protocol=f"sunshine.v1, token.{BAD[kind]}")
    assert (answer.status, answer.code) == (401, "not_signed_in")


@pytest.mark.parametrize("kind", BAD)
async def test_it_closes_on_a_bad_token_in_the_first_message(api: Api, kind: str) -> None:
    async with connected(api) as client:
        await client.say({"type": "auth", "token": BAD[kind]})
        assert await client.closed() == 4401


async def test_it_refuses_an_expired_token(api: Api) -> None:
    expired = token(api, "employee", exp=1_700_000_000)
    assert (await refused(api, x_access_token=expired)).status == 401
    async with connected(api) as client:
        await client.say({"type": "auth", "token": expired})
        assert await client.closed() == 4401


async def test_it_never_takes_a_token_from_the_url(api: Api, noted: Noted) -> None:
    async with connected(api, f"/ws/tickets?token={api.employee.token}") as client:
        await noted("employee", 1)
        await client.say({"type": "hello"})
        assert await client.closed() == 4401


@pytest.mark.parametrize(
    "message",
    [
        "", "null", "[]", "{}", "auth", '{"type": "auth"}', '{"token": "x"}', b"\x00\xff",
        '{"type": "auth", "token": 7}', '{"type": "auth", "token": null}', "[" * 4000,
    ],
)  # fmt: skip
async def test_it_closes_on_a_first_message_that_says_nothing(
    api: Api, message: str | bytes
) -> None:
    async with connected(api) as client:
        await client.say(message)
        assert await client.closed() == 4401


async def test_it_closes_on_who_says_nothing(
    api: Api, noted: Noted, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sockets, "SIGN_IN_SECONDS", 0.5)
    async with connected(api) as client, connected(api, as_="employee") as other:
        await other.ready()
        await noted("employee", 1)
        assert (await other.frame())["data"]["number"] == 1
        assert await client.closed(seconds=3) == 4401
        await noted("employee", 2)
        assert (await other.frame())["data"]["number"] == 2


async def test_it_counts_ten_seconds_for_that() -> None:
    assert sockets.SIGN_IN_SECONDS == 10


async def test_it_is_nothing_for_drivers(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    async def load(claims: Claims) -> Principal:
        return Principal(
            kind="driver", id=claims.id, username="d", name="D", email=None, role="driver",
            employee_id=None, permissions=frozenset({"account:self", "ws:tickets"}),
            jti=claims.jti, expires=claims.exp,
        )  # fmt: skip

    monkeypatch.setitem(api.app.principals._loaders, "driver", load)
    drivers = token(api, "employee", typ="driver", aud="sunshine-fleet")
    assert (await refused(api, x_access_token=drivers)).status == 403
    answer = await refused(api, Sec_WebSocket_Protocol=f"sunshine.v1, token.{drivers}")
    assert (answer.status, answer.code) == (403, "not_allowed")
    async with connected(api) as client:
        await client.say({"type": "auth", "token": drivers})
        assert await client.closed() == 4403


async def test_it_needs_the_permission(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    load = api.app.principals._loaders["user"]

    async def without(claims: Claims) -> Principal:
        held = permissions_of("employee") - {"ws:tickets"}
        return replace(await load(claims), permissions=held)

    monkeypatch.setitem(api.app.principals._loaders, "user", without)
    assert (await refused(api, x_access_token=api.employee.token)).status == 403
    async with connected(api) as client:
        await client.say({"type": "auth", "token": api.employee.token})
        assert await client.closed() == 4403
    api.app.principals.forget()


async def test_it_is_for_sockets_only(api: Api) -> None:
    assert (await api.get("/ws/tickets")).code == "not_signed_in"
    answer = await api.get("/ws/tickets", as_="employee")
    assert (answer.status, answer.code) == (426, "upgrade_required")
    assert answer.headers["Upgrade"] == "websocket"
    assert answer.headers["Sec-WebSocket-Version"] == "13"
    assert (await api.post("/ws/tickets", {}, as_="employee")).status == 405
    assert (await api.get("/ws/other", as_="employee")).status == 404
    answer = await refused(api, x_access_token=api.employee.token, Sec_WebSocket_Version="8")
    assert answer.status == 426
    headers = {**UPGRADE, "x-access-token": api.employee.token}
    for missing in ("Upgrade", "Connection", "Sec-WebSocket-Key", "Sec-WebSocket-Version"):
        sent = {name: value for name, value in headers.items() if name != missing}
        assert (await api.get("/ws/tickets", headers=sent)).status == 426


# Origins.


async def test_it_lets_any_origin_in_where_all_are_allowed(api: Api) -> None:
    async with connected(api, as_="employee", headers={"Origin": "https://a.example"}) as client:
        await client.ready()


@pytest.fixture
def strict(api: Api, monkeypatch: pytest.MonkeyPatch) -> Api:
    """The server with an allow-list, as in production."""
    strict = replace(
        api.app.settings,
        cors_origins=("https://app.example.com",),
        base_domain="https://api.example.com/base",
    )
    monkeypatch.setattr(api.app.application, "configuration", strict)
    return api


@pytest.mark.parametrize("origin", ["https://app.example.com", "https://api.example.com", None])
async def test_it_lets_the_companys_origins_in_and_who_names_none(
    strict: Api, origin: str | None
) -> None:
    headers = {"Origin": origin} if origin else {}
    async with connected(strict, as_="employee", headers=headers) as client:
        await client.ready()


@pytest.mark.parametrize(
    "origin",
    ["https://evil.example", "http://app.example.com", "https://app.example.com.evil.example",
     "https://app.example.com:444", "null", "*", "https://app.example.com, https://evil.example"],
)  # fmt: skip
async def test_it_refuses_a_foreign_origin(strict: Api, origin: str) -> None:
    answer = await refused(strict, x_access_token=strict.employee.token, Origin=origin)
    assert (answer.status, answer.code) == (403, "origin_not_allowed")
    assert (await refused(strict, Origin=origin)).status == 403


async def test_it_does_not_trust_a_host_that_matches_the_origin(strict: Api) -> None:
    answer = await refused(
        strict, Origin="http://evil.example", Host="evil.example", Sec_Fetch_Site="same-origin"
    )
    assert answer.status == 403


# Strangers.


def strangers_of(api: Api) -> int:
    return sum(api.app.presence.strangers.values())


async def test_it_takes_twenty_strangers_from_an_address(api: Api) -> None:
    async with AsyncExitStack() as stack:
        strangers = [await stack.enter_async_context(connected(api)) for _ in range(20)]
        answer = await refused(api)
        assert (answer.status, answer.code) == (429, "too_many_requests")
        assert answer.headers["Retry-After"] == "10"
        # Another address has its own twenty, and who shows a token is none.
        async with connected(api, headers={"X-Forwarded-For": "192.0.2.7"}):
            pass
        async with connected(api, as_="employee") as known:
            await known.ready()
        # Who signs in is a stranger no more, nor is who leaves.
        await strangers[0].say({"type": "auth", "token": api.employee.token})
        await strangers[0].ready()
        await stack.enter_async_context(connected(api))
        assert (await refused(api)).status == 429
        strangers[1].connection.close()
        await until(lambda: strangers_of(api) == 19)
        async with connected(api):
            pass
    await until(lambda: strangers_of(api) == 0)
    assert api.app.presence.strangers == {}


async def test_it_forgets_a_stranger_who_leaves_in_the_middle(api: Api) -> None:
    lines = ["GET /ws/tickets HTTP/1.1", "Host: x", *(f"{n}: {v}" for n, v in UPGRADE.items())]
    for _ in range(25):
        _, writer = await asyncio.open_connection("127.0.0.1", api.port)
        writer.write("\r\n".join([*lines, "", ""]).encode())
        await writer.drain()
        writer.transport.abort()
        await until(lambda: strangers_of(api) <= 1)
    await until(lambda: strangers_of(api) == 0)


# Secrets.


async def test_it_never_logs_a_token(
    api: Api, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    shown: list[str] = []
    application = api.app.application
    monkeypatch.setattr(application, "log_fields", lambda **fields: shown.append(str(fields)))
    secret = api.employee.token
    async with connected(api, as_="employee") as one:
        await one.ready()
    async with connected(api, subprotocols=["sunshine.v1", f"token.{secret}"]) as two:
        await two.ready()
    await refused(api, Sec_WebSocket_Protocol=f"sunshine.v1, token.{secret}x")
    async with connected(api, f"/ws/tickets?token={secret}") as three:
        await three.say({"type": "auth", "token": secret})
        await three.ready()
    said = "".join(capfd.readouterr()) + "".join(shown)
    assert "/ws/tickets" in said
    assert secret.rpartition(".")[2] not in said
