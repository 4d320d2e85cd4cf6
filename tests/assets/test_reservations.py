"""Reservations: /api/asset-management/inventory/:id/reservations."""

import asyncio
from collections import Counter
from typing import Any

import pytest

from tests.api import Api
from tests.assets.factories import INVENTORY, asset, assign
from tests.factories import hire


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


async def test_what_is_reserved_today_is_kept_whatever_the_date_it_is_asked_for(
    api: Api, now
) -> None:
    now.set(2024, 3, 2, 9)
    made = await asset(api)
    days = {"from": "2024-03-02", "to": "2024-03-05"}
    await api.post(f"{INVENTORY}/{made['id']}/reservations", days, as_="employee")
    for day in ("2024-02-01", "2024-03-05", "2024-03-06"):
        body = {"employeeId": api.stranger.employee_id, "assignDate": day}
        answer = await api.post(f"{INVENTORY}/{made['id']}/assign", body, as_="admin")
        assert (answer.status, answer.code) == (409, "asset_reserved"), day
    now.set(2024, 3, 6, 9)
    assert (await assign(api, made["id"], api.stranger.employee_id)).status == 200


async def test_what_is_reserved_from_today_on_is_not_deleted(api: Api, now) -> None:
    now.set(2024, 3, 5, 23)
    made = await asset(api)
    path = f"{INVENTORY}/{made['id']}"
    days = {"from": "2024-03-01", "to": "2024-03-05"}
    await api.post(f"{path}/reservations", days, as_="employee")
    before = await api.events()
    refused = await api.delete(path, as_="admin")
    assert (refused.status, refused.code) == (409, "in_use")
    assert refused.json["message"] == "In use by 1 reservation"
    assert await api.events() == before
    now.set(2024, 3, 6, 0)
    assert (await api.delete(path, as_="admin")).status == 200


async def test_who_leaves_gives_free_what_they_reserved(api: Api, now) -> None:
    now.set(2024, 3, 5, 9)
    somebody = await hire(api)
    made = await asset(api)
    path = f"{INVENTORY}/{made['id']}/reservations"
    for begin, end in [("01", "04"), ("05", "05"), ("10", "20")]:
        body = {"from": f"2024-03-{begin}", "to": f"2024-03-{end}", "employeeId": somebody["id"]}
        assert (await api.post(path, body, as_="hr")).status == 201
    assert (await api.delete(f"/api/employees/{somebody['id']}", as_="hr")).status == 200
    assert [row["to"] for row in (await api.get(path, as_="hr")).data] == ["2024-03-04"]
    assert (await api.events()).count("asset_reservation_cancelled") == 2
    assert (await assign(api, made["id"], api.stranger.employee_id)).status == 200


async def test_it_refuses_days_that_cannot_be(api: Api) -> None:
    made = await asset(api)
    path = f"{INVENTORY}/{made['id']}/reservations"
    before = await api.events()
    wrong = await api.post(path, {"from": "2024-03-05", "to": "2024-03-04"}, as_="hr")
    assert (wrong.status, wrong.fields) == (400, {"to"})
    body = {"from": "2024-03-01", "to": "2024-03-01"}
    for whose in ((await hire(api, status="inactive"))["id"], 2**31 - 1):
        answer = await api.post(path, body | {"employeeId": whose}, as_="admin")
        assert answer.status in (400, 404), whose
    assert [name for name in await api.events() if name == "asset_reserved"] == []
    assert before == [name for name in await api.events() if name != "employee_created"]
    retired = await asset(api, status="retired")
    path = f"{INVENTORY}/{retired['id']}/reservations"
    answer = await api.post(path, body, as_="hr")
    assert (answer.status, answer.code) == (409, "asset_not_active")


async def test_of_fifty_who_reserve_the_same_days_one_does(api: Api) -> None:
    made = await asset(api)
    path = f"{INVENTORY}/{made['id']}/reservations"
    body = {"from": "2024-03-01", "to": "2024-03-05"}
    names = ["employee", "stranger", "hr", "admin", "manager"] * 10
    answers = await asyncio.gather(*(api.post(path, body, as_=name) for name in names))
    assert Counter(answer.status for answer in answers) == {201: 1, 409: 49}
    assert {answer.code for answer in answers if answer.status == 409} == {"asset_reserved"}
    [row] = await api.sql("SELECT employee_id FROM asset_reservation")
    [winner] = [answer.data for answer in answers if answer.status == 201]
    assert row["employee_id"] == winner["employeeId"]


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
