"""What a new password must be, and who may set it: sunshine/identity/passwords.py."""

import asyncio
import time

import pytest

from sunshine.core.errors import Invalid
from sunshine.identity import passwords
from sunshine.identity.password_strength import company_words
from tests.api import Api
from tests.auth.factories import account, hashed, token_of
from tests.conftest import PASSWORD

FINE = "correct horse battery"
NEW = {"username": "newcomer", "name": "New Comer", "role": "employee"}


@pytest.mark.parametrize(
    "password",
    [
        "short", "7 chars", "x" * 73, "ä" * 37, "😀" * 19, "password", "PASSWORD", "Password123",
        "password123", "12345678", "qwertyuiop", "newcomer", "NewComer", "new@example.com",
        "8 chars!", "9 letters", "username!", "username!!", "Company123", "P@ssw0rd2026",
        "$unshine-2026", "Welcome123!", "Summer2026!", "let-me-in-2026", "newcomer-2026",
        "N3wc0mer!!1", "New.Comer.1", "com3r-n3w-77", "passwordpassword", "sunshine-password",
        "1234567890", "98765432109", "abcdefghij1", "asdfghjkl;'", "aaaaaaaaaa",
        "abababababab", "ab1!ab1!ab1!", "x" * 71 + "y",
    ],
)  # fmt: skip
async def test_a_bad_one_is_refused(api: Api, password: str) -> None:
    body = NEW | {"email": "new@example.com", "password": password}
    answer = await api.post("/api/users", body, as_="admin")
    assert (answer.status, answer.fields) == (400, {"password"})
    assert password not in answer.body.decode() or password == "password"
    [error] = answer.json["errors"]
    assert error["message"].startswith(("must have at ", "is too easy to guess: "))
    assert await api.events() == []


LONG = "the quick brown fox jumps over the lazy dog, " * 2
WIDE = "grüße" * 8 + "aus Wien, ganz l"
GOOD = [LONG[:71] + "y", "10 letters", WIDE, "  spaces  ", "8734629105", FINE]


@pytest.mark.parametrize("password", GOOD)
async def test_a_good_one_signs_in_to_the_last_byte(api: Api, password: str) -> None:
    assert (await api.post("/api/users", NEW | {"password": password}, as_="admin")).status == 201
    await token_of(api, "newcomer", password)
    shorter = {"username": "newcomer", "password": password[:-1]}
    assert (await api.post("/api/auth/login", shorter)).status == 401


def test_common_ones_are_known_in_any_case() -> None:
    for common in ("password1!", "iloveyou22", "1111111111", "QWERTY12345", "Sunshine123"):
        with pytest.raises(Invalid) as refused:
            passwords.check(common)
        assert "easy to guess" in refused.value.errors[0]["message"]


def test_what_the_company_is_called_is_in_its_address() -> None:
    company = company_words("https://api.acme-corp.co.id/x")
    for guessed in ("Acme-Corp-2026", "acme.corp.77", "4cmeCorp!!!!", "acme-password"):
        with pytest.raises(Invalid) as refused:
            passwords.check(guessed, company=company)
        assert "company" in refused.value.errors[0]["message"]
        passwords.check(guessed, company=company_words("http://localhost:3601"))
    passwords.check("acme sells anvils to birds", company=company)


async def test_a_password_of_before_still_signs_in(api: Api) -> None:
    """The rule is for new ones."""
    await account(api, "veteran", hashed("summer1"))
    await token_of(api, "veteran", "summer1")


def test_looking_at_one_takes_no_longer_than_it_is() -> None:
    """An estimator that tries every reading of "4@8({[<69!1|0$+7%2z" takes seconds."""
    made = "4@8({[<69!1|0$+7%2z" * 4
    names = ("4@8({[<6 " * 22)[:200], "a" * 200
    began = time.perf_counter()
    for _ in range(20):
        passwords.check(made[:72], names=names, company=("sunshine",))
    assert time.perf_counter() - began < 2


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
