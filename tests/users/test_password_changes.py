"""Changing a password: one of several at once, and when an admin asks for it."""

import asyncio
import re

import bcrypt
import pytest

from tests.api import Api
from tests.auth.factories import token_of
from tests.conftest import PASSWORD
from tests.sockets import refused

FINE = "correct horse battery"
# What opens all the same, beside one's own /api/users/:id.
OWN = ("/api/auth/logout", "/api/auth/account", "/api/auth/verify-jwt")


@pytest.mark.parametrize("who", ["employee", "admin"])
async def test_of_eight_at_once_one_is_made(api: Api, who: str) -> None:
    """Each with the same current password and another new one: seven learn that it is another."""
    own = f"/api/users/{api.cast[who].user_id}"
    new = [f"{FINE} {number}" for number in range(8)]
    bodies = [{"password": each, "currentPassword": PASSWORD} for each in new]
    answers = await asyncio.gather(*(api.put(own, body, as_=who) for body in bodies))
    statuses = [answer.status for answer in answers]
    assert statuses.count(200) == 1, statuses
    others = [answer for answer in answers if answer.status != 200]
    assert {answer.status for answer in others} <= {409, 401}
    assert {answer.code for answer in others if answer.status == 409} <= {"changed"}
    [row] = await api.sql(
        "SELECT password_hash, token_version FROM users WHERE id = %(id)s",
        id=api.cast[who].user_id,
    )
    made = new[statuses.index(200)]
    assert bcrypt.checkpw(made.encode(), row["password_hash"].encode())
    assert row["token_version"] == 1
    assert await api.events() == ["user_password_changed"]


async def test_beside_an_admins_it_is_of_the_account_as_it_was(api: Api) -> None:
    """Whoever comes second: an admin sets it all the same, oneself does not."""
    own = f"/api/users/{api.employee.user_id}"
    for _ in range(6):
        token = await token_of(api, "employee", PASSWORD)
        mine = {"password": FINE, "currentPassword": PASSWORD}
        theirs = {"password": "another long one"}
        changed, reset, named = await asyncio.gather(
            api.put(own, mine, as_=token),
            api.put(own, theirs, as_="admin"),
            api.put(own, {"username": "renamed", "email": "re@example.com"}, as_="admin"),
        )
        assert (reset.status, named.status) == (200, 200)
        assert changed.status in (200, 401, 409), changed.body
        assert changed.status != 409 or changed.code == "changed"
        login = {"username": "RENAMED", "password": "another long one"}
        assert (await api.post("/api/auth/login", login)).status == 200
        back = {"password": PASSWORD, "username": "employee"}
        assert (await api.put(own, back, as_="admin")).status == 200


async def test_a_token_that_has_ended_changes_no_password(api: Api) -> None:
    """Ended after it was read: the change states the version that the token was given for."""
    own = f"/api/users/{api.employee.user_id}"
    assert (await api.get("/api/auth/account", as_="employee")).status == 200  # remembered now
    await api.sql("UPDATE users SET token_version = token_version + 1 WHERE username = 'employee'")
    body = {"password": FINE, "currentPassword": PASSWORD}
    answer = await api.put(own, body, as_="employee")
    assert (answer.status, answer.code) == (409, "changed")
    assert await api.events() == []


async def must_change(api: Api, **fields: object) -> str:
    """The employee's token, once an admin has asked for another password."""
    body = {"mustChangePassword": True, **fields}
    user = (await api.put(f"/api/users/{api.employee.user_id}", body, as_="admin")).data
    assert user["mustChangePassword"] is True
    password = str(fields.get("password", PASSWORD))
    answer = await api.post("/api/auth/login", {"username": "employee", "password": password})
    assert (answer.status, answer.json["user"]["mustChangePassword"]) == (200, True)
    token: str = answer.json["token"]
    return token


async def test_an_admin_may_ask_for_one(api: Api) -> None:
    own = f"/api/users/{api.employee.user_id}"
    token = await must_change(api, password=FINE)
    account = await api.get("/api/auth/account", as_=token)
    assert (account.status, account.data["mustChangePassword"]) == (200, True)
    assert (await api.get("/api/auth/verify-jwt", as_=token)).status == 200
    assert (await api.get(own, as_=token)).data["mustChangePassword"] is True
    bad = await api.put(own, {"password": "password123", "currentPassword": FINE}, as_=token)
    assert (bad.status, bad.fields) == (400, {"password"})
    body = {"password": "quite another one", "currentPassword": FINE}
    done = await api.put(own, body, as_=token)
    assert done.status == 200
    assert "mustChangePassword" not in done.data
    login = {"username": "employee", "password": "quite another one"}
    fresh = await api.post("/api/auth/login", login)
    assert "mustChangePassword" not in fresh.json["user"]
    assert (await api.get("/api/tickets", as_=fresh.json["token"])).status == 200


async def test_the_same_password_again_is_no_change(api: Api) -> None:
    token = await must_change(api)
    own = f"/api/users/{api.employee.user_id}"
    answer = await api.put(own, {"password": PASSWORD, "currentPassword": PASSWORD}, as_=token)
    assert (answer.status, answer.fields) == (400, {"password"})
    assert (await api.get(own, as_=token)).data["mustChangePassword"] is True


async def test_until_then_every_route_but_the_own_account_is_shut(api: Api) -> None:
    """To an admin too."""
    await api.sql("UPDATE users SET role = 'admin' WHERE username = 'employee'")
    token = await must_change(api)
    asked = 0
    for route in api.app.application.routes:
        for method, guards in route.guards.items():
            public = guards[0].name in ("public", "addresses of METRICS_ALLOW")
            own = route.path in OWN
            if public or own or method in ("HEAD", "OPTIONS"):
                continue
            path = re.sub(r"{[^}]*}", str(api.stranger.user_id), route.path)
            answer = await api.call(method, path, as_=token)
            assert (answer.status, answer.code) == (403, "password_change_required"), (method, path)
            asked += 1
    assert asked > 150


async def test_a_socket_is_shut_too(api: Api) -> None:
    token = await must_change(api)
    answer = await refused(api, "/ws/tickets", **{"x-access-token": token})
    assert (answer.status, answer.code) == (403, "password_change_required")


async def test_asking_for_one_ends_the_tokens_of_before(api: Api) -> None:
    own = f"/api/users/{api.employee.user_id}"
    await api.put(own, {"mustChangePassword": True}, as_="admin")
    assert (await api.get("/api/auth/account", as_="employee")).status == 401
    [event] = await api.sql("SELECT after FROM event")
    assert event["after"] == {"mustChangePassword": True}
    taken_back = await api.put(own, {"mustChangePassword": False}, as_="admin")
    assert "mustChangePassword" not in taken_back.data
    token = await token_of(api, "employee", PASSWORD)
    assert (await api.get("/api/tickets", as_=token)).status == 200


@pytest.mark.parametrize("who", ["admin", "employee"])
async def test_nobody_says_so_of_themselves(api: Api, who: str) -> None:
    for asked in (True, False):
        own = f"/api/users/{api.cast[who].user_id}"
        answer = await api.put(own, {"mustChangePassword": asked}, as_=who)
        assert (answer.status, answer.code) == (403, "not_allowed")


async def test_a_new_account_may_have_to(api: Api) -> None:
    body = {
        "username": "newcomer", "name": "New Comer", "role": "employee", "password": FINE,
        "mustChangePassword": True,
    }  # fmt: skip
    made = (await api.post("/api/users", body, as_="admin")).data
    assert made["mustChangePassword"] is True
    listed = (await api.get("/api/users?search=newcomer", as_="hr")).data
    assert [user["mustChangePassword"] for user in listed] == [True]
    answer = await api.post("/api/auth/login", {"username": "newcomer", "password": FINE})
    assert answer.json["user"]["mustChangePassword"] is True
