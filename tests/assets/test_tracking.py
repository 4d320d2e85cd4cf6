"""Where an asset is: /api/asset-management/tracking/:assetId."""

from typing import Any

import pytest

from tests.api import Api
from tests.assets.factories import INVENTORY, TRACKING, asset, assign


async def test_it_tells_who_holds_it_where_and_since_when(api: Api, now) -> None:
    now.set(2024, 3, 1, 9)
    made = await asset(api, location="Store")
    path = f"{TRACKING}/{made['id']}"
    fresh = (await api.get(path, as_="hr")).data
    assert fresh["asset"]["assetCode"] == made["assetCode"]
    assert fresh["current"] == {
        "holder": None, "location": "Store", "since": "2024-03-01T09:00:00Z",
    }  # fmt: skip
    now.set(2024, 3, 2, 9)
    await assign(api, made["id"], api.employee.employee_id)
    now.set(2024, 3, 3, 9)
    moved = await api.post(path, {"location": "Store", "notes": "on the shelf"}, as_="employee")
    assert moved.status == 201
    told = (await api.get(path, as_="employee")).data
    assert told["current"]["holder"]["employeeId"] == api.employee.employee_id
    assert told["current"]["since"] == "2024-03-03T09:00:00Z"
    assert [line["what"] for line in told["history"]] == ["moved", "assigned"]


@pytest.mark.parametrize(
    ("name", "reads", "reports"),
    [("employee", 200, 201), ("manager", 200, 403), ("hr", 200, 201), ("stranger", 403, 403)],
)
async def test_whoever_holds_it_reports_and_a_manager_only_reads(
    api: Api, name: str, reads: int, reports: int
) -> None:
    made = await asset(api)
    await assign(api, made["id"], api.employee.employee_id)
    path = f"{TRACKING}/{made['id']}"
    assert (await api.get(path, as_=name)).status == reads
    place = {"latitude": -6.2088, "longitude": 106.8456}
    assert (await api.post(path, place, as_=name)).status == reports
    body = {"condition": "scratched"}
    await api.post(f"{INVENTORY}/{made['id']}/return", body, as_="hr")
    assert (await api.get(path, as_="employee")).status == 403
    [returned, *_] = (await api.get(path, as_="hr")).data["history"]
    assert (returned["what"], returned["notes"]) == ("returned", "scratched")
    assert returned["employeeId"] == api.employee.employee_id


@pytest.mark.parametrize(
    ("place", "field"),
    [
        ({}, "location"),
        ({"latitude": 1}, "latitude"),
        ({"location": "Nowhere known"}, "location"),
        ({"location": "Store", "timestamp": "2199-01-01T00:00:00Z"}, "timestamp"),
    ],
)
async def test_it_refuses_a_place_that_says_nothing(
    api: Api, place: dict[str, Any], field: str
) -> None:
    made = await asset(api, location="Store")
    answer = await api.post(f"{TRACKING}/{made['id']}", place, as_="hr")
    assert (answer.status, answer.fields) == (400, {field})


async def test_a_place_told_late_is_kept_and_moves_nothing(api: Api, now) -> None:
    now.set(2024, 3, 1, 9)
    made = await asset(api, location="Store")
    path = f"{TRACKING}/{made['id']}"
    for place in ("Desk", "Van"):
        await asset(api, location=place)
    for place, at, here in [
        ("Desk", "08:00", "Desk"),
        ("Van", "07:00", "Desk"),
        ("Van", "08:00", "Van"),
        ("Store", "09:05", "Store"),
        ("Van", "09:04", "Store"),
    ]:
        body = {"location": place, "timestamp": f"2024-03-01T{at}:00Z"}
        assert (await api.post(path, body, as_="hr")).data["location"] == here, (place, at)
    told = (await api.get(path, as_="hr")).data
    assert told["current"]["location"] == "Store"
    assert told["current"]["since"] == "2024-03-01T09:05:00Z"
    assert [line["location"] for line in told["history"]] == ["Van", "Store", "Van", "Van", "Desk"]
    late = {"location": "Store", "timestamp": "2024-03-01T09:05:01Z"}
    assert (await api.post(path, late, as_="hr")).fields == {"timestamp"}


async def test_a_place_that_is_put_is_a_move_too(api: Api, now) -> None:
    now.set(2024, 3, 1, 9)
    made = await asset(api, location="Store")
    now.set(2024, 3, 2, 9)
    for place in ("Desk", "Desk", None):
        await api.put(f"{INVENTORY}/{made['id']}", {"location": place}, as_="admin")
    told = (await api.get(f"{TRACKING}/{made['id']}", as_="hr")).data
    assert [(line["what"], line["location"]) for line in told["history"]] == [
        ("moved", None), ("moved", "Desk"),
    ]  # fmt: skip
    assert told["current"] == {"holder": None, "location": None, "since": "2024-03-02T09:00:00Z"}
