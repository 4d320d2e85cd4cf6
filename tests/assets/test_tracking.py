"""Where an asset is: /api/asset-management/tracking/:assetId."""

from datetime import timedelta
from typing import Any

import pytest

from sunshine.people import System
from sunshine.rules import asset_holding, asset_maintenance, asset_tracking
from tests.api import Api
from tests.assets.things import INVENTORY, TRACKING, asset, assign
from tests.people import principal


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
    await api.post(f"{INVENTORY}/{made['id']}/return", {}, as_="hr")
    assert (await api.get(path, as_="employee")).status == 403


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


async def test_any_sequence_leaves_what_a_replay_of_its_events_says(api: Api) -> None:
    import random

    people = [p.employee_id for p in (api.employee, api.stranger, api.manager)]
    actor = principal(api, "admin")
    database = api.app.databases.sunshine
    dice = random.Random(1)
    for _ in range(200):
        made = await _quick_asset(api, dice)
        for _ in range(dice.randrange(1, 12)):
            async with database.transaction(System()) as tx:
                await _do_something(tx, made, dice, people, actor)
        told = await asset_tracking.track(database, made, actor=actor)
        replayed = await _replay(api, made)
        assert told["current"]["location"] == replayed["location"]
        assert (told["current"]["holder"] or {}).get("employeeId") == replayed["holder"]
        assert told["asset"]["status"] == replayed["status"]
        assert [line["what"] for line in reversed(told["history"])] == replayed["what"]


async def _quick_asset(api: Api, dice: Any) -> int:
    from sunshine.rules import assets

    values = {"assetCode": f"R-{dice.random()}", "name": "Thing", "category": "laptop"}
    async with api.app.databases.sunshine.transaction(System()) as tx:
        return int((await assets.create(tx, values))["id"])


async def _do_something(tx: Any, id_: int, dice: Any, people: list[Any], actor: Any) -> None:
    """One thing at random; most of them are refused now and then."""
    from sunshine.errors import Conflict

    started = {"type": "repair", "startedOn": tx.today}
    moved = {"location": dice.choice(["Store", "Desk"]), "timestamp": tx.now - timedelta(hours=1)}
    try:
        match dice.randrange(5):
            case 0:
                await asset_holding.assign(tx, id_, employeeId=dice.choice(people))
            case 1:
                await asset_holding.give_back(tx, id_)
            case 2:
                await asset_maintenance.begin(tx, id_, started)
            case 3:
                page = await asset_maintenance.page(tx.database, id_, {"page": 1})
                if page.rows:
                    done = {"completedOn": tx.today}
                    await asset_maintenance.change(tx, id_, page.rows[0]["id"], done)
            case 4:
                await asset_tracking.report(tx, id_, moved, actor=actor)
    except Conflict:
        pass


async def _replay(api: Api, id_: int) -> dict[str, Any]:
    """The state that follows from the events alone."""
    rows = await api.sql(
        "SELECT type, entity, after FROM event WHERE entity = 'asset' AND entity_id = %(id)s"
        " OR entity = 'asset_maintenance' AND (after->>'assetId')::int = %(id)s"
        " OR entity = 'asset_maintenance' AND entity_id IN"
        " (SELECT id FROM asset_maintenance WHERE asset_id = %(id)s) ORDER BY id",
        id=id_,
    )
    state: dict[str, Any] = {"location": None, "holder": None, "status": "active", "what": []}
    for row in rows:
        after = row["after"] or {}
        state["status"] = after.get("status", state["status"])
        match row["type"]:
            case "asset_assigned" | "asset_returned":
                state["holder"] = after["assignedTo"]
                state["what"].append(row["type"].removeprefix("asset_"))
            case "asset_moved":
                state["location"] = after["location"]
                state["what"].append("moved")
            case "asset_maintenance_created":
                state["what"].append("maintenance_started")
            case "asset_maintenance_updated":
                state["what"].append("maintenance_completed")
    return state
