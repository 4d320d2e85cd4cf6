"""GET, PUT and DELETE /api/users/:id."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from tests.api import Answer, Api, Person
from tests.auth.factories import account, hashed
from tests.conftest import PASSWORD, PASSWORD_HASH

MISSING = 2**31 - 1
LOCKED = [{"role": "employee"}, {"permissions": ["cms:write"]}, {"active": False}]


def path(person: Person | int) -> str:
    """Of one account."""
    return f"/api/users/{person if isinstance(person, int) else person.user_id}"


@pytest.mark.parametrize("who", ["admin", "hr"])
async def test_admin_and_hr_read_any(api: Api, who: str) -> None:
    user = (await api.get(path(api.employee), as_=who)).data
    assert (user["username"], user["employeeId"]) == ("employee", api.employee.employee_id)
    assert "passwordHash" not in user
    assert b"$2b$" not in (await api.get(path(api.employee), as_=who)).body
    for missing in (MISSING, 0, 2**31, 10**18):
        assert (await api.get(path(missing), as_=who)).status == 404, missing


@pytest.mark.parametrize("who", ["manager", "employee", "outsider"])
async def test_others_read_their_own_and_learn_nothing_of_others(api: Api, who: str) -> None:
    assert (await api.get(path(api.cast[who]), as_=who)).data["username"] == who
    others = await api.get(path(api.stranger), as_=who)
    missing = await api.get(path(MISSING), as_=who)
    assert (others.status, missing.status) == (403, 403)
    assert others.json == missing.json


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
async def test_a_stranger_is_refused(api: Api, method: str) -> None:
    assert (await api.call(method, path(api.employee), {"name": "x"})).status == 401


async def test_an_admin_changes_everything_of_others(api: Api) -> None:
    [free] = await api.sql("INSERT INTO employee (name) VALUES ('Free') RETURNING id")
    changes = {
        "username": "renamed", "name": "New Name", "email": "new@example.com", "role": "hr",
        "employeeId": free["id"], "permissions": ["rooms:manage", "cms:write"], "active": False,
    }  # fmt: skip
    user = (await api.put(path(api.employee), changes, as_="admin")).data
    expected = changes | {"permissions": ["cms:write", "rooms:manage"]}
    assert {name: user[name] for name in expected} == expected
    assert (await api.get(path(api.employee), as_="admin")).data == user
    assert user["updatedAt"] > user["createdAt"]
    back: dict = {"email": None, "employeeId": None, "active": True, "permissions": []}
    user = (await api.call("PATCH", path(api.employee), back, as_="admin")).data
    assert {name: user[name] for name in back} == back
    assert (user["username"], user["role"]) == ("renamed", "hr")


async def test_a_change_is_recorded_with_before_and_after(api: Api) -> None:
    await api.put(path(api.employee), {"name": "N", "role": "employee"}, as_="admin")
    [event] = await api.sql("SELECT * FROM event")
    assert (event["type"], event["entity_id"]) == ("user_updated", api.employee.user_id)
    assert event["before"] == {"name": "Employee Person"}
    assert event["after"] == {"name": "N"}
    assert (event["actor_type"], event["actor_id"]) == ("user", api.admin.user_id)


async def test_grants_and_passwords_are_recorded_the_password_never(api: Api) -> None:
    changes = {"permissions": ["cms:write"], "password": "quite another one"}
    await api.put(path(api.employee), changes, as_="admin")
    granted, changed = await api.sql("SELECT * FROM event ORDER BY id")
    assert granted["before"] == {"permissions": []}
    assert granted["after"] == {"permissions": ["cms:write"]}
    assert (changed["type"], changed["entity_id"]) == (
        "user_password_changed", api.employee.user_id,
    )  # fmt: skip
    everything = str(granted) + str(changed)
    assert "$2b$" not in everything
    assert "quite another one" not in everything


async def test_a_change_that_changes_nothing_writes_nothing(api: Api) -> None:
    before = (await api.get(path(api.employee), as_="admin")).data
    for same in ({}, {"name": "Employee Person", "active": True, "permissions": []}):
        assert (await api.put(path(api.employee), same, as_="admin")).data == before
    assert await api.events() == []
    assert (await api.get("/api/auth/account", as_="employee")).status == 200


async def test_hr_reads_only(api: Api) -> None:
    for body in ({"name": "x"}, {"role": "admin"}, {"active": False}, {"password": "well enough"}):
        assert (await api.put(path(api.employee), body, as_="hr")).status == 403
    assert (await api.delete(path(api.employee), as_="hr")).status == 403
    assert await api.events() == []


@pytest.mark.parametrize("who", ["manager", "employee", "outsider"])
async def test_nobody_else_changes_another(api: Api, who: str) -> None:
    bodies: list[dict] = [
        {"name": "x"}, {"role": "admin"}, {"password": "well enough"}, {"password": "short"}, {},
    ]  # fmt: skip
    for body in bodies:
        others = await api.put(path(api.stranger), body, as_=who)
        missing = await api.put(path(MISSING), body, as_=who)
        assert (others.status, missing.status) == (403, 403), body
    assert (await api.delete(path(api.stranger), as_=who)).status == 403
    assert (await api.delete(path(MISSING), as_=who)).status == 403
    assert await api.events() == []


@pytest.mark.parametrize("who", ["admin", "hr", "manager", "employee", "outsider"])
@pytest.mark.parametrize("body", [*LOCKED, {"username": "other"}, {"employeeId": None}])
async def test_nobody_changes_their_own_role_grants_or_active_flag(
    api: Api, who: str, body: dict
) -> None:
    for sent in (body, body | {"name": "x"}):
        answer = await api.put(path(api.cast[who]), sent, as_=who)
        assert (answer.status, answer.code) == (403, "not_allowed")
    assert await api.events() == []
    assert (await api.get("/api/auth/account", as_=who)).status == 200


@pytest.mark.parametrize("who", ["admin", "hr", "manager", "employee", "outsider"])
async def test_everybody_changes_their_own_name_and_email(api: Api, who: str) -> None:
    body = {"name": "Somebody Else", "email": "else@example.com"}
    user = (await api.put(path(api.cast[who]), body, as_=who)).data
    assert {name: user[name] for name in body} == body
    assert (await api.get("/api/auth/account", as_=who)).status == 200
    assert await api.events() == ["user_updated"]


@pytest.mark.parametrize(
    ("body", "code", "field"),
    [
        ({"username": "STRANGER"}, "username_taken", "username"),
        ({"email": "Stranger@Example.com"}, "email_taken", "email"),
        ({"employeeId": "stranger"}, "employee_has_user", "employeeId"),
    ],
)
async def test_what_is_taken_is_a_conflict(api: Api, body: dict, code: str, field: str) -> None:
    if "employeeId" in body:
        body = {"employeeId": api.stranger.employee_id}
    answer = await api.put(path(api.employee), body, as_="admin")
    assert (answer.status, answer.code, answer.fields) == (409, code, {field})
    assert await api.events() == []


async def test_ones_own_name_in_another_case_is_not_taken(api: Api) -> None:
    body = {"username": "EMPLOYEE", "email": "Employee@Example.com"}
    assert (await api.put(path(api.employee), body, as_="admin")).data["username"] == "EMPLOYEE"


async def test_an_admin_gives_only_what_is_grantable(api: Api) -> None:
    for permission in ("users:write", "leave:approve:all", "employees:write", "nonsense"):
        answer = await api.put(path(api.employee), {"permissions": [permission]}, as_="admin")
        assert (answer.status, answer.fields) == (400, {"permissions.0"})
    await api.put(path(api.employee), {"permissions": ["cms:write", "cms:publish"]}, as_="admin")
    await api.put(path(api.employee), {"permissions": ["cms:publish"]}, as_="admin")
    assert (await api.get(path(api.employee), as_="hr")).data["permissions"] == ["cms:publish"]
    rows = await api.sql("SELECT permission FROM user_permissions")
    assert rows == [{"permission": "cms:publish"}]


async def test_an_account_of_nobody_cannot_be_changed(api: Api) -> None:
    for missing in (MISSING, 0, 2**31):
        assert (await api.put(path(missing), {"name": "x"}, as_="admin")).status == 404
        assert (await api.delete(path(missing), as_="admin")).status == 404
    gone = await api.put(path(api.employee), {"employeeId": MISSING}, as_="admin")
    assert (gone.status, gone.fields) == (400, {"employeeId"})


async def test_it_names_every_wrong_field(api: Api) -> None:
    body = {
        "name": "", "role": "king", "active": "yes", "username": "a b", "email": "x", "id": 1,
        "passwordHash": "x",
    }  # fmt: skip
    answer = await api.put(path(api.employee), body, as_="admin")
    assert (answer.status, answer.fields) == (400, set(body))


async def test_delete_deactivates_and_the_account_stays_readable(api: Api) -> None:
    answer = await api.delete(path(api.employee), as_="admin")
    assert answer.status == 200
    assert answer.json["message"]
    assert (await api.get("/api/auth/account", as_="employee")).status == 401
    for who in ("admin", "hr"):
        user = (await api.get(path(api.employee), as_=who)).data
        assert user["active"] is False
    listed = (await api.get("/api/users", as_="admin")).data
    assert api.employee.user_id in {user["id"] for user in listed}
    [event] = await api.sql("SELECT type, before, after FROM event")
    assert event == {
        "type": "user_updated", "before": {"active": True}, "after": {"active": False},
    }  # fmt: skip
    assert (await api.delete(path(api.employee), as_="admin")).status == 200
    assert len(await api.events()) == 1


async def test_an_old_token_does_not_come_back_with_the_account(api: Api) -> None:
    await api.delete(path(api.employee), as_="admin")
    assert (await api.put(path(api.employee), {"active": True}, as_="admin")).status == 200
    assert (await api.get("/api/auth/account", as_="employee")).status == 401
    login = {"username": "employee", "password": PASSWORD}
    assert (await api.post("/api/auth/login", login)).status == 200


async def test_nobody_deletes_themselves(api: Api) -> None:
    await account(api, "other admin", PASSWORD_HASH, role="admin")
    answer = await api.delete(path(api.admin), as_="admin")
    assert (answer.status, answer.code) == (409, "own_account")
    assert await api.events() == []


async def other_admin(api: Api, name: str) -> Person:
    """One more admin, with a token."""
    id_ = await account(api, name, PASSWORD_HASH, role="admin")
    token = api.app.application.tokens.sign(
        "user", id_=id_, username=name, role="admin", version=0, now=api.app.application.clock()
    )
    return Person(name, id_, None, token)


@pytest.mark.parametrize("body", [{"role": "hr"}, {"active": False}, None])
async def test_the_last_active_admin_stays_one(api: Api, body: dict | None) -> None:
    """Asked by an admin who is ended meanwhile: the only way to get there."""
    from sunshine.core.errors import Conflict
    from sunshine.core.principals import System
    from sunshine.modules.users import accounts

    inactive = await account(api, "retired", hashed("x"), role="admin", active=False)
    for change in (body or {"active": False}, {"active": False, "role": "admin"}):
        with pytest.raises(Conflict) as refused:
            async with api.app.databases.sunshine.transaction(System()) as tx:
                await accounts.change(tx, api.admin.user_id, change)
        assert refused.value.code == "last_admin"
    assert await api.events() == []
    # Another active one is needed, and enough.
    assert (await api.put(path(inactive), {"active": True}, as_="admin")).status == 200
    async with api.app.databases.sunshine.transaction(System()) as tx:
        await accounts.change(tx, api.admin.user_id, body or {"active": False})


Act = Callable[[Api, Person, Person], Awaitable[Answer]]


async def demote(server: Api, who: Person, whom: Person) -> Answer:
    return await server.put(path(whom), {"role": "employee"}, as_=who)


async def deactivate(server: Api, who: Person, whom: Person) -> Answer:
    return await server.put(path(whom), {"active": False}, as_=who)


async def delete(server: Api, who: Person, whom: Person) -> Answer:
    return await server.delete(path(whom), as_=who)


@pytest.mark.parametrize("acts", [(demote, demote), (deactivate, delete), (demote, deactivate)])
async def test_two_admins_who_end_each_other_leave_one(
    api: Api, second: Api, acts: tuple[Act, Act]
) -> None:
    losers = set()
    for round_ in range(10):
        await api.sql("UPDATE users SET role = 'employee' WHERE role = 'admin'")
        one, other = [await other_admin(api, f"{name}{round_}") for name in ("one", "other")]
        for server in (api, second):
            server.app.principals.forget()
            for person in (one, other):
                assert (await server.get("/api/auth/account", as_=person)).status == 200
        answers = await asyncio.gather(acts[0](api, one, other), acts[1](second, other, one))
        # The later one finds itself the last admin, or ended already.
        statuses = sorted(answer.status for answer in answers)
        assert statuses[0] == 200, statuses
        assert statuses[1] in (401, 403, 409), statuses
        losers.add(statuses[1])
        [left] = await api.sql("SELECT count(*) FROM users WHERE role = 'admin' AND active")
        assert left["count"] == 1
    assert 409 in losers


async def test_many_admins_who_end_each_other_leave_one(api: Api, second: Api) -> None:
    await api.sql("UPDATE users SET role = 'employee'")
    ring = [await other_admin(api, f"admin{n}") for n in range(6)]
    pairs = zip(ring, ring[1:] + ring[:1], strict=True)
    calls = [demote((api, second)[n % 2], *pair) for n, pair in enumerate(pairs)]
    statuses = [answer.status for answer in await asyncio.gather(*calls)]
    assert set(statuses) <= {200, 401, 403, 409}, statuses
    [left] = await api.sql("SELECT count(*) FROM users WHERE role = 'admin' AND active")
    assert left["count"] >= 1


async def test_it_reactivates_nobody_whose_employment_ended(api: Api) -> None:
    gone = f"/api/users/{api.stranger.user_id}"
    assert (await api.delete(f"/api/employees/{api.stranger.employee_id}", as_="hr")).status == 200
    events = await api.events()
    refused = await api.put(gone, {"active": True}, as_="admin")
    assert (refused.status, refused.fields) == (400, {"employeeId"})
    assert await api.events() == events
    assert (await api.put(gone, {"active": True, "employeeId": None}, as_="admin")).status == 200
