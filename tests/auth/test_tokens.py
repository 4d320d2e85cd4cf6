"""x-access-token: which tokens count, and how soon they stop to, in every process."""

import asyncio
import base64
import hashlib
import hmac
import json
from collections.abc import Awaitable, Callable, Iterator
from typing import Any

import jwt
import pytest
from tornado.ioloop import IOLoop

from sunshine.core.principals import Principal
from sunshine.database.embedded import Server
from sunshine.identity.tokens import Claims
from tests.api import Api
from tests.auth.factories import token_of
from tests.conftest import PASSWORD, SECRET, Now
from tests.processes import Process, reach

ACCOUNT = "/api/auth/account"
REQUIRED = ["id", "username", "role", "iat", "exp", "jti", "typ", "aud", "ver"]


def part(value: Any) -> str:
    """One third of a token."""
    raw = value if isinstance(value, bytes) else json.dumps(value).encode()
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def forged(
    claims: Any,
    *,
    algorithm: str = "HS256",
    digest: str = "sha256",
    key: str = SECRET,
    **header: Any,
) -> str:
    """A token signed with `digest`, whatever its header says; unsigned without one."""
    signed = part({"typ": "JWT", "alg": algorithm, **header}) + "." + part(claims)
    if not digest:
        return signed + "."
    mac = hmac.new(key.encode(), signed.encode(), getattr(hashlib, digest)).digest()
    return signed + "." + part(mac)


def claims_of(api: Api, name: str = "employee") -> dict[str, Any]:
    """What a good token says."""
    claims: dict[str, Any] = jwt.decode(
        api.cast[name].token, SECRET, algorithms=["HS256"], audience="sunshine"
    )
    return claims


async def refuses(api: Api, token: str) -> None:
    """401 in the error shape."""
    answer = await api.get(ACCOUNT, as_=token)
    assert (answer.status, answer.code) == (401, "not_signed_in"), token


async def test_a_forgery_that_forges_nothing_is_taken(api: Api) -> None:
    """Or else the refusals below would prove nothing."""
    assert (await api.get(ACCOUNT, as_=forged(claims_of(api)))).status == 200


@pytest.mark.parametrize(
    ("algorithm", "digest"),
    [
        ("none", ""), ("None", ""), ("NONE", ""), ("HS256", ""), ("none", "sha256"),
        ("HS384", "sha384"), ("HS512", "sha512"), ("RS256", "sha256"), ("ES256", "sha256"),
        ("hs256", "sha256"), ("", "sha256"),
    ],
)  # fmt: skip
async def test_no_other_algorithm_counts(api: Api, algorithm: str, digest: str) -> None:
    await refuses(api, forged(claims_of(api, "admin"), algorithm=algorithm, digest=digest))


@pytest.mark.parametrize("key", ["", "another-secret-that-is-long-enough", SECRET + " "])
async def test_no_other_secret_counts(api: Api, key: str) -> None:
    await refuses(api, forged(claims_of(api), key=key))


@pytest.mark.parametrize("claim", REQUIRED)
async def test_every_claim_is_required(api: Api, claim: str) -> None:
    claims = claims_of(api)
    del claims[claim]
    await refuses(api, forged(claims))
    await refuses(api, forged(claims | {claim: None}))


WRONG = {
    "exp": ["{}", 1e300, True, [], {}, -1, 0, 10**15, 10**30],
    "iat": ["1", 1.5, True, -1, 10**15, 10**30],
    "id": ["1", True, 1.0, 0, -1, 2**31, 2**63, 10**30, [1]],
    "ver": ["0", False, 0.0, -1, 1, 2**31, 2**63],
    "jti": [1, [], {}, "", "a\x00b", "a" * 7, "a" * 65, "a b" * 5, "\ud800" * 8, "é" * 32],
    "username": [1, [], "a\x00", "\ud800", "a" * 256],
    "role": [1, ["admin"], "a\x00", "\ud800", "a" * 256],
    "typ": ["driver", "admin", "", 1, ["user"]],
    "aud": ["sunshine-fleet", "other", "", ["sunshine"], ["other", "sunshine"], 1],
}


@pytest.mark.parametrize(
    ("claim", "value"), [(claim, value) for claim, values in WRONG.items() for value in values]
)
async def test_every_claim_means_what_it_says(api: Api, claim: str, value: Any) -> None:
    claims = claims_of(api)
    if value == "{}":  # a later end, as text
        value = str(claims["exp"])
    await refuses(api, forged(claims | {claim: value}))


async def test_a_number_without_end_is_no_time(api: Api) -> None:
    for claim in ("exp", "iat", "nbf"):
        raw = json.dumps(claims_of(api) | {claim: "there"}).replace('"there"', "1e400")
        await refuses(api, forged(raw.encode()))


async def test_a_drivers_token_opens_nothing_of_a_users(api: Api) -> None:
    claims = claims_of(api, "admin") | {"typ": "driver", "aud": "sunshine-fleet"}
    await refuses(api, forged(claims))
    users = await api.get("/api/users", as_=forged(claims))
    assert users.status in (401, 403)


@pytest.mark.parametrize(
    "token",
    [
        "x", ".", "..", "...", "Bearer x", "null", "a.b.c", "é.é.é", "=.=.=", "x" * 2049,
        "eyJhbGciOiJIUzI1NiJ9." + "A" * 50_000 + ".x", "%00", "a b",
    ],
)  # fmt: skip
async def test_what_is_no_token_is_refused(api: Api, token: str) -> None:
    await refuses(api, token)


@pytest.mark.parametrize("payload", [[], "text", 1, None, b"", b"\xff\xfe", b"{", b"[" * 1000])
async def test_a_signed_payload_that_is_no_object_is_refused(api: Api, payload: Any) -> None:
    await refuses(api, forged(payload))


async def test_a_signed_payload_that_is_nested_deeply_or_large_is_refused(api: Api) -> None:
    deep = b'{"a":' + b"[" * 700 + b"]" * 700 + b"}"
    await refuses(api, forged(deep))
    await refuses(api, forged(claims_of(api) | {"more": "x" * 2000}))


async def test_a_header_that_asks_for_more_is_refused(api: Api) -> None:
    await refuses(api, forged(claims_of(api), crit=["exp"]))


async def test_a_changed_claim_breaks_the_signature(api: Api) -> None:
    header, _, signature = api.employee.token.split(".")
    admin = part(claims_of(api, "admin"))
    await refuses(api, f"{header}.{admin}.{signature}")


async def test_the_token_of_an_unknown_user_is_refused(api: Api) -> None:
    await refuses(api, forged(claims_of(api) | {"id": 2**31 - 1}))


async def test_a_token_ends_at_the_second(api: Api, now: Now) -> None:
    now.set(2030, 1, 1, 12, 0, 0)
    fresh, unseen = [await token_of(api, "employee", PASSWORD) for _ in range(2)]
    now.set(2030, 1, 2, 11, 59, 59)
    assert (await api.get(ACCOUNT, as_=fresh)).status == 200
    now.set(2030, 1, 2, 12, 0, 0)
    # One that is remembered, and one that is looked up.
    await refuses(api, fresh)
    await refuses(api, unseen)


async def test_a_bad_token_is_told_before_a_bad_body(api: Api) -> None:
    answer = await api.post("/api/users", {"x": 1}, as_=api.admin.token + "x")
    assert answer.status == 401
    assert (await api.call("POST", "/api/users", raw=b"{", as_="x.y.z")).status == 401


# How a token, or what it may, ends; each is done to a token of `employee` in one process and asked
# for in another.
End = Callable[[Api, str, int], Awaitable[None]]


async def _done(api: Api, body: dict, as_: str) -> None:
    answer = await api.put(f"/api/users/{api.employee.user_id}", body, as_=as_)
    assert answer.status == 200, answer.body


async def log_out(api: Api, token: str, _: int) -> None:
    assert (await api.get("/api/auth/logout", as_=token)).status == 200


async def deactivate(api: Api, _: str, round_: int) -> None:
    if round_ % 2:
        await _done(api, {"active": False}, "admin")
    else:
        path = f"/api/users/{api.employee.user_id}"
        assert (await api.delete(path, as_="admin")).status == 200


async def change_role(api: Api, _: str, __: int) -> None:
    await _done(api, {"role": "manager"}, "admin")


async def change_own_password(api: Api, token: str, _: int) -> None:
    await _done(api, {"password": PASSWORD, "currentPassword": PASSWORD}, token)


async def reset_password(api: Api, _: str, __: int) -> None:
    await _done(api, {"password": PASSWORD}, "admin")


ENDS = [log_out, deactivate, change_role, change_own_password, reset_password]


@pytest.fixture(scope="module")
def process(
    postgres: Server, _server: Api, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Process]:
    """A second server, as a process of the operating system, on the same databases."""
    running = Process(tmp_path_factory.mktemp("second"), **reach(postgres))
    yield running.ready()
    assert running.stop() == 0, running.stderr


async def rounds(here: Api, there: Api, end: End, number: int) -> None:
    """End a token here, ask there at once: `number` times without a pause in between."""
    for round_ in range(number):
        await here.sql(
            "UPDATE users SET active = true, role = 'employee' WHERE username = 'employee'"
        )
        token = await token_of(here, "employee", PASSWORD)
        assert (await there.get(ACCOUNT, as_=token)).status == 200
        await end(here, token, round_)
        answer = await there.get(ACCOUNT, as_=token)
        assert answer.status == 401, (end.__name__, round_)


async def grants(here: Api, there: Api, number: int) -> None:
    """Grant and take back here, ask there at once."""
    token = await token_of(here, "employee", PASSWORD)
    for round_ in range(number):
        granted = ["cms:write"] if round_ % 2 == 0 else []
        before = (await there.get(ACCOUNT, as_=token)).data["permissions"]
        assert ("cms:write" in before) is bool(round_ % 2)
        await _done(here, {"permissions": granted}, "admin")
        after = (await there.get(ACCOUNT, as_=token)).data["permissions"]
        assert ("cms:write" in after) is bool(granted), round_


@pytest.mark.parametrize("end", ENDS)
async def test_an_end_bites_on_the_very_next_request_also_in_a_second_process(
    api: Api, second: Api, end: End
) -> None:
    await rounds(api, second, end, 20)
    await rounds(second, api, end, 5)
    await rounds(api, api, end, 5)


async def test_a_grant_bites_on_the_very_next_request_also_in_a_second_process(
    api: Api, second: Api
) -> None:
    await grants(api, second, 20)


@pytest.fixture
def other(api: Api, process: Process, io_loop: IOLoop) -> Iterator[Api]:
    """The client of the second process."""
    client = Api(api.app, process.port)
    client.cast = api.cast
    yield client
    io_loop.run_sync(client.close)


async def test_all_of_it_bites_in_a_second_process_of_the_operating_system(
    api: Api, other: Api
) -> None:
    for end in ENDS:
        await rounds(api, other, end, 20)
        await rounds(other, api, end, 5)
    await grants(api, other, 20)


async def test_a_token_that_ends_while_it_is_looked_up_is_not_remembered(
    api: Api, second: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    token = await token_of(api, "employee", PASSWORD)
    loaders = second.app.principals._loaders
    load = loaders["user"]

    async def slowly(claims: Claims) -> Principal:
        found = await load(claims)
        await log_out(api, token, 0)
        return found

    monkeypatch.setitem(loaders, "user", slowly)
    assert (await second.get(ACCOUNT, as_=token)).status == 200
    monkeypatch.setitem(loaders, "user", load)
    await refuses(second, token)


async def test_requests_that_race_with_an_end_leave_nothing_behind(api: Api, second: Api) -> None:
    """Whatever they were told, the next one is refused."""
    for _ in range(10):
        token = await token_of(api, "employee", PASSWORD)
        racing = [second.get(ACCOUNT, as_=token) for _ in range(4)]
        ending = api.get("/api/auth/logout", as_=token)
        more = [second.get(ACCOUNT, as_=token) for _ in range(4)]
        await asyncio.gather(*racing, ending, *more)
        await refuses(second, token)
