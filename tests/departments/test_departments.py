"""/api/departments and /api/departments/:id."""

import asyncio
from typing import Any

import pytest

from tests.api import Api
from tests.factories import found, hire, make, refused

PATH = "/api/departments"


async def test_it_lives_from_create_to_delete(api: Api) -> None:
    answer = await api.post(PATH, {"name": " Yard ", "description": "Outside"}, as_="hr")
    assert answer.status == 201
    made = answer.data
    assert set(made) == {"id", "name", "description", "active", "createdAt", "updatedAt"}
    assert (made["name"], made["description"], made["active"]) == ("Yard", "Outside", True)
    where = f"{PATH}/{made['id']}"
    assert (await api.get(where, as_="employee")).data == made
    changed = (await api.put(where, {"active": False, "description": None}, as_="hr")).data
    assert changed == {
        **made, "active": False, "description": None, "updatedAt": changed["updatedAt"],
    }  # fmt: skip
    assert (await api.call("PATCH", where, {"name": "YARD"}, as_="hr")).data["name"] == "YARD"
    answer = await api.delete(where, as_="hr")
    assert (answer.status, answer.json["success"]) == (200, True)
    for method, body in (("GET", None), ("PUT", {"name": "X"}), ("DELETE", None)):
        assert (await api.call(method, where, body, as_="hr")).status == 404
    assert await api.events() == [
        "department_created", "department_updated", "department_updated", "department_deleted",
    ]  # fmt: skip


async def test_everybody_reads_and_hr_writes(api: Api) -> None:
    [hr] = await found(api, PATH, "outsider")
    assert hr["name"] == "Human Resources"
    for caller in ("manager", "employee", "outsider"):
        for method, path, body in (
            ("POST", PATH, {"name": "X"}),
            ("PUT", f"{PATH}/{hr['id']}", {"name": "X"}),
            ("DELETE", f"{PATH}/{hr['id']}", None),
            ("DELETE", f"{PATH}/{2**31 - 1}", None),
        ):
            await refused(api, await api.call(method, path, body, as_=caller), 403, "not_allowed")
    await refused(api, await api.get(PATH), 401, "not_signed_in")


async def test_a_list_filters_searches_and_sorts(api: Api) -> None:
    await make(api, PATH, name="Yard", active=False)
    await make(api, PATH, name="Zoo_100%")
    for query, names in {
        "?active=true": ["Human Resources", "Zoo_100%"],
        "?active=0": ["Yard"],
        "?search=zOO_": ["Zoo_100%"],
        "?search=%25": ["Zoo_100%"],
        "?search=a%25d": [],
        "?sort=-name": ["Zoo_100%", "Yard", "Human Resources"],
        "?limit=1&page=2": ["Yard"],
    }.items():
        assert [row["name"] for row in await found(api, PATH + query, "employee")] == names, query
    for query in ("?active=maybe", "?sort=description", "?limit=0"):
        assert (await api.get(PATH + query, as_="hr")).status == 400


async def test_a_name_is_one_whatever_its_case(api: Api) -> None:
    yard = await make(api, PATH, name="Yard")
    zoo = await make(api, PATH, name="Zoo")
    for answer in (
        await api.post(PATH, {"name": "YARD"}, as_="hr"),
        await api.put(f"{PATH}/{zoo['id']}", {"name": "yard"}, as_="hr"),
    ):
        assert (answer.status, answer.code) == (409, "department_name_taken")
        assert answer.fields == {"name"}
    await api.delete(f"{PATH}/{yard['id']}", as_="hr")
    assert (await make(api, PATH, name="yard"))["id"] != yard["id"]


async def test_one_of_ten_makes_a_name(api: Api) -> None:
    answers = await asyncio.gather(*(api.post(PATH, {"name": "Yard"}, as_="hr") for _ in range(10)))
    assert sorted(answer.status for answer in answers) == [201] + [409] * 9


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "name"),
        ({"name": " "}, "name"),
        ({"name": "x" * 101}, "name"),
        ({"name": "X", "description": "x" * 1001}, "description"),
        ({"name": "X", "active": 1}, "active"),
        ({"name": "X", "active": None}, "active"),
        ({"name": "X", "level": 1}, "level"),
    ],
)
async def test_it_names_what_is_wrong(api: Api, body: dict[str, Any], field: str) -> None:
    answer = await api.post(PATH, body, as_="hr")
    await refused(api, answer, 400, "validation_failed")
    assert answer.fields == {field}


async def test_what_changes_nothing_writes_nothing(api: Api) -> None:
    [before] = await found(api, PATH)
    for body in ({}, {"name": "Human Resources"}):
        assert (await api.put(f"{PATH}/{before['id']}", body, as_="hr")).data == before
    assert await api.events() == []


async def test_in_use_it_stays_and_says_by_what(api: Api) -> None:
    made = await make(api, PATH, name="Yard")
    where = f"{PATH}/{made['id']}"
    people = [await hire(api, department="yard") for _ in range(2)]
    post = await make(api, "/api/positions", name="Guard", departmentId=made["id"])
    answer = await api.delete(where, as_="hr")
    assert (answer.status, answer.code) == (409, "in_use")
    assert answer.json["message"] == "In use by 2 employees and 1 position"
    assert "department_deleted" not in await api.events()
    for person in people:
        await api.delete(f"/api/employees/{person['id']}", as_="hr")
    assert (await api.delete(where, as_="hr")).json["message"] == "In use by 1 position"
    await api.put(f"/api/positions/{post['id']}", {"departmentId": None}, as_="hr")
    assert (await api.delete(where, as_="hr")).status == 200
