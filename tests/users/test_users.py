"""GET and POST /api/users."""

import asyncio

import pytest

from models.auth import ROLES
from sunshine.core.principals import ADMIN, GRANTABLE
from tests.api import Api

NEW = {
    "username": "newcomer", "password": "a fine password", "name": "New Comer", "role": "employee",
}  # fmt: skip
SHOWN = {
    "id", "username", "name", "email", "role", "employeeId", "active", "permissions", "createdAt",
    "updatedAt",
}  # fmt: skip


async def test_an_admin_makes_an_account_that_can_sign_in(api: Api) -> None:
    full = NEW | {
        "email": "new@example.com", "role": "manager", "active": True,
        "permissions": ["tickets:agent", "cms:write"],
    }  # fmt: skip
    answer = await api.post("/api/users", full, as_="admin")
    assert answer.status == 201
    assert answer.json["message"]
    user = answer.data
    assert set(user) == SHOWN
    expected = {**full, "permissions": ["cms:write", "tickets:agent"], "employeeId": None}
    del expected["password"]
    assert {name: user[name] for name in expected} == expected
    login = {"username": "newcomer", "password": NEW["password"]}
    assert (await api.post("/api/auth/login", login)).json["user"]["role"] == "manager"


async def test_the_documented_user_can_be_made_with_an_address_as_username(api: Api) -> None:
    body = NEW | {"username": "user@example.com", "name": "John Doe", "role": "admin"}
    user = (await api.post("/api/users", body, as_="admin")).data
    assert (user["username"], user["role"], user["active"]) == ("user@example.com", "admin", True)
    assert (user["email"], user["permissions"]) == (None, [])


async def test_it_records_who_made_what_and_never_a_hash(api: Api) -> None:
    body = NEW | {"permissions": ["rooms:manage"]}
    headers = {"X-Request-Id": "traced-1"}
    user = (await api.post("/api/users", body, as_="admin", headers=headers)).data
    [event] = await api.sql("SELECT * FROM event")
    assert (event["type"], event["entity"], event["entity_id"]) == (
        "user_created", "users", user["id"],
    )  # fmt: skip
    assert (event["actor_type"], event["actor_id"]) == ("user", api.admin.user_id)
    assert event["request_id"] == "traced-1"
    assert event["before"] is None
    assert set(event["after"]) == SHOWN
    assert event["after"]["permissions"] == ["rooms:manage"]
    assert "$2b$" not in str(event)
    assert NEW["password"] not in str(event)


async def test_the_hash_is_bcrypt_and_is_never_answered(api: Api) -> None:
    answer = await api.post("/api/users", NEW, as_="admin")
    [row] = await api.sql("SELECT password_hash FROM users WHERE username = 'newcomer'")
    assert row["password_hash"].startswith("$2b$04$")
    for body in (answer.body, (await api.get("/api/users?limit=100", as_="admin")).body):
        assert b"$2b$" not in body
        assert b"assword" not in body
        assert b"token" not in body


@pytest.mark.parametrize("who", ["hr", "manager", "employee", "outsider"])
async def test_only_an_admin_makes_accounts(api: Api, who: str) -> None:
    answer = await api.post("/api/users", NEW, as_=who)
    assert (answer.status, answer.code) == (403, "not_allowed")
    assert await api.events() == []
    assert await api.sql("SELECT 1 FROM users WHERE username = 'newcomer'") == []


@pytest.mark.parametrize(
    ("who", "status"), [("admin", 200), ("hr", 200), ("manager", 403), ("employee", 403)]
)
async def test_hr_and_admin_see_the_list(api: Api, who: str, status: int) -> None:
    assert (await api.get("/api/users", as_=who)).status == status
    assert (await api.get("/api/users")).status == 401


async def test_the_list_is_paginated_filtered_searched_and_sorted(api: Api) -> None:
    answer = await api.get("/api/users", as_="hr")
    assert answer.json["pagination"] == {"page": 1, "perPage": 20, "total": 6, "totalPages": 1}
    assert all(set(user) == SHOWN for user in answer.data)
    ids = [user["id"] for user in answer.data]
    assert ids == sorted(ids)

    async def names(query: str) -> list[str]:
        return [user["username"] for user in (await api.get(f"/api/users?{query}", as_="hr")).data]

    assert await names("role=hr") == ["hr"]
    assert await names("search=MANAGER@") == ["manager"]
    assert await names("search=%25") == []
    assert await names(f"employeeId={api.stranger.employee_id}") == ["stranger"]
    assert await names("sort=-username&limit=2") == ["stranger", "outsider"]
    assert await names("page=2&limit=4&sort=username") == ["outsider", "stranger"]
    await api.delete(f"/api/users/{api.outsider.user_id}", as_="admin")
    assert await names("active=false") == ["outsider"]
    assert "outsider" not in await names("active=true")
    for bad in ("role=driver", "active=maybe", "employeeId=x", "sort=password", "page=0"):
        assert (await api.get(f"/api/users?{bad}", as_="hr")).status == 400, bad


@pytest.mark.parametrize("role", ROLES)
async def test_every_role_can_be_given(api: Api, role: str) -> None:
    assert (await api.post("/api/users", NEW | {"role": role}, as_="admin")).data["role"] == role


@pytest.mark.parametrize("role", ["driver", "root", "Admin", "", None, 1])
async def test_no_other_role_can_be_given(api: Api, role: object) -> None:
    answer = await api.post("/api/users", NEW | {"role": role}, as_="admin")
    assert (answer.status, answer.fields) == (400, {"role"})


@pytest.mark.parametrize("permission", sorted(GRANTABLE))
async def test_every_grantable_permission_can_be_given(api: Api, permission: str) -> None:
    body = NEW | {"permissions": [permission]}
    assert (await api.post("/api/users", body, as_="admin")).data["permissions"] == [permission]


async def test_what_comes_with_a_role_only_cannot_be_given(api: Api) -> None:
    for permission in [*sorted(ADMIN - GRANTABLE), "*", "", "tickets:agent:all", "fleet:self"]:
        body = NEW | {"permissions": ["cms:write", permission]}
        answer = await api.post("/api/users", body, as_="admin")
        assert (answer.status, answer.fields) == (400, {"permissions.1"}), permission
    twice = NEW | {"permissions": ["cms:write", "cms:write"]}
    assert (await api.post("/api/users", twice, as_="admin")).fields == {"permissions"}
    assert await api.events() == []


@pytest.mark.parametrize("username", ["employee", "EMPLOYEE", " Employee "])
async def test_a_username_is_unique_whatever_its_case(api: Api, username: str) -> None:
    answer = await api.post("/api/users", NEW | {"username": username}, as_="admin")
    assert (answer.status, answer.code, answer.fields) == (409, "username_taken", {"username"})
    assert await api.events() == []


async def test_an_email_is_unique_whatever_its_case(api: Api) -> None:
    body = NEW | {"email": "Employee@EXAMPLE.com"}
    answer = await api.post("/api/users", body, as_="admin")
    assert (answer.status, answer.code, answer.fields) == (409, "email_taken", {"email"})
    assert await api.events() == []


async def test_an_employee_has_one_account_and_lives(api: Api) -> None:
    body = NEW | {"employeeId": api.employee.employee_id}
    taken = await api.post("/api/users", body, as_="admin")
    assert (taken.status, taken.code, taken.fields) == (409, "employee_has_user", {"employeeId"})
    missing = await api.post("/api/users", NEW | {"employeeId": 2**31 - 1}, as_="admin")
    assert (missing.status, missing.fields) == (400, {"employeeId"})
    [free] = await api.sql(
        "INSERT INTO employee (name, deleted_at) VALUES ('Gone', now()) RETURNING id"
    )
    gone = await api.post("/api/users", NEW | {"employeeId": free["id"]}, as_="admin")
    assert (gone.status, gone.fields) == (400, {"employeeId"})
    assert await api.events() == []
    await api.sql("UPDATE employee SET deleted_at = NULL WHERE id = %(id)s", id=free["id"])
    made = await api.post("/api/users", NEW | {"employeeId": free["id"]}, as_="admin")
    assert made.data["employeeId"] == free["id"]


@pytest.mark.parametrize(
    ("change", "fields"),
    [
        ({"username": None}, {"username"}),
        ({"username": "two words"}, {"username"}),
        ({"username": "x" * 101}, {"username"}),
        ({"name": "  "}, {"name"}),
        ({"name": "x" * 201}, {"name"}),
        ({"email": "no address"}, {"email"}),
        ({"employeeId": True}, {"employeeId"}),
        ({"employeeId": "1"}, {"employeeId"}),
        ({"employeeId": 2**31}, {"employeeId"}),
        ({"active": 1}, {"active"}),
        ({"permissions": "cms:write"}, {"permissions"}),
        ({"passwordHash": "$2b$04$"}, {"passwordHash"}),
        ({"id": 1}, {"id"}),
        ({"tokenVersion": 1, "createdAt": "x"}, {"tokenVersion", "createdAt"}),
    ],
)
async def test_it_names_every_wrong_field(api: Api, change: dict, fields: set[str]) -> None:
    answer = await api.post("/api/users", NEW | change, as_="admin")
    assert (answer.status, answer.fields) == (400, fields)
    assert await api.events() == []


@pytest.mark.parametrize("missing", sorted(NEW))
async def test_it_names_a_missing_field(api: Api, missing: str) -> None:
    body = {name: value for name, value in NEW.items() if name != missing}
    answer = await api.post("/api/users", body, as_="admin")
    assert (answer.status, answer.fields) == (400, {missing})


async def test_racing_creates_of_one_name_make_one_account(api: Api, second: Api) -> None:
    servers = [api, second] * 4
    calls = [server.post("/api/users", NEW, as_="admin") for server in servers]
    answers = await asyncio.gather(*calls)
    assert sorted(answer.status for answer in answers) == [201] + [409] * 7
    assert await api.events() == ["user_created"]


async def test_an_account_made_inactive_cannot_sign_in(api: Api) -> None:
    assert (await api.post("/api/users", NEW | {"active": False}, as_="admin")).status == 201
    login = {"username": NEW["username"], "password": NEW["password"]}
    assert (await api.post("/api/auth/login", login)).status == 401
