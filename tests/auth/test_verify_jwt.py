"""GET /api/auth/verify-jwt."""

from tests.api import Api
from tests.auth.factories import JOHN, john_doe, token_of


async def test_it_answers_the_documented_request_with_the_documented_answer(api: Api) -> None:
    id_ = await john_doe(api, "password123")
    token = await token_of(api, JOHN, "password123")
    answer = await api.get("/api/auth/verify-jwt", headers={"x-access-token": token})
    assert answer.status == 200
    assert answer.json == {
        "success": True,
        "message": "Token is valid",
        "user": {"id": id_, "username": JOHN},
    }


async def test_it_tells_the_present_username(api: Api) -> None:
    await api.put(f"/api/users/{api.employee.user_id}", {"username": "renamed"}, as_="admin")
    answer = await api.get("/api/auth/verify-jwt", as_="employee")
    assert answer.json["user"] == {"id": api.employee.user_id, "username": "renamed"}


async def test_it_refuses_no_token_and_a_wrong_one_alike(api: Api) -> None:
    without = await api.get("/api/auth/verify-jwt")
    wrong = await api.get("/api/auth/verify-jwt", as_=api.admin.token[:-2] + "xx")
    assert (without.status, without.json) == (401, wrong.json)
    assert wrong.status == 401
