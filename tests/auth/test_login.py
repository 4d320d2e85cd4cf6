"""POST /api/auth/login."""

import threading

import bcrypt
import jwt
import pytest

from tests.api import Api
from tests.auth.factories import JOHN, account, hashed, john_doe, token_of
from tests.conftest import PASSWORD, SECRET

LONG = "ä" * 36 + "x"  # 73 bytes in UTF-8, 37 characters


@pytest.mark.parametrize("password", ["your_password", "password123"])
async def test_it_answers_the_documented_request_with_the_documented_answer(
    api: Api, password: str
) -> None:
    id_ = await john_doe(api, password)
    answer = await api.post("/api/auth/login", {"username": JOHN, "password": password})
    assert answer.status == 200
    assert answer.headers["Content-Type"].startswith("application/json")
    body = answer.json
    token = body.pop("token")
    assert body == {
        "success": True,
        "user": {"id": id_, "username": JOHN, "name": "John Doe", "role": "admin"},
    }
    assert (await api.get("/api/auth/account", as_=token)).status == 200


async def test_it_gives_a_token_with_the_documented_claims_for_a_day(api: Api) -> None:
    token = await token_of(api, "employee", PASSWORD)
    claims = jwt.decode(token, SECRET, algorithms=["HS256"], audience="sunshine")
    assert jwt.get_unverified_header(token)["alg"] == "HS256"
    assert claims["id"] == api.employee.user_id
    assert (claims["username"], claims["role"]) == ("employee", "employee")
    assert claims["exp"] - claims["iat"] == 86400
    assert claims["typ"] == "user"
    assert claims["jti"]
    other = jwt.decode(
        await token_of(api, "employee", PASSWORD), SECRET, algorithms=["HS256"], audience="sunshine"
    )
    assert other["jti"] != claims["jti"]


@pytest.mark.parametrize(
    "name", ["employee", "EMPLOYEE", "employee@example.com", "Employee@EXAMPLE.com", " employee "]
)
async def test_it_takes_username_or_email_in_any_case(api: Api, name: str) -> None:
    answer = await api.post("/api/auth/login", {"username": name, "password": PASSWORD})
    assert answer.json["user"]["id"] == api.employee.user_id


async def test_a_username_wins_over_the_same_email_of_somebody_else(api: Api) -> None:
    """Or else an email address would be enough to keep its owner out."""
    id_ = await account(api, JOHN, hashed("the owner's words"))
    await account(api, "thief", hashed("the thief's words"), email=JOHN)
    body = {"username": JOHN, "password": "the owner's words"}
    assert (await api.post("/api/auth/login", body)).json["user"]["id"] == id_
    body["password"] = "the thief's words"
    assert (await api.post("/api/auth/login", body)).status == 401


async def test_it_records_who_signed_in(api: Api) -> None:
    await token_of(api, "employee", PASSWORD)
    rows = await api.sql("SELECT type, actor_type, actor_id, actor_name, before FROM event")
    assert rows == [
        {
            "type": "sign_in", "actor_type": "user", "actor_id": api.employee.user_id,
            "actor_name": "Employee Person", "before": None,
        }
    ]  # fmt: skip


async def refused(api: Api, username: str, password: str) -> dict:
    """The answer's body and the headers that could tell one refusal from another."""
    answer = await api.post("/api/auth/login", {"username": username, "password": password})
    assert answer.status == 401, answer.body
    assert answer.code == "invalid_credentials"
    headers = {k: v for k, v in answer.headers.items() if k not in ("Date", "X-Request-Id")}
    return {"body": answer.json, "headers": headers}


async def test_all_refusals_look_alike_and_cost_the_same_work(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Counted, not timed: bcrypt is all the time there is, and its cost is in the hash."""
    await account(api, "gone", hashed(PASSWORD), active=False)
    work: list[tuple[int, bytes]] = []
    check = bcrypt.checkpw

    def counted(password: bytes, against: bytes) -> bool:
        work.append((len(password) > 72, against[4:6]))
        return check(password, against)

    def never(*_: object) -> bytes:
        raise AssertionError("a refused login makes no hash")

    monkeypatch.setattr(bcrypt, "checkpw", counted)
    monkeypatch.setattr(bcrypt, "hashpw", never)
    attempts = [
        ("nobody", PASSWORD), ("employee", "wrong" + PASSWORD), ("gone", PASSWORD),
        ("gone", "wrong" + PASSWORD), ("employee", LONG), ("nobody", LONG), ("gone", LONG),
    ]  # fmt: skip
    answers = []
    for username, password in attempts:
        work.clear()
        answers.append(await refused(api, username, password))
        assert work == [(False, b"04")], (username, password)
    assert all(answer == answers[0] for answer in answers)
    assert await api.events() == ["sign_in_refused"] * len(attempts)


async def test_no_hash_is_computed_on_the_event_loop(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    threads = []
    check, make = bcrypt.checkpw, bcrypt.hashpw

    def checked(*arguments: bytes) -> bool:
        threads.append(threading.get_ident())
        return check(*arguments)

    def made(*arguments: bytes) -> bytes:
        threads.append(threading.get_ident())
        return make(*arguments)

    await account(api, "imported", hashed(PASSWORD, cost=5))
    monkeypatch.setattr(bcrypt, "checkpw", checked)
    monkeypatch.setattr(bcrypt, "hashpw", made)
    await token_of(api, "imported", PASSWORD)
    await refused(api, "nobody", PASSWORD)
    assert len(threads) == 3
    assert threading.get_ident() not in threads


async def test_an_account_without_a_bcrypt_hash_looks_like_no_account(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    await account(api, "locked", "!")
    known = await refused(api, "nobody", PASSWORD)
    work = []
    check = bcrypt.checkpw

    def counted(password: bytes, against: bytes) -> bool:
        same = check(password, against)
        work.append(against[4:6])
        return same

    monkeypatch.setattr(bcrypt, "checkpw", counted)
    assert await refused(api, "locked", PASSWORD) == known
    assert work == [b"04"]


@pytest.mark.parametrize("password", [LONG, "x" * 73, "x" * 1000, "😀" * 1000, "x" * 1_000_000])
async def test_a_password_too_long_for_bcrypt_is_a_wrong_one(api: Api, password: str) -> None:
    await refused(api, "employee", password)
    # Not even where its first 72 bytes are right.
    await account(api, "long", hashed("x" * 72))
    await refused(api, "long", "x" * 73)
    await token_of(api, "long", "x" * 72)


async def test_a_hash_of_another_cost_is_made_anew_at_login(api: Api) -> None:
    id_ = await account(api, "imported", hashed(PASSWORD, cost=5))
    await token_of(api, "imported", PASSWORD)
    [row] = await api.sql("SELECT password_hash, token_version FROM users WHERE id = %(i)s", i=id_)
    assert row["password_hash"].startswith("$2b$04$")
    assert bcrypt.checkpw(PASSWORD.encode(), row["password_hash"].encode())
    assert row["token_version"] == 0
    assert await api.events() == ["sign_in"]
    await token_of(api, "imported", PASSWORD)
    [after] = await api.sql("SELECT password_hash FROM users WHERE id = %(i)s", i=id_)
    assert after["password_hash"] == row["password_hash"]


async def test_a_wrong_password_makes_no_hash_anew(api: Api) -> None:
    old = hashed(PASSWORD, cost=5)
    id_ = await account(api, "imported", old)
    await refused(api, "imported", "wrong" + PASSWORD)
    assert await api.sql("SELECT password_hash FROM users WHERE id = %(i)s", i=id_) == [
        {"password_hash": old}
    ]


@pytest.mark.parametrize("kind", [b"2a", b"2b", b"2y"])
async def test_hashes_from_elsewhere_verify(api: Api, kind: bytes) -> None:
    await account(api, "imported", hashed(PASSWORD, kind=kind))
    await refused(api, "imported", "wrong" + PASSWORD)
    await token_of(api, "imported", PASSWORD)


@pytest.mark.parametrize(
    ("body", "fields"),
    [
        ({}, {"username", "password"}),
        ({"username": "employee"}, {"password"}),
        ({"username": " ", "password": PASSWORD}, {"username"}),
        ({"username": "employee", "password": ""}, {"password"}),
        ({"username": "employee", "password": None}, {"password"}),
        ({"username": True, "password": PASSWORD}, {"username"}),
        ({"username": "employee", "password": 12}, {"password"}),
        ({"username": "employee", "password": PASSWORD, "role": "admin"}, {"role"}),
    ],
)
async def test_it_names_every_wrong_field(api: Api, body: dict, fields: set[str]) -> None:
    answer = await api.post("/api/auth/login", body)
    assert answer.status == 400
    assert answer.code == "validation_failed"
    assert answer.fields == fields
    assert await api.events() == []


async def test_a_password_is_taken_as_typed(api: Api) -> None:
    await account(api, "spacious", hashed("  two spaces  "))
    await token_of(api, "spacious", "  two spaces  ")
    await refused(api, "spacious", "two spaces")


async def test_like_patterns_in_a_name_match_nobody(api: Api) -> None:
    for name in ("%", "employe_", "employee%", "' OR 1=1 --"):
        await refused(api, name, PASSWORD)
