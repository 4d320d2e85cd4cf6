"""/api/employees/:id/placements and /api/employees/:id/placements/:id."""

import asyncio
from typing import Any

import pytest

from tests.api import Answer, Api
from tests.factories import found, make


def path(api: Api, name: str = "employee") -> str:
    return f"/api/employees/{api.cast[name].employee_id}/placements"


async def place(api: Api, name: str = "Office") -> int:
    made = await make(
        api, "/api/attendance/locations", name=name, latitude=0, longitude=0, radiusMeters=1
    )
    return int(made["id"])


async def give(
    api: Api, where: str, location: int, from_: str, to: str | None = None, as_: str = "hr"
) -> Answer:
    return await api.post(where, {"locationId": location, "from": from_, "to": to}, as_=as_)


async def test_it_lives_from_create_to_delete(api: Api) -> None:
    office = await place(api)
    body = {"locationId": office, "from": "2024-01-01", "notes": " Desk 4 "}
    answer = await api.post(path(api), body, as_="hr")
    assert answer.status == 201
    made = answer.data
    assert made == {
        "id": made["id"], "locationId": office, "from": "2024-01-01", "to": None,
        "notes": "Desk 4", "employeeId": api.employee.employee_id, "location": "Office",
        "createdAt": made["createdAt"], "updatedAt": made["updatedAt"],
    }  # fmt: skip
    where = f"{path(api)}/{made['id']}"
    assert (await api.get(where, as_="employee")).data == made
    changed = (await api.put(where, {"to": "2024-12-31", "notes": None}, as_="hr")).data
    assert (changed["to"], changed["notes"], changed["locationId"]) == ("2024-12-31", None, office)
    assert (await api.delete(where, as_="hr")).status == 200
    for method, sent in (("GET", None), ("PUT", {"to": None}), ("DELETE", None)):
        assert (await api.call(method, where, sent, as_="hr")).status == 404
    assert (await api.events())[1:] == [
        "placement_created", "placement_updated", "placement_deleted",
    ]  # fmt: skip


async def test_its_history_is_kept_the_latest_first(api: Api) -> None:
    office, depot = await place(api), await place(api, "Depot")
    await give(api, path(api), office, "2020-01-01", "2021-12-31")
    await give(api, path(api), depot, "2022-01-01", "2022-12-31")
    await give(api, path(api), office, "2023-01-01")
    rows = await found(api, path(api), "employee")
    assert [(row["location"], row["from"]) for row in rows] == [
        ("Office", "2023-01-01"), ("Depot", "2022-01-01"), ("Office", "2020-01-01"),
    ]  # fmt: skip


async def test_who_reads_and_who_writes(api: Api) -> None:
    office = await place(api)
    made = (await give(api, path(api), office, "2024-01-01")).data
    events = await api.events()
    reads = {"employee": 200, "manager": 200, "hr": 200, "stranger": 403, "outsider": 403}
    for caller, status in reads.items():
        assert (await api.get(path(api), as_=caller)).status == status
        assert (await api.get(f"{path(api)}/{made['id']}", as_=caller)).status == status
        if caller == "hr":
            continue
        for answer in (
            await give(api, path(api), office, "2020-01-01", "2020-01-01", as_=caller),
            await api.post(path(api), {"locationId": "not even an id"}, as_=caller),
            await api.put(f"{path(api)}/{made['id']}", {"to": None}, as_=caller),
            await api.delete(f"{path(api)}/{made['id']}", as_=caller),
        ):
            assert (answer.status, answer.code) == (403, "not_allowed")
    assert await api.events() == events
    assert (await api.get(path(api))).status == 401
    missing = f"/api/employees/{2**31 - 1}/placements"
    assert (await api.get(missing, as_="manager")).status == 403
    assert (await api.get(missing, as_="hr")).status == 404
    assert (await give(api, missing, office, "2024-01-01")).status == 404


async def test_several_places_at_once_but_each_once(api: Api) -> None:
    office, depot = await place(api), await place(api, "Depot")
    first = (await give(api, path(api), office, "2024-01-01")).data
    second = await give(api, path(api), depot, "2024-01-01")
    assert second.status == 201
    answer = await give(api, path(api), office, "2025-01-01", "2025-01-01")
    assert (answer.status, answer.code) == (409, "placement_overlap")
    assert answer.json["data"] == first
    answer = await api.put(f"{path(api)}/{second.data['id']}", {"locationId": office}, as_="hr")
    assert (answer.status, answer.json["data"]) == (409, first)


async def test_of_twenty_at_once_each_place_is_given_once(api: Api) -> None:
    places = [await place(api, f"P{number}") for number in range(2)]
    answers = await asyncio.gather(
        *(give(api, path(api), places[n % 2], f"2024-01-{n + 1:02}") for n in range(20))
    )
    assert sorted(answer.status for answer in answers) == [201, 201] + [409] * 18
    given = {a.data["locationId"]: a.data for a in answers if a.status == 201}
    assert set(given) == set(places)
    for answer in answers:
        if answer.status == 409:
            clash = answer.json["data"]
            assert (answer.code, clash) == ("placement_overlap", given[clash["locationId"]])


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"to": "2023-12-31"}, "to"),
        ({"from": "tomorrow"}, "from"),
        ({"locationId": 2**31 - 1}, "locationId"),
        ({"locationId": "1"}, "locationId"),
        ({"notes": "x" * 1001}, "notes"),
        ({"notes": 1}, "notes"),
        ({"shiftId": 1}, "shiftId"),
    ],
)
async def test_it_names_what_is_wrong(api: Api, change: dict[str, Any], field: str) -> None:
    body = {"locationId": await place(api), "from": "2024-01-01", **change}
    answer = await api.post(path(api), body, as_="hr")
    assert (answer.status, answer.fields) == (400, {field})
    assert (await api.events())[1:] == []


@pytest.mark.parametrize("field", ["locationId", "from"])
async def test_what_is_required_is_missed(api: Api, field: str) -> None:
    body = {"locationId": await place(api), "from": "2024-01-01"}
    del body[field]
    answer = await api.post(path(api), body, as_="hr")
    assert (answer.status, answer.fields) == (400, {field})


async def test_the_deleted_location_is_no_place(api: Api) -> None:
    office = await place(api)
    await api.delete(f"/api/attendance/locations/{office}", as_="hr")
    answer = await give(api, path(api), office, "2024-01-01")
    assert (answer.status, answer.fields) == (400, {"locationId"})
