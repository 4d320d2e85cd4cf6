"""GET and POST /api/auth/logout."""

import pytest

from tests.api import Api
from tests.auth.factories import JOHN, john_doe, token_of
from tests.conftest import PASSWORD


async def test_it_answers_the_documented_request_with_the_documented_answer(api: Api) -> None:
    await john_doe(api, "password123")
    token = await token_of(api, JOHN, "password123")
    answer = await api.get("/api/auth/logout", headers={"x-access-token": token})
    assert answer.status == 200
    assert answer.json == {"success": True, "message": "Logged out successfully"}


@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_it_ends_the_token_so_that_a_second_call_is_refused(api: Api, method: str) -> None:
    token = await token_of(api, "employee", PASSWORD)
    assert (await api.call(method, "/api/auth/logout", as_=token)).status == 200
    for again in ("/api/auth/logout", "/api/auth/account", "/api/auth/verify-jwt"):
        answer = await api.get(again, as_=token)
        assert (answer.status, answer.code) == (401, "not_signed_in")
    assert (await api.post("/api/auth/logout", as_=token)).status == 401
    assert await api.events() == ["sign_in", "user_signed_out"]


async def test_other_tokens_of_the_same_user_go_on(api: Api) -> None:
    first, second = [await token_of(api, "employee", PASSWORD) for _ in range(2)]
    assert (await api.get("/api/auth/logout", as_=first)).status == 200
    assert (await api.get("/api/auth/account", as_=second)).status == 200
    assert (await api.get("/api/auth/account", as_="employee")).status == 200
    assert (await api.get("/api/auth/account", as_="admin")).status == 200


async def test_it_needs_a_token(api: Api) -> None:
    for method in ("GET", "POST"):
        assert (await api.call(method, "/api/auth/logout")).status == 401
    assert await api.events() == []


async def test_an_ended_token_is_kept_no_longer_than_it_would_have_lived(api: Api) -> None:
    await api.get("/api/auth/logout", as_="employee")
    [row] = await api.sql(
        "SELECT expires_at - now() BETWEEN interval '23 hours' AND interval '25 hours' AS right"
        " FROM revoked_token"
    )
    assert row["right"]
