"""/api/attendance/locations and /api/attendance/locations/:id."""

from typing import Any

import pytest

from tests.api import Api
from tests.factories import found, make, refused

PATH = "/api/attendance/locations"
OFFICE: dict[str, Any] = {
    "name": "Head Office",
    "latitude": -6.2088,
    "longitude": 106.8456,
    "radiusMeters": 150,
}


async def test_it_lives_from_create_to_delete(api: Api) -> None:
    body = {**OFFICE, "address": "Jakarta", "timezone": "Asia/Jakarta", "active": False}
    answer = await api.post(PATH, body, as_="hr")
    assert answer.status == 201
    made = answer.data
    assert set(made) == {*body, "id", "createdAt", "updatedAt"}
    assert {name: made[name] for name in body} == body
    where = f"{PATH}/{made['id']}"
    assert (await api.get(where, as_="outsider")).data == made
    changed = (await api.put(where, {"radiusMeters": 1, "timezone": None}, as_="hr")).data
    assert changed == {
        **made, "radiusMeters": 1, "timezone": None, "updatedAt": changed["updatedAt"],
    }  # fmt: skip
    assert (
        await api.put(where, {"radiusMeters": 1, "latitude": -6.2088}, as_="hr")
    ).data == changed
    assert (await api.delete(where, as_="hr")).status == 200
    for method, sent in (("GET", None), ("PUT", {"name": "X"}), ("DELETE", None)):
        assert (await api.call(method, where, sent, as_="hr")).status == 404
    assert await api.events() == ["location_created", "location_updated", "location_deleted"]


async def test_everybody_reads_and_hr_writes(api: Api) -> None:
    await api.sql(
        "INSERT INTO location (name, latitude, longitude, radius_meters) VALUES ('A', 0, 0, 1)"
    )
    [place] = await found(api, PATH, "outsider")
    for caller in ("manager", "employee", "outsider"):
        for method, path, body in (
            ("POST", PATH, OFFICE),
            ("PUT", f"{PATH}/{place['id']}", OFFICE),
            ("DELETE", f"{PATH}/{place['id']}", None),
        ):
            await refused(api, await api.call(method, path, body, as_=caller), 403, "not_allowed")
    await refused(api, await api.get(PATH), 401, "not_signed_in")


async def test_a_list_filters_searches_and_sorts(api: Api) -> None:
    await make(api, PATH, **OFFICE)
    await make(api, PATH, **{**OFFICE, "name": "Depot_1"}, active=False)
    for query, names in {
        "?active=1": ["Head Office"],
        "?search=T_1": ["Depot_1"],
        "?search=%25": [],
        "?sort=name": ["Depot_1", "Head Office"],
    }.items():
        assert [row["name"] for row in await found(api, PATH + query, "employee")] == names, query


@pytest.mark.parametrize("field", ["name", "latitude", "longitude", "radiusMeters"])
async def test_what_is_required_is_missed(api: Api, field: str) -> None:
    body = {name: value for name, value in OFFICE.items() if name != field}
    answer = await api.post(PATH, body, as_="hr")
    await refused(api, answer, 400, "validation_failed")
    assert answer.fields == {field}


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("latitude", 90.0001), ("latitude", -91), ("latitude", "1"), ("latitude", True),
        ("longitude", 180.1), ("longitude", -181), ("longitude", None), ("radiusMeters", 0),
        ("radiusMeters", 1.5), ("radiusMeters", 100_001), ("address", "x" * 501),
        ("timezone", "Jakarta"), ("active", "yes"), ("name", ""), ("radius", 1),
    ],
)  # fmt: skip
async def test_it_names_what_is_wrong(api: Api, field: str, value: Any) -> None:
    answer = await api.post(PATH, {**OFFICE, field: value}, as_="hr")
    await refused(api, answer, 400, "validation_failed")
    assert answer.fields == {field}


async def test_the_edges_of_the_earth_are_on_it(api: Api) -> None:
    made = await make(api, PATH, **{**OFFICE, "latitude": -90, "longitude": 180})
    assert (made["latitude"], made["longitude"]) == (-90, 180)


async def test_a_name_is_one_whatever_its_case(api: Api) -> None:
    await make(api, PATH, **OFFICE)
    answer = await api.post(PATH, {**OFFICE, "name": "HEAD office"}, as_="hr")
    assert (answer.status, answer.code) == (409, "location_name_taken")


async def test_in_use_it_stays_and_says_by_what(api: Api) -> None:
    place = await make(api, PATH, **OFFICE)
    person = f"/api/employees/{api.employee.employee_id}"
    await make(api, f"{person}/placements", locationId=place["id"], **{"from": "2024-01-01"})
    answer = await api.delete(f"{PATH}/{place['id']}", as_="hr")
    assert (answer.status, answer.code) == (409, "in_use")
    assert answer.json["message"] == "In use by 1 placement"
    # Nobody can reach the plans of a deleted employee any more: they hold nothing back.
    await api.delete(person, as_="hr")
    assert (await api.delete(f"{PATH}/{place['id']}", as_="hr")).status == 200
