"""Vehicles and who drives them: /api/fleet/vehicles."""

import asyncio
from collections import Counter

from tests.api import Api
from tests.factories import found
from tests.fleet.factories import DRIVERS, VEHICLES, driver, signed_in, vehicle

OPEN = "SELECT vehicle_id, driver_id FROM vehicle_driver WHERE until IS NULL"


async def test_it_lives_from_create_to_delete(api: Api) -> None:
    body = {
        "plateNumber": "B 1234 XY", "type": "truck", "brand": "Hino", "model": "Dutro",
        "year": 2020, "status": "active", "registrationExpiry": "2026-01-01",
        "insuranceExpiry": "2026-02-01", "odometer": 120000,
    }  # fmt: skip
    answer = await api.post(VEHICLES, body, as_="admin")
    assert answer.status == 201
    assert {name: answer.data[name] for name in body} == body
    path = f"{VEHICLES}/{answer.data['id']}"
    again = await api.post(VEHICLES, body | {"plateNumber": "b 1234 xy"}, as_="admin")
    assert (again.status, again.code) == (409, "plate_number_taken")
    assert (await api.put(path, {"odometer": 120001}, as_="admin")).data["odometer"] == 120001
    assert (await api.delete(path, as_="admin")).status == 200
    assert (await api.get(path, as_="admin")).status == 404
    assert await api.events("fleet") == ["vehicle_created", "vehicle_updated", "vehicle_deleted"]


async def test_a_vehicle_is_handed_over_and_back_from_either_side(api: Api) -> None:
    van, dewi = await vehicle(api), await driver(api)
    path = f"{VEHICLES}/{van['id']}"
    assert (await api.put(path, {"driverId": dewi["id"]}, as_="admin")).data["driverId"]
    one = (await api.get(f"{DRIVERS}/{dewi['id']}", as_="admin")).data
    assert (one["vehicleId"], one["plateNumber"]) == (van["id"], van["plateNumber"])
    assert (await api.delete(path, as_="admin")).code == "in_use"
    body = {"vehicleId": None}
    assert (await api.put(f"{DRIVERS}/{dewi['id']}", body, as_="admin")).data["vehicleId"] is None
    assert (await api.put(path, {"driverId": dewi["id"]}, as_="admin")).status == 200
    assert (await api.put(path, {"driverId": None}, as_="admin")).data["driverId"] is None
    told = (await api.get(f"{path}/history", as_="manager")).data
    assert [row["driverId"] for row in told] == [dewi["id"]] * 2
    assert all(row["until"] for row in told)


async def test_neither_a_vehicle_nor_a_driver_is_with_two(api: Api) -> None:
    first, second = await vehicle(api), await vehicle(api)
    dewi, budi = await driver(api, vehicleId=first["id"]), await driver(api)
    taken = await api.put(f"{VEHICLES}/{first['id']}", {"driverId": budi["id"]}, as_="admin")
    assert (taken.status, taken.code) == (409, "vehicle_taken")
    assert taken.json["data"] == {"vehicleId": first["id"], "driverId": dewi["id"]}
    busy = await api.put(f"{VEHICLES}/{second['id']}", {"driverId": dewi["id"]}, as_="admin")
    assert (busy.status, busy.code) == (409, "driver_has_vehicle")


async def test_racing_for_one_vehicle_one_driver_gets_it(api: Api) -> None:
    for _ in range(3):
        van = await vehicle(api)
        people = [await driver(api) for _ in range(10)]
        path = f"{VEHICLES}/{van['id']}"
        answers = await asyncio.gather(
            *(api.put(path, {"driverId": person["id"]}, as_="admin") for person in people),
            *(
                api.put(f"{DRIVERS}/{person['id']}", {"vehicleId": van["id"]}, as_="admin")
                for person in people
            ),
        )
        count = Counter(answer.status for answer in answers)
        assert set(count) == {200, 409}
        assert count[200] <= 2  # the winner may be told so from both sides
        rows = await api.sql(f"{OPEN} AND vehicle_id = %(id)s", "fleet", id=van["id"])
        assert len(rows) == 1


async def test_racing_for_one_driver_one_vehicle_is_theirs(api: Api) -> None:
    dewi = await driver(api)
    vans = [await vehicle(api) for _ in range(20)]
    answers = await asyncio.gather(
        *(api.put(f"{VEHICLES}/{v['id']}", {"driverId": dewi["id"]}, as_="admin") for v in vans)
    )
    assert Counter(answer.status for answer in answers) == {200: 1, 409: 19}
    assert len(await api.sql(OPEN, "fleet")) == 1


async def test_a_driver_sees_their_own_vehicle_only(api: Api) -> None:
    mine, other = await vehicle(api), await vehicle(api)
    me, token = await signed_in(api, vehicleId=mine["id"])
    assert [row["id"] for row in await found(api, VEHICLES, as_=token)] == [mine["id"]]
    assert (await api.get(f"{VEHICLES}/{mine['id']}", as_=token)).status == 200
    for id_ in (other["id"], 2**31 - 1):
        assert (await api.get(f"{VEHICLES}/{id_}", as_=token)).status == 403
    for whose, status in [(me["id"], 200), (me["id"] + 1, 403)]:
        answer = await api.get(f"{VEHICLES}?driverId={whose}", as_=token)
        assert answer.status == status, whose
