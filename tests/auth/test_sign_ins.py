"""The trail of signing in, and GET /api/auth/sign-ins."""

from typing import Any

import pytest
from structlog.testing import capture_logs

from tests.api import Answer, Api
from tests.auth.factories import account
from tests.conftest import PASSWORD
from tests.fleet.factories import login, signed_in

SIGN_INS = "/api/auth/sign-ins"
HOME = "203.0.113.7"


async def tried(api: Api, name: str, password: str, **headers: str) -> Answer:
    sent = {"X-Forwarded-For": HOME, "X-Request-Id": "asked-1", "User-Agent": "Firefox/140"}
    body = {"username": name, "password": password}
    return await api.post("/api/auth/login", body, headers=sent | headers)


async def trail(api: Api, database: str = "sunshine") -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = await api.sql(
        "SELECT type, entity, entity_id, actor_type, actor_id, request_id, after FROM event"
        " WHERE type LIKE 'sign_in%%' ORDER BY id",
        database,
    )
    return rows


async def test_a_sign_in_says_from_where_and_with_what(api: Api) -> None:
    assert (await tried(api, "employee", PASSWORD)).status == 200
    assert await trail(api) == [
        {
            "type": "sign_in", "entity": "users", "entity_id": api.employee.user_id,
            "actor_type": "user", "actor_id": api.employee.user_id, "request_id": "asked-1",
            "after": {"address": HOME, "client": "Firefox/140"},
        }
    ]  # fmt: skip


async def test_a_refusal_says_whose_account_and_why(api: Api) -> None:
    gone = await account(api, "gone", "!", active=False)
    with capture_logs() as logged:
        for name in ("employee", "EMPLOYEE@example.com", "gone"):
            assert (await tried(api, name, "wrong-password")).status == 401
    found = [(row["entity_id"], row["after"]["reason"]) for row in await trail(api)]
    mine = api.employee.user_id
    assert found == [(mine, "wrong_password"), (mine, "wrong_password"), (gone, "inactive")]
    [first, *_] = await trail(api)
    assert first["type"] == "sign_in_refused"
    assert (first["entity"], first["request_id"]) == ("users", "asked-1")
    assert (first["after"]["address"], first["after"]["client"]) == (HOME, "Firefox/140")
    lines = [line for line in logged if line["event"] == "sign-in refused"]
    assert [(line["account"], line["address"], line["request_id"]) for line in lines] == [
        (each, HOME, "asked-1") for each in (mine, mine, gone)
    ]


async def test_what_was_typed_is_nowhere(api: Api) -> None:
    """A password that went into the wrong field is not to be read."""
    with capture_logs() as logged:
        assert (await tried(api, "my-secret-words", "another-secret")).status == 401
    [row] = await trail(api)
    assert (row["entity_id"], row["actor_id"]) == (None, None)
    for told in (str(await api.sql("SELECT * FROM event")), str(logged)):
        assert "secret" not in told


async def test_what_a_program_calls_itself_is_kept_short_and_plain(api: Api) -> None:
    await tried(api, "employee", PASSWORD, **{"User-Agent": "Fire\tfox \u00e9" + "x" * 1000})
    [row] = await trail(api)
    client = row["after"]["client"]
    assert len(client) == 200
    assert client.startswith("Fire fox ")
    assert client.isprintable()


async def test_slowed_attempts_are_told_once_a_minute_with_their_number(limited: Api) -> None:
    for _ in range(10):
        assert (await tried(limited, "employee", "wrong-password")).status == 401
    for _ in range(30):
        assert (await tried(limited, "employee", "wrong-password")).status == 429
    rows = await trail(limited)
    assert [row["after"]["reason"] for row in rows] == ["wrong_password"] * 10 + ["slowed"]
    rates = limited.app.application.rates
    for each in list(rates._storage.storage):  # type: ignore[attr-defined]
        if "trail" in each:
            await rates._storage.clear(each)
    assert (await tried(limited, "employee", "wrong-password")).status == 429
    assert (await trail(limited))[-1]["after"]["attempts"] == 30


async def test_names_of_no_account_do_not_fill_the_trail(limited: Api) -> None:
    for number in range(90):
        answer = await tried(limited, f"nobody{number}", "wrong-password")
        assert answer.status == 401
    assert len(await trail(limited)) == 60


async def test_one_reads_ones_own(api: Api) -> None:
    await tried(api, "employee", "wrong-password")
    await tried(api, "employee", PASSWORD)
    await tried(api, "manager", PASSWORD)
    await tried(api, "nobody", PASSWORD)
    answer = await api.get(SIGN_INS, as_="employee")
    assert answer.json["pagination"]["total"] == 2
    rows = [{k: v for k, v in row.items() if k not in ("id", "at")} for row in answer.data]
    told = {"address": HOME, "client": "Firefox/140", "attempts": 1}
    assert rows == [{"outcome": "signed_in", **told}, {"outcome": "refused", **told}]
    page = (await api.get(f"{SIGN_INS}?limit=1&page=2", as_="employee")).data
    assert [row["outcome"] for row in page] == ["refused"]
    assert (await api.get(SIGN_INS, as_="outsider")).data == []
    assert (await api.get(SIGN_INS)).status == 401


async def test_drivers_read_theirs(api: Api) -> None:
    made, token = await signed_in(api)
    await login(api, made["username"], "wrong-password")
    rows = (await api.get(SIGN_INS, as_=token)).data
    assert [row["outcome"] for row in rows] == ["refused", "signed_in"]
    types = [(row["type"], row["entity"], row["entity_id"]) for row in await trail(api, "fleet")]
    assert types == [(kind, "driver", made["id"]) for kind in ("sign_in", "sign_in_refused")]


@pytest.mark.parametrize("table", ["users", "driver"])
async def test_they_are_found_by_an_index(api: Api, table: str) -> None:
    database = "sunshine" if table == "users" else "fleet"
    await api.sql(
        "INSERT INTO event (at, type, entity, entity_id, actor_type, actor_name)"
        " SELECT now(), 'ticket_updated', 'ticket', n, 'system', 'x'"
        " FROM generate_series(1, 20000) n",
        database,
    )
    await api.sql("ANALYZE event", database)
    plan = await api.sql(
        "EXPLAIN SELECT id FROM event WHERE entity = %(table)s AND entity_id = 1"
        " AND type IN ('sign_in', 'sign_in_refused') ORDER BY id DESC LIMIT 20",
        database,
        table=table,
    )
    assert any("event_entity_idx" in row["QUERY PLAN"] for row in plan), plan
