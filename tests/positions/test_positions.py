"""/api/positions and /api/positions/:id."""

import asyncio
from typing import Any

import pytest

from tests.api import Api
from tests.factories import found, hire, make, refused

PATH = "/api/positions"


async def test_it_lives_from_create_to_delete(api: Api) -> None:
    yard = await make(api, "/api/departments", name="Yard")
    body = {"name": "Guard", "departmentId": yard["id"], "level": 3, "active": False}
    answer = await api.post(PATH, body, as_="hr")
    assert answer.status == 201
    made = answer.data
    assert set(made) == {*body, "id", "department", "createdAt", "updatedAt"}
    assert {name: made[name] for name in body} == body
    assert made["department"] == "Yard"
    where = f"{PATH}/{made['id']}"
    assert (await api.get(where, as_="outsider")).data == made
    changed = (await api.put(where, {"level": None, "departmentId": None}, as_="hr")).data
    assert (changed["level"], changed["department"], changed["name"]) == (None, None, "Guard")
    assert (await api.delete(where, as_="hr")).status == 200
    for method, sent in (("GET", None), ("PUT", {"name": "X"}), ("DELETE", None)):
        assert (await api.call(method, where, sent, as_="hr")).status == 404
    assert (await api.events())[1:] == [
        "position_created", "position_updated", "position_deleted",
    ]  # fmt: skip


async def test_everybody_reads_and_hr_writes(api: Api) -> None:
    await api.sql("INSERT INTO position (name) VALUES ('Guard')")
    [guard] = await found(api, PATH, "outsider")
    for caller in ("manager", "employee", "outsider"):
        for method, path, body in (
            ("POST", PATH, {"name": "X"}),
            ("PUT", f"{PATH}/{guard['id']}", {"name": "X"}),
            ("DELETE", f"{PATH}/{guard['id']}", None),
        ):
            await refused(api, await api.call(method, path, body, as_=caller), 403, "not_allowed")
    await refused(api, await api.get(PATH), 401, "not_signed_in")


async def test_a_list_filters_searches_and_sorts(api: Api) -> None:
    yard = (await make(api, "/api/departments", name="Yard"))["id"]
    await make(api, PATH, name="Guard", level=2, departmentId=yard)
    await make(api, PATH, name="Chief", level=1, active=False)
    for query, names in {
        "": ["Guard", "Chief"],
        "?active=false": ["Chief"],
        f"?departmentId={yard}": ["Guard"],
        "?search=UAR": ["Guard"],
        "?search=_": [],
        "?sort=level": ["Chief", "Guard"],
    }.items():
        assert [row["name"] for row in await found(api, PATH + query, "employee")] == names, query
    for query in ("?departmentId=0", "?sort=active"):
        assert (await api.get(PATH + query, as_="hr")).status == 400


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "name"),
        ({"name": "X", "level": -1}, "level"),
        ({"name": "X", "level": 1.5}, "level"),
        ({"name": "X", "level": "1"}, "level"),
        ({"name": "X", "departmentId": 2**31 - 1}, "departmentId"),
        ({"name": "X", "departmentId": 2**31}, "departmentId"),
        ({"name": "X", "description": "no such field"}, "description"),
    ],
)
async def test_it_names_what_is_wrong(api: Api, body: dict[str, Any], field: str) -> None:
    answer = await api.post(PATH, body, as_="hr")
    await refused(api, answer, 400, "validation_failed")
    assert answer.fields == {field}


async def test_a_name_is_one_whatever_its_case(api: Api) -> None:
    await make(api, PATH, name="Guard")
    answer = await api.post(PATH, {"name": "guard"}, as_="hr")
    assert (answer.status, answer.code) == (409, "position_name_taken")


async def test_a_new_name_shows_with_its_employees(api: Api) -> None:
    made = await hire(api, position="Guard")
    await api.put(f"{PATH}/{made['positionId']}", {"name": "Keeper"}, as_="hr")
    assert (await api.get(f"/api/employees/{made['id']}", as_="hr")).data["position"] == "Keeper"


async def test_in_use_it_stays_and_says_by_what(api: Api) -> None:
    person = await hire(api, position="Guard", status="inactive")
    where = f"{PATH}/{person['positionId']}"
    answer = await api.delete(where, as_="hr")
    assert (answer.status, answer.code) == (409, "in_use")
    assert answer.json["message"] == "In use by 1 employee"
    await api.delete(f"/api/employees/{person['id']}", as_="hr")
    assert (await api.delete(where, as_="hr")).status == 200


async def test_no_position_is_ever_in_a_deleted_department(api: Api) -> None:
    for number in range(10):
        yard = (await make(api, "/api/departments", name=f"Yard {number}"))["id"]
        deleted, made = await asyncio.gather(
            api.delete(f"/api/departments/{yard}", as_="hr"),
            api.post(PATH, {"name": f"Guard {number}", "departmentId": yard}, as_="hr"),
        )
        assert (deleted.status, made.status) in ((200, 400), (409, 201))
