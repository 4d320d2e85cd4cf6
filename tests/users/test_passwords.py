"""What a new password must be, and who may set it: sunshine/passwords.py."""

import asyncio

import pytest

from sunshine import passwords
from sunshine.errors import Invalid
from tests.api import Api
from tests.auth.people import token_of
from tests.conftest import PASSWORD

FINE = "correct horse battery"
NEW = {"username": "newcomer", "name": "New Comer", "role": "employee"}


@pytest.mark.parametrize(
    "password",
    [
        "short", "7 chars", "x" * 73, "ä" * 37, "😀" * 19, "password", "PASSWORD", "Password123",
        "password123", "12345678", "qwertyuiop", "newcomer", "NewComer", "new@example.com",
    ],
)  # fmt: skip
async def test_a_bad_one_is_refused(api: Api, password: str) -> None:
    body = NEW | {"email": "new@example.com", "password": password}
    answer = await api.post("/api/users", body, as_="admin")
    assert (answer.status, answer.fields) == (400, {"password"})
    assert password not in answer.body.decode() or password == "password"
    assert await api.events() == []


@pytest.mark.parametrize("password", ["x" * 71 + "y", "8 chars!", "ä" * 36, "  spaces  ", FINE])
async def test_a_good_one_signs_in_to_the_last_byte(api: Api, password: str) -> None:
    assert (await api.post("/api/users", NEW | {"password": password}, as_="admin")).status == 201
    await token_of(api, "newcomer", password)
    shorter = {"username": "newcomer", "password": password[:-1]}
    assert (await api.post("/api/auth/login", shorter)).status == 401


def test_common_ones_are_known_in_any_case() -> None:
    for common in ("password1", "iloveyou", "11111111", "QWERTY123", "Sunshine1"):
        with pytest.raises(Invalid):
            passwords.check(common)


@pytest.mark.parametrize("who", ["admin", "hr", "manager", "employee", "outsider"])
async def test_ones_own_needs_the_current_one(api: Api, who: str) -> None:
    own = f"/api/users/{api.cast[who].user_id}"
    without = await api.put(own, {"password": FINE}, as_=who)
    assert (without.status, without.fields) == (400, {"currentPassword"})
    wrong = await api.put(own, {"password": FINE, "currentPassword": "wrong"}, as_=who)
    assert (wrong.status, wrong.fields) == (400, {"currentPassword"})
    long = await api.put(own, {"password": FINE, "currentPassword": "x" * 1000}, as_=who)
    assert (long.status, long.fields) == (400, {"currentPassword"})
    assert await api.events() == []
    done = await api.put(own, {"password": FINE, "currentPassword": PASSWORD}, as_=who)
    assert done.status == 200
    assert await api.events() == ["user_password_changed"]
    assert (await api.get("/api/auth/account", as_=who)).status == 401
    await token_of(api, who, FINE)
    old = {"username": who, "password": PASSWORD}
    assert (await api.post("/api/auth/login", old)).status == 401


async def test_an_admin_resets_anothers_without_it(api: Api) -> None:
    other = f"/api/users/{api.employee.user_id}"
    assert (await api.put(other, {"password": FINE}, as_="admin")).status == 200
    await token_of(api, "employee", FINE)


@pytest.mark.parametrize("password", ["short", "password123", "x" * 73, "employee", "Employee"])
async def test_a_bad_one_is_refused_at_a_change_too(api: Api, password: str) -> None:
    own = f"/api/users/{api.employee.user_id}"
    body = {"password": password, "currentPassword": PASSWORD}
    for who, sent in (("employee", body), ("admin", {"password": password})):
        answer = await api.put(own, sent, as_=who)
        assert (answer.status, answer.fields) == (400, {"password"}), who
    assert await api.events() == []
    assert (await api.get("/api/auth/account", as_="employee")).status == 200


async def test_a_current_password_alone_changes_nothing(api: Api) -> None:
    own = f"/api/users/{api.employee.user_id}"
    assert (await api.put(own, {"currentPassword": PASSWORD}, as_="employee")).status == 200
    assert await api.events() == []
    await token_of(api, "employee", PASSWORD)


async def test_a_login_that_races_with_a_change_gives_no_lasting_token(api: Api) -> None:
    """A token of the old password is ended by the change, or was never given."""
    own = f"/api/users/{api.employee.user_id}"
    login = {"username": "employee", "password": PASSWORD}
    for _ in range(5):
        logins = [api.post("/api/auth/login", login) for _ in range(6)]
        change = api.put(own, {"password": FINE}, as_="admin")
        *answers, changed = await asyncio.gather(*logins[:3], *logins[3:], change)
        assert changed.status == 200
        for answer in answers:
            if answer.status == 200:
                token = answer.json["token"]
                assert (await api.get("/api/auth/account", as_=token)).status == 401
        assert (await api.put(own, {"password": PASSWORD}, as_="admin")).status == 200
