"""Assets change hands: assign, return, maintenance; employees who leave."""

import asyncio
from collections import Counter
from collections.abc import Awaitable
from typing import Any

import psycopg
import pytest

from sunshine.database.connections import conninfo
from tests.api import Answer, Api
from tests.assets.factories import INVENTORY, TRACKING, asset, assign
from tests.factories import hire


async def test_the_documented_example_assigns_it(api: Api) -> None:
    made = await asset(api)
    employee = api.employee.employee_id
    body = {"employeeId": employee, "assignDate": "2024-01-15", "notes": "Work laptop"}
    answer = await api.post(f"{INVENTORY}/{made['id']}/assign", body, as_="admin")
    assert answer.status == 200
    assert answer.data["assignedTo"] == employee
    assert answer.data["assignDate"] == "2024-01-15"
    assert (await api.events())[-1] == "asset_assigned"


async def test_an_assigned_asset_is_not_assigned_twice_nor_deleted_nor_retired(api: Api) -> None:
    made = await asset(api)
    await assign(api, made["id"], api.employee.employee_id)
    before = await api.events()
    for answer in [
        await assign(api, made["id"], api.stranger.employee_id),
        await assign(api, made["id"], api.employee.employee_id),
        await api.delete(f"{INVENTORY}/{made['id']}", as_="admin"),
        await api.put(f"{INVENTORY}/{made['id']}", {"status": "retired"}, as_="admin"),
    ]:
        assert (answer.status, answer.code) == (409, "asset_assigned")
        assert answer.json["data"]["assignedTo"]["employeeId"] == api.employee.employee_id
    assert await api.events() == before


@pytest.mark.parametrize("status", ["inactive", "retired"])
async def test_only_an_active_asset_is_assigned(api: Api, status: str) -> None:
    made = await asset(api, status=status)
    answer = await assign(api, made["id"], api.employee.employee_id)
    assert (answer.status, answer.code) == (409, "asset_not_active")


async def test_only_an_active_employee_gets_one(api: Api) -> None:
    made = await asset(api)
    somebody = await hire(api, status="inactive")
    for whom in (somebody["id"], 2**31 - 1):
        answer = await assign(api, made["id"], whom)
        assert (answer.status, answer.fields) == (400, {"employeeId"})


async def test_it_is_returned_once_and_not_before_it_was_given(api: Api) -> None:
    made = await asset(api)
    path = f"{INVENTORY}/{made['id']}"
    body = {"employeeId": api.employee.employee_id, "assignDate": "2024-01-15"}
    await api.post(f"{path}/assign", body, as_="admin")
    early = await api.post(f"{path}/return", {"returnDate": "2024-01-14"}, as_="admin")
    assert (early.status, early.fields) == (400, {"returnDate"})
    body = {"returnDate": "2024-02-01", "condition": "scratched", "notes": "lid"}
    assert (await api.post(f"{path}/return", body, as_="admin")).data["assignedTo"] is None
    again = await api.post(f"{path}/return", {}, as_="admin")
    assert (again.status, again.code) == (409, "asset_not_assigned")
    rows = await api.sql("SELECT assigned_on, returned_on, condition FROM asset_assignment")
    assert [(str(r["assigned_on"]), str(r["returned_on"]), r["condition"]) for r in rows] == [
        ("2024-01-15", "2024-02-01", "scratched")
    ]


async def test_of_fifty_who_assign_one_asset_at_once_one_does(api: Api) -> None:
    people = [api.admin, api.hr, api.manager, api.employee, api.stranger]
    for _ in range(3):
        made = await asset(api)
        answers = await asyncio.gather(
            *(assign(api, made["id"], people[n % 5].employee_id) for n in range(50))
        )
        assert Counter(a.status for a in answers) == {200: 1, 409: 49}
        rows = await api.sql(
            "SELECT employee_id FROM asset_assignment WHERE asset_id = %(id)s", id=made["id"]
        )
        [winner] = [a.data["assignedTo"] for a in answers if a.status == 200]
        assert [row["employee_id"] for row in rows] == [winner]


async def test_the_constraint_is_the_net_below_the_lock(api: Api) -> None:
    """Somebody wrote past the rules, and their commit comes while we wait for it."""
    made = await asset(api)
    settings = api.app.settings.databases["sunshine"]
    async with await psycopg.AsyncConnection.connect(conninfo(settings)) as other:
        await other.execute(
            "INSERT INTO asset_assignment (asset_id, employee_id, assigned_on)"
            " VALUES (%s, %s, '2024-01-01')",
            [made["id"], api.stranger.employee_id],
        )
        answer = asyncio.create_task(assign(api, made["id"], api.employee.employee_id))
        await api.somebody_waits()
        await other.commit()
    assert ((await answer).status, (await answer).code) == (409, "asset_assigned")


async def test_of_twenty_who_return_it_at_once_one_does(api: Api) -> None:
    made = await asset(api)
    await assign(api, made["id"], api.employee.employee_id)
    path = f"{INVENTORY}/{made['id']}/return"
    answers = await asyncio.gather(*(api.post(path, {}, as_="hr") for _ in range(20)))
    assert Counter(a.status for a in answers) == {200: 1, 409: 19}
    assert (await api.events()).count("asset_returned") == 1


async def test_an_open_maintenance_takes_it_out_of_use(api: Api) -> None:
    made = await asset(api)
    path = f"{INVENTORY}/{made['id']}"
    body = {"type": "repair", "vendor": "Apple", "cost": 99.5, "startedOn": "2024-02-01"}
    answer = await api.post(f"{path}/maintenance", body, as_="hr")
    assert (answer.status, answer.data["cost"], answer.data["completedOn"]) == (201, 99.5, None)
    assert (await api.get(path, as_="hr")).data["status"] == "maintenance"
    for refused in [
        await assign(api, made["id"], api.employee.employee_id),
        await api.post(f"{path}/maintenance", body, as_="hr"),
        await api.put(path, {"status": "inactive"}, as_="admin"),
    ]:
        assert refused.status == 409
    early = {"completedOn": "2024-01-31"}
    maintenance = f"{path}/maintenance/{answer.data['id']}"
    assert (await api.put(maintenance, early, as_="hr")).fields == {"completedOn"}
    done = await api.put(maintenance, {"completedOn": "2024-02-03"}, as_="hr")
    assert done.data["completedOn"] == "2024-02-03"
    assert (await api.get(path, as_="hr")).data["status"] == "active"
    assert (await assign(api, made["id"], api.employee.employee_id)).status == 200


async def test_a_maintenance_noted_afterwards_changes_no_status(api: Api) -> None:
    made = await asset(api)
    path = f"{INVENTORY}/{made['id']}"
    body = {"type": "cleaning", "startedOn": "2024-02-01", "completedOn": "2024-02-01"}
    assert (await api.post(f"{path}/maintenance", body, as_="admin")).status == 201
    assert (await api.get(path, as_="admin")).data["status"] == "active"
    assert len((await api.get(f"{path}/maintenance", as_="admin")).data) == 1


async def test_one_noted_beside_an_open_maintenance_does_not_end_it(api: Api) -> None:
    made = await asset(api)
    path = f"{INVENTORY}/{made['id']}"
    body = {"type": "repair", "startedOn": "2024-02-01"}
    await api.post(f"{path}/maintenance", body, as_="hr")
    noted = body | {"completedOn": "2024-02-01"}
    assert (await api.post(f"{path}/maintenance", noted, as_="hr")).status == 201
    assert (await api.get(path, as_="hr")).data["status"] == "maintenance"
    history = (await api.get(f"{TRACKING}/{made['id']}", as_="hr")).data["history"]
    assert [line["what"] for line in history] == [
        "maintenance_completed", "maintenance_started", "maintenance_started",
    ]  # fmt: skip


async def test_a_retired_asset_is_not_maintained_again(api: Api) -> None:
    made = await asset(api)
    path = f"{INVENTORY}/{made['id']}"
    body = {"type": "repair", "startedOn": "2024-02-01", "completedOn": "2024-02-01"}
    done = (await api.post(f"{path}/maintenance", body, as_="hr")).data
    await api.put(path, {"status": "retired"}, as_="admin")
    before = await api.events()
    for answer in [
        await api.post(f"{path}/maintenance", body, as_="hr"),
        await api.put(f"{path}/maintenance/{done['id']}", {"completedOn": None}, as_="hr"),
    ]:
        assert (answer.status, answer.code) == (409, "asset_not_active")
    assert (await api.get(path, as_="hr")).data["status"] == "retired"
    assert await api.events() == before
    named = {"vendor": "Apple"}
    assert (await api.put(f"{path}/maintenance/{done['id']}", named, as_="hr")).status == 200


@pytest.mark.parametrize("leave", ["delete", "deactivate"])
async def test_who_holds_assets_leaves_only_by_force_which_returns_them(
    api: Api, leave: str
) -> None:
    somebody = await hire(api)
    held = [await asset(api) for _ in range(2)]
    for thing in held:
        assert (await assign(api, thing["id"], somebody["id"])).status == 200
    before = await api.events()

    async def go(query: str = ""):
        path = f"/api/employees/{somebody['id']}{query}"
        if leave == "delete":
            return await api.delete(path, as_="hr")
        return await api.put(path, {"status": "inactive"}, as_="hr")

    refused = await go()
    assert (refused.status, refused.code) == (409, "assets_held")
    listed = [row["assetCode"] for row in refused.json["data"]["assets"]]
    assert listed == [thing["assetCode"] for thing in held]
    assert await api.events() == before
    assert (await go("?force=1")).status == 200
    assert (await api.events())[len(before) :].count("asset_returned") == 2
    rows = await api.sql("SELECT count(*) AS n FROM asset_assignment WHERE returned_on IS NULL")
    assert rows[0]["n"] == 0


@pytest.mark.parametrize("act", ["assign", "return", "reservations"])
async def test_who_waits_for_an_employee_who_leaves_keeps_no_asset_from_them(
    api: Api, act: str
) -> None:
    """Else an end of employment, which wants the asset next, and we would wait for each other."""
    made = await asset(api)
    whose = api.employee.employee_id
    body: dict[str, Any] = {"employeeId": whose}
    if act == "return":
        await assign(api, made["id"], whose)
        body = {}
    if act == "reservations":
        body |= {"from": "2024-03-01", "to": "2024-03-01"}
    settings = api.app.settings.databases["sunshine"]
    async with await psycopg.AsyncConnection.connect(conninfo(settings)) as other:
        await other.execute("SELECT 1 FROM employee WHERE id = %s FOR UPDATE", [whose])
        path = f"{INVENTORY}/{made['id']}/{act}"
        answer = asyncio.create_task(api.post(path, body, as_="admin"))
        await api.somebody_waits()
        await other.execute("SELECT 1 FROM asset WHERE id = %s FOR UPDATE NOWAIT", [made["id"]])
        await other.commit()
    assert (await answer).status in (200, 201)


async def test_who_leaves_while_things_come_and_go_holds_nothing(api: Api) -> None:
    somebody = await hire(api)
    held, free = [[await asset(api) for _ in range(4)] for _ in range(2)]
    for thing in held:
        await assign(api, thing["id"], somebody["id"])

    def back_and_forth(things: list[dict[str, Any]]) -> list[Awaitable[Answer]]:
        paths = [f"{INVENTORY}/{thing['id']}" for thing in things]
        body = {"employeeId": somebody["id"]}
        days = body | {"from": "2024-03-01", "to": "2024-03-01"}
        return [
            *(api.post(f"{path}/return", {}, as_="hr") for path in paths),
            *(api.post(f"{path}/assign", body, as_="hr") for path in paths),
            *(api.post(f"{path}/reservations", days, as_="hr") for path in paths),
        ]

    gone, *others = await asyncio.gather(
        api.delete(f"/api/employees/{somebody['id']}?force=1", as_="admin"),
        *back_and_forth(held),
        *back_and_forth(free),
    )
    assert gone.status == 200
    # Nobody waited for the other crosswise, which would be "busy".
    assert {answer.code for answer in others if answer.status >= 400} <= {
        "asset_assigned", "asset_not_assigned", "asset_reserved", "not_found", "validation_failed",
    }  # fmt: skip
    rows = await api.sql(
        "SELECT count(*) FILTER (WHERE returned_on IS NULL) AS held, count(*) AS given"
        " FROM asset_assignment"
    )
    assert rows[0]["held"] == 0
    assert (await api.events()).count("asset_returned") == rows[0]["given"]
