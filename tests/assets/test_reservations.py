"""Reservations: /api/asset-management/inventory/:id/reservations."""

import asyncio
from collections import Counter
from typing import Any

import pytest

from tests.api import Api
from tests.assets.things import INVENTORY, asset, assign


async def test_days_are_reserved_once(api: Api) -> None:
    made = await asset(api)
    path = f"{INVENTORY}/{made['id']}/reservations"
    first = await api.post(path, {"from": "2024-03-01", "to": "2024-03-05"}, as_="employee")
    assert (first.status, first.data["employeeId"]) == (201, api.employee.employee_id)
    taken = await api.post(path, {"from": "2024-03-05", "to": "2024-03-06"}, as_="stranger")
    assert (taken.status, taken.code) == (409, "asset_reserved")
    assert taken.json["data"]["to"] == "2024-03-05"
    after = await api.post(path, {"from": "2024-03-06", "to": "2024-03-06"}, as_="stranger")
    assert after.status == 201
    gone = await api.delete(f"{path}/{first.data['id']}", as_="employee")
    assert gone.status == 200
    again = await api.post(path, {"from": "2024-03-01", "to": "2024-03-05"}, as_="stranger")
    assert again.status == 201


@pytest.mark.parametrize(
    ("name", "whose", "status"),
    [
        ("employee", "employee", 201),
        ("employee", "stranger", 403),
        ("manager", "employee", 201),
        ("manager", "stranger", 403),
        ("hr", "stranger", 201),
        ("outsider", None, 403),
    ],
)
async def test_people_reserve_for_whom_they_reach(
    api: Api, name: str, whose: str | None, status: int
) -> None:
    made = await asset(api)
    body: dict[str, Any] = {"from": "2024-03-01", "to": "2024-03-05"}
    if whose:
        body["employeeId"] = api.cast[whose].employee_id
    answer = await api.post(f"{INVENTORY}/{made['id']}/reservations", body, as_=name)
    assert answer.status == status


async def test_each_sees_and_cancels_what_is_theirs(api: Api) -> None:
    made = await asset(api)
    path = f"{INVENTORY}/{made['id']}/reservations"
    mine = (await api.post(path, {"from": "2024-03-01", "to": "2024-03-05"}, as_="employee")).data
    for name, sees in [("employee", 1), ("manager", 1), ("stranger", 0), ("hr", 1)]:
        assert len((await api.get(path, as_=name)).data) == sees, name
    assert (await api.delete(f"{path}/{mine['id']}", as_="stranger")).status == 403
    assert (await api.delete(f"{path}/{mine['id']}", as_="manager")).status == 200


async def test_what_is_reserved_is_handed_to_nobody_else(api: Api, now) -> None:
    now.set(2024, 3, 2, 9)
    made = await asset(api)
    path = f"{INVENTORY}/{made['id']}/reservations"
    await api.post(path, {"from": "2024-03-01", "to": "2024-03-05"}, as_="employee")
    refused = await assign(api, made["id"], api.stranger.employee_id)
    assert (refused.status, refused.code) == (409, "asset_reserved")
    assert (await assign(api, made["id"], api.employee.employee_id)).status == 200


async def test_racing_reservations_never_overlap(api: Api) -> None:
    for _ in range(3):
        made = await asset(api)
        path = f"{INVENTORY}/{made['id']}/reservations"
        days = [
            {"from": f"2024-03-{n % 10 + 1:02}", "to": f"2024-03-{n % 10 + 3:02}"}
            for n in range(50)
        ]
        answers = await asyncio.gather(*(api.post(path, day, as_="hr") for day in days))
        count = Counter(answer.status for answer in answers)
        assert count.keys() == {201, 409}
        overlaps = await api.sql(
            "SELECT 1 FROM asset_reservation a JOIN asset_reservation b ON a.asset_id = b.asset_id"
            " AND a.id < b.id AND daterange(a.valid_from, a.valid_to, '[]')"
            " && daterange(b.valid_from, b.valid_to, '[]') WHERE a.asset_id = %(id)s",
            id=made["id"],
        )
        assert overlaps == []
