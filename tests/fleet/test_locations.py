"""Where drivers are: /api/fleet/drivers/:id/location and /locations."""

import asyncio
import json
import random
from typing import Any

import psycopg
import pytest

from sunshine.core.principals import System
from sunshine.database.connections import conninfo
from sunshine.database.database import Transaction
from sunshine.modules.fleet import drivers
from tests.api import Api
from tests.conftest import Now
from tests.fleet.factories import DRIVERS, driver, signed_in

EXAMPLE = {"latitude": -6.2088, "longitude": 106.8456, "timestamp": "2024-01-15T10:30:00Z"}


def point(minute: float, latitude: float = -6.2, longitude: float = 106.8) -> dict[str, Any]:
    hours, minutes = divmod(int(minute), 60)
    seconds = int(minute * 60) % 60
    stamp = f"2024-01-15T{10 + hours:02}:{minutes:02}:{seconds:02}Z"
    return {"latitude": latitude, "longitude": longitude, "timestamp": stamp}


async def last(api: Api, id_: int) -> Any:
    return (await api.get(f"{DRIVERS}/{id_}/location", as_="admin")).json["data"]


async def test_the_documented_example_moves_the_driver(api: Api) -> None:
    made, token = await signed_in(api)
    path = f"{DRIVERS}/{made['id']}/location"
    assert await last(api, made["id"]) is None
    answer = await api.post(path, EXAMPLE, as_=token)
    assert (answer.status, answer.data["moved"]) == (200, True)
    told = (await api.get(path, as_=token)).data
    assert {name: told[name] for name in EXAMPLE} == EXAMPLE
    assert (await api.events("fleet"))[-1] == "driver_located"


async def test_a_late_point_is_kept_and_never_moves_the_last_known(api: Api) -> None:
    made = await driver(api)
    path = f"{DRIVERS}/{made['id']}/location"
    for minute, moved in [(5, True), (3, False), (6, True), (6, False), (1, False)]:
        answer = await api.post(path, point(minute), as_="admin")
        assert answer.data["moved"] is moved, minute
    assert (await last(api, made["id"]))["timestamp"] == "2024-01-15T10:06:00Z"
    rows = (await api.get(f"{DRIVERS}/{made['id']}/locations", as_="admin")).data
    assert [row["timestamp"][14:16] for row in rows] == ["01", "03", "05", "06"]


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"timestamp": "2199-01-01T00:00:00Z"}, "timestamp"),
        ({"latitude": 0, "longitude": 0}, "latitude"),
        ({"latitude": 90.1}, "latitude"),
        ({"longitude": "106"}, "longitude"),
        ({"timestamp": "2024-01-15 10:30"}, "timestamp"),
        ({"speed": 3}, "speed"),
    ],
)
async def test_it_refuses_impossible_points_alone_and_in_a_burst(
    api: Api, change: dict[str, Any], field: str
) -> None:
    made = await driver(api)
    before = await api.events("fleet")
    path = f"{DRIVERS}/{made['id']}/location"
    alone = await api.post(path, EXAMPLE | change, as_="admin")
    assert (alone.status, alone.fields) == (400, {field})
    burst = await api.post(path, [EXAMPLE, EXAMPLE | change], as_="admin")
    assert burst.status == 400
    assert {name.removeprefix("1.") for name in burst.fields} == {field}
    assert await last(api, made["id"]) is None
    assert await api.events("fleet") == before


async def test_what_is_faster_than_anything_drives_is_flagged_and_moves_nobody(api: Api) -> None:
    made = await driver(api)
    path = f"{DRIVERS}/{made['id']}/locations"
    burst = [point(0), point(1, -6.21), point(2, 40.0), point(3, -6.22)]
    told = (await api.post(path, burst, as_="admin")).data
    assert told == {"received": 4, "kept": 4, "flagged": 1, "moved": True}
    assert (await last(api, made["id"]))["latitude"] == -6.22
    again = (await api.post(path, [point(4, 50.0)], as_="admin")).data
    assert (again["flagged"], again["moved"]) == (1, False)


async def test_a_clock_may_be_five_minutes_ahead(api: Api, now: Now) -> None:
    made = await driver(api)
    path = f"{DRIVERS}/{made['id']}/location"
    now.set(2024, 1, 15, 10)
    for minutes, status in ((5.5, 400), (5, 200)):
        assert (await api.post(path, point(minutes), as_="admin")).status == status


async def test_the_equator_is_a_place(api: Api) -> None:
    """In Pontianak stands its monument; nothing is where the first meridian crosses it."""
    made = await driver(api)
    path = f"{DRIVERS}/{made['id']}/location"
    assert (await api.post(path, point(0, 0, 109.32), as_="admin")).data["moved"] is True
    assert (await api.post(path, point(1, 5, 0), as_="admin")).data["kept"] == 1


async def test_a_receiver_that_is_a_little_off_is_believed(api: Api) -> None:
    made = await driver(api)
    path = f"{DRIVERS}/{made['id']}/locations"
    burst = [point(0), point(1 / 60, -6.2016), point(2 / 60, -6.2046)]  # 178 m, 334 m in a second
    assert (await api.post(path, burst, as_="admin")).data["flagged"] == 1


async def test_a_burst_comes_in_any_order_and_twice(api: Api) -> None:
    made = await driver(api)
    path = f"{DRIVERS}/{made['id']}/locations"
    burst = [point(minute / 10) for minute in range(500)]
    random.Random(1).shuffle(burst)
    first = (await api.post(path, burst, as_="admin")).data
    assert first == {"received": 500, "kept": 500, "flagged": 0, "moved": True}
    again = (await api.post(path, burst, as_="admin")).data
    assert again == {"received": 500, "kept": 0, "flagged": 0, "moved": False}
    assert (await last(api, made["id"]))["timestamp"] == "2024-01-15T10:49:54Z"
    for wrong in ([], [*burst, point(600)], [burst]):
        assert (await api.post(path, wrong, as_="admin")).status == 400


async def test_a_track_is_paged_and_streamed(api: Api) -> None:
    made = await driver(api)
    await api.sql(
        "INSERT INTO driver_location SELECT %(id)s, timestamptz '2024-01-15T00:00Z'"
        " + n * interval '1 second', -6.2, 106.8, false, now() FROM generate_series(0, 9999) n",
        "fleet",
        id=made["id"],
    )
    path = f"{DRIVERS}/{made['id']}/locations"
    between = "from=2024-01-15T00:10:00Z&to=2024-01-15T00:19:59Z"
    page = await api.get(f"{path}?{between}&limit=3", as_="admin")
    assert page.json["pagination"]["total"] == 600
    seen = page.json["pagination"]["nextCursor"]
    assert seen == page.data[-1]["timestamp"]
    after = await api.get(f"{path}?{between}&limit=3&cursor={seen}", as_="admin")
    assert after.data[0]["timestamp"] == "2024-01-15T00:10:03Z"
    stream = await api.get(f"{path}?format=geojson", as_="admin")
    assert stream.headers["Content-Type"].startswith("application/geo+json")
    features = json.loads(stream.body)["features"]
    assert len(features) == 10_000
    assert features[0]["geometry"] == {"type": "Point", "coordinates": [106.8, -6.2]}
    short = await api.get(f"{path}?format=geojson&{between}", as_="admin")
    assert len(json.loads(short.body)["features"]) == 600
    none = await api.get(f"{path}?format=geojson&to=2000-01-01T00:00:00Z", as_="admin")
    assert json.loads(none.body)["features"] == []


async def test_a_track_is_read_on_in_its_own_order_only(api: Api) -> None:
    made = await driver(api)
    path = f"{DRIVERS}/{made['id']}/locations"
    await api.post(path, [point(minute) for minute in range(5)], as_="admin")
    latest = await api.get(f"{path}?sort=-timestamp&limit=2", as_="admin")
    assert [row["timestamp"][14:16] for row in latest.data] == ["04", "03"]
    assert "nextCursor" not in latest.json["pagination"]
    cursor = latest.data[0]["timestamp"]
    wrong = await api.get(f"{path}?sort=-timestamp&cursor={cursor}", as_="admin")
    assert (wrong.status, wrong.fields) == (400, {"cursor"})
    seen, cursor = [], ""
    while cursor is not None:
        asked = f"{path}?limit=2&page=7{cursor}" if cursor else f"{path}?limit=2"
        page = await api.get(asked, as_="admin")
        seen += [row["timestamp"][14:16] for row in page.data]
        found = page.json["pagination"].get("nextCursor")
        cursor = f"&cursor={found}" if found else None
    assert seen == ["00", "01", "02", "03", "04"]


async def test_an_instant_that_is_told_twice_in_a_burst_is_kept_once(api: Api) -> None:
    made = await driver(api)
    path = f"{DRIVERS}/{made['id']}/locations"
    burst = [point(1, -6.2), point(2, -6.21), point(2, -6.22)]
    told = (await api.post(path, burst, as_="admin")).data
    assert (told["received"], told["kept"]) == (3, 2)
    [_, kept] = (await api.get(path, as_="admin")).data
    assert (await last(api, made["id"]))["latitude"] == kept["latitude"]


async def test_racing_bursts_keep_every_point_once_and_the_newest_is_the_last(api: Api) -> None:
    made = await driver(api)
    path = f"{DRIVERS}/{made['id']}/locations"
    bursts = [[point((start + n) % 60) for n in range(20)] for start in range(0, 60, 5)] * 2
    answers = await asyncio.gather(*(api.post(path, burst, as_="admin") for burst in bursts))
    assert {answer.status for answer in answers} == {200}
    assert sum(answer.data["kept"] for answer in answers) == 60
    assert (await last(api, made["id"]))["timestamp"] == "2024-01-15T10:59:00Z"
    rows = await api.sql("SELECT count(*) AS n FROM driver_location", "fleet")
    assert rows[0]["n"] == 60


async def test_a_burst_is_one_insert(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    made = await driver(api)
    texts: list[bytes] = []
    run = Transaction._execute

    async def watched(self: Transaction, statement: Any, values: Any) -> Any:
        texts.append(statement.text)
        return await run(self, statement, values)

    monkeypatch.setattr(Transaction, "_execute", watched)
    path = f"{DRIVERS}/{made['id']}/locations"
    for burst in ([point(0)], [point(minute / 10) for minute in range(500)]):
        texts.clear()
        assert (await api.post(path, burst, as_="admin")).status == 200
        assert len([text for text in texts if b"INSERT INTO driver_location" in text]) == 1
        assert len(texts) == 3  # who drives, the points, the event


async def test_a_driver_who_is_just_suspended_is_nowhere(api: Api) -> None:
    made = await driver(api)
    settings = api.app.settings.databases["fleet"]
    async with await psycopg.AsyncConnection.connect(conninfo(settings)) as other:
        await other.execute("SELECT FROM driver WHERE id = %s FOR UPDATE", [made["id"]])
        await other.execute("UPDATE driver SET status = 'suspended' WHERE id = %s", [made["id"]])
        path = f"{DRIVERS}/{made['id']}/location"
        answer = asyncio.ensure_future(api.post(path, EXAMPLE, as_="admin"))
        await api.somebody_waits("fleet")
        await other.commit()
    assert ((await answer).status, (await answer).code) == (409, "driver_not_active")
    assert await last(api, made["id"]) is None


@pytest.mark.parametrize("end", ["suspended", "deleted"])
async def test_a_report_waits_for_the_end_of_its_driver(api: Api, end: str) -> None:
    made = await driver(api)
    databases = api.app.databases
    async with databases["fleet"].transaction(System()) as tx:
        if end == "deleted":
            await drivers.delete(tx, made["id"])
        else:
            await drivers.change(tx, made["id"], {"status": end}, people=databases.sunshine)
        path = f"{DRIVERS}/{made['id']}/location"
        answer = asyncio.ensure_future(api.post(path, EXAMPLE, as_="admin"))
        await api.somebody_waits("fleet")
    assert (await answer).status == (404 if end == "deleted" else 409)
    assert await api.sql("SELECT * FROM driver_location", "fleet") == []


async def test_a_driver_who_is_not_active_is_nowhere(api: Api) -> None:
    made = await driver(api, status="suspended")
    answer = await api.post(f"{DRIVERS}/{made['id']}/location", EXAMPLE, as_="admin")
    assert (answer.status, answer.code) == (409, "driver_not_active")
