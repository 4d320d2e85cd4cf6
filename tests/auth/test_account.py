"""GET /api/auth/account."""

import pytest

from sunshine.core.principals import ROLE_PERMISSIONS
from tests.api import Api
from tests.auth.factories import JOHN, john_doe, token_of


async def test_it_answers_the_documented_request_with_the_documented_answer(api: Api) -> None:
    id_ = await john_doe(api, "password123")
    token = await token_of(api, JOHN, "password123")
    answer = await api.get("/api/auth/account", headers={"x-access-token": token})
    assert answer.status == 200
    assert answer.json == {
        "success": True,
        "data": {
            "id": id_,
            "username": JOHN,
            "name": "John Doe",
            "email": JOHN,
            "role": "admin",
            "permissions": sorted(ROLE_PERMISSIONS["admin"]),
        },
    }


@pytest.mark.parametrize("role", ["admin", "hr", "manager", "employee"])
async def test_permissions_are_the_roles_and_the_granted_ones_sorted(api: Api, role: str) -> None:
    user = api.cast["outsider"]
    token = api.app.application.tokens.sign(
        "user", id_=user.user_id, username="outsider", role="employee",
        version=1 if role != "employee" else 0, now=api.app.application.clock(),
    )  # fmt: skip
    changes = {"role": role, "permissions": ["tickets:agent", "cms:write"]}
    assert (await api.put(f"/api/users/{user.user_id}", changes, as_="admin")).status == 200
    data = (await api.get("/api/auth/account", as_=token)).data
    assert data["role"] == role
    expected = ROLE_PERMISSIONS[role] | {"tickets:agent", "cms:write"}
    assert data["permissions"] == sorted(expected)


async def test_it_tells_the_database_and_not_the_token(api: Api) -> None:
    token = api.app.application.tokens.sign(
        "user", id_=api.employee.user_id, username="somebody", role="admin", version=0,
        now=api.app.application.clock(),
    )  # fmt: skip
    data = (await api.get("/api/auth/account", as_=token)).data
    assert (data["username"], data["role"]) == ("employee", "employee")
    assert (await api.get("/api/events", as_=token)).status == 403


async def test_a_new_name_shows_in_the_very_next_answer(api: Api) -> None:
    assert (await api.get("/api/auth/account", as_="employee")).data["name"] == "Employee Person"
    own = f"/api/users/{api.employee.user_id}"
    await api.put(own, {"name": "New Name", "email": None}, as_="employee")
    data = (await api.get("/api/auth/account", as_="employee")).data
    assert (data["name"], data["email"]) == ("New Name", None)


async def test_a_stranger_is_refused(api: Api) -> None:
    answer = await api.get("/api/auth/account")
    assert (answer.status, answer.code) == (401, "not_signed_in")
    assert answer.headers["WWW-Authenticate"]
