"""Idempotency-Key: a POST sent twice happens once."""

import asyncio
from typing import Any

import pytest

from sunshine.modules.employees.departments import departments
from tests.api import Answer, Api
from tests.conftest import PASSWORD, Now
from tests.route_matrix import stored
from tests.row_factories import new_row

PATH = "/api/departments"
KEYS = "SELECT principal, key, status, answer FROM idempotency_key"


async def post(api: Api, key: str, body: Any, *, as_: str = "admin", path: str = PATH) -> Answer:
    return await api.post(path, body, as_=as_, headers={"Idempotency-Key": key})


async def test_it_replays_the_first_answer(api: Api) -> None:
    first = await post(api, "key", {"name": "New"})
    before = await stored(api)
    again = await post(api, "key", {"name": "New"})
    assert (again.status, again.body) == (first.status, first.body)
    assert first.status == 201
    assert again.headers["Content-Type"] == first.headers["Content-Type"]
    assert again.headers["Idempotency-Replayed"] == "true"
    assert "Idempotency-Replayed" not in first.headers
    assert await stored(api) == before
    assert await api.events() == ["department_created"]


async def test_it_replays_what_was_answered_even_when_the_row_has_changed(api: Api) -> None:
    first = await post(api, "key", {"name": "New"})
    await api.put(f"{PATH}/{first.data['id']}", {"name": "Other"}, as_="admin")
    assert (await post(api, "key", {"name": "New"})).body == first.body


async def test_it_replays_in_another_process(api: Api, second: Api) -> None:
    first = await post(api, "key", {"name": "New"})
    assert (await post(second, "key", {"name": "New"})).body == first.body


async def test_it_refuses_another_request_under_the_same_key(api: Api) -> None:
    await post(api, "key", {"name": "New"})
    before = await stored(api)
    for answer in (
        await post(api, "key", {"name": "Other"}),
        await post(api, "key", {"name": "New"}, path=f"{PATH}?x=1"),
        await post(api, "key", {"name": "New"}, path="/api/positions"),
    ):
        assert (answer.status, answer.code) == (400, "idempotency_key_reused")
        assert answer.fields == {"Idempotency-Key"}
    assert await stored(api) == before


async def test_it_keeps_the_keys_of_two_users_apart(api: Api) -> None:
    first = await post(api, "key", {"name": "Of admin"})
    other = await post(api, "key", {"name": "Of HR"}, as_="hr")
    assert (first.status, other.status) == (201, 201)
    assert first.data["id"] != other.data["id"]


async def test_it_tells_a_second_one_to_wait(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    create = type(departments).create
    entered, go_on = asyncio.Event(), asyncio.Event()

    async def slowly(*arguments: Any) -> Any:
        entered.set()
        await go_on.wait()
        return await create(*arguments)

    monkeypatch.setattr(type(departments), "create", slowly)
    first = asyncio.ensure_future(post(api, "key", {"name": "New"}))
    await entered.wait()
    for body in ({"name": "New"}, {"name": "Other"}):
        answer = await post(api, "key", body)
        assert (answer.status, answer.code) == (409, "idempotency_in_progress")
    go_on.set()
    assert (await first).status == 201
    assert (await post(api, "key", {"name": "New"})).body == (await first).body


async def test_it_does_once_what_is_sent_twenty_times_at_once(api: Api, second: Api) -> None:
    sent = [post(one, "key", {"name": "New"}) for one in (api, second) for _ in range(10)]
    answers = await asyncio.gather(*sent)
    made = [answer for answer in answers if answer.status == 201]
    assert made
    assert {answer.body for answer in made} == {made[0].body}
    waiting = {(a.status, a.code) for a in answers if a.status != 201}
    assert waiting <= {(409, "idempotency_in_progress")}
    assert await api.events() == ["department_created"]


async def test_it_stores_nothing_of_a_refused_request(api: Api) -> None:
    await new_row(api, "shift")
    taken = (await post(api, "first", {"name": "Taken"})).status
    assert taken == 201
    before = await stored(api)
    refused = [
        await post(api, "key", {}),
        await post(api, "key", {"name": "New"}, as_="employee"),
        await post(api, "key", {"name": "Taken"}),
        await api.post(PATH, {"name": "New"}, headers={"Idempotency-Key": "key"}),
        await api.call("POST", PATH, raw=b"x", as_="admin", headers={"Idempotency-Key": "key"}),
    ]
    assert [answer.status for answer in refused] == [400, 403, 409, 401, 415]
    assert await stored(api) == before
    assert (await post(api, "key", {"name": "New"})).status == 201


async def test_it_stores_nothing_of_a_change_that_is_rolled_back(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = await stored(api)
    with monkeypatch.context() as patch:
        create = type(departments).create

        async def crash(*arguments: Any) -> None:
            await create(*arguments)
            raise RuntimeError

        patch.setattr(type(departments), "create", crash)
        assert (await post(api, "key", {"name": "New"})).status == 500
    assert await stored(api) == before
    assert (await post(api, "key", {"name": "New"})).status == 201


@pytest.mark.parametrize("key", ["k", "k" * 255, "a key: with \"words\" & 'signs'", "é"])
async def test_it_takes_a_key_of_up_to_255_characters(api: Api, key: str) -> None:
    assert (await post(api, key, {"name": "New"})).status == 201
    assert (await post(api, key, {"name": "New"})).headers["Idempotency-Replayed"] == "true"


@pytest.mark.parametrize("key", ["", "k" * 256, "a\tb", "\x85"])
async def test_it_refuses_what_is_no_key(api: Api, key: str) -> None:
    before = await stored(api)
    answer = await post(api, key, {"name": "New"})
    assert (answer.status, answer.fields) == (400, {"Idempotency-Key"})
    assert await stored(api) == before


async def test_it_forgets_a_key_after_a_day(api: Api, now: Now) -> None:
    first = await post(api, "key", {"name": "New"})
    now.shift(hours=23, minutes=59)
    await api.app.jobs.run("cleanup")
    assert (await post(api, "key", {"name": "New"}, as_=fresh(api))).body == first.body
    now.shift(minutes=2)
    await api.app.jobs.run("cleanup")
    assert await api.sql(KEYS) == []
    answer = await post(api, "key", {"name": "New"}, as_=fresh(api))
    assert (answer.status, answer.code) == (409, "department_name_taken")


def fresh(api: Api) -> str:
    """A token of the admin that is valid now, when the cast's have expired."""
    application = api.app.application
    return application.tokens.sign(
        "user", id_=api.admin.user_id, username="admin", role="admin", version=0,
        now=application.clock(),
    )  # fmt: skip


async def test_it_counts_for_post_only(api: Api) -> None:
    id_ = (await post(api, "first", {"name": "New"})).data["id"]
    headers = {"Idempotency-Key": "key"}
    for name in ("A", "B"):
        answer = await api.put(f"{PATH}/{id_}", {"name": name}, as_="admin", headers=headers)
        assert answer.data["name"] == name
    assert (await api.delete(f"{PATH}/{id_}", as_="admin", headers=headers)).status == 200
    assert [row["key"] for row in await api.sql(KEYS)] == ["first"]


async def test_it_covers_every_post_of_people(api: Api) -> None:
    shift, location = await new_row(api, "shift"), await new_row(api, "location")
    employee = f"/api/employees/{api.stranger.employee_id}"
    bodies: dict[str, dict[str, Any]] = {
        "/api/users": {"username": "new", "password": PASSWORD, "name": "New", "role": "hr"},
        "/api/employees": {"name": "New"},
        "/api/departments": {"name": "New"},
        "/api/positions": {"name": "New"},
        "/api/shifts": {"name": "New", "startTime": "09:00", "endTime": "17:00"},
        "/api/attendance/locations": {
            "name": "New", "latitude": 0, "longitude": 0, "radiusMeters": 1,
        },
        f"{employee}/shifts": {"shiftId": shift, "from": "2024-01-15"},
        f"{employee}/placements": {"locationId": location, "from": "2024-01-15"},
    }  # fmt: skip
    for path, body in bodies.items():
        first = await post(api, path, body, path=path)
        before = await stored(api)
        again = await post(api, path, body, path=path)
        assert (first.status, again.status, again.body) == (201, 201, first.body), path
        assert await stored(api) == before
    assert PASSWORD not in str(await api.sql(KEYS))


async def test_it_covers_an_import(api: Api) -> None:
    headers = {"Idempotency-Key": "key", "Content-Type": "text/csv"}
    path, raw = "/api/employees/import?dryRun=false", b"name\nSomebody\n"
    first = await api.call("POST", path, raw=raw, as_="hr", headers=headers)
    assert first.status == 201
    before = await stored(api)
    again = await api.call("POST", path, raw=raw, as_="hr", headers=headers)
    assert (again.status, again.body) == (201, first.body)
    assert await stored(api) == before
    other = {**headers, "Idempotency-Key": "another key"}
    dry = await api.call("POST", "/api/employees/import", raw=raw, as_="hr", headers=other)
    assert dry.status == 200
    assert await stored(api) == before
