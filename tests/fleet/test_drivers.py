"""Drivers: /api/fleet/drivers."""

import asyncio

import pytest

from tests.api import Api
from tests.conftest import PASSWORD
from tests.factories import found
from tests.fleet.factories import DRIVERS, EXAMPLE, driver, login, signed_in, vehicle


async def test_the_documented_example_registers_a_driver(api: Api) -> None:
    answer = await api.post(DRIVERS, EXAMPLE, as_="admin")
    assert answer.status == 201
    assert {name: answer.data[name] for name in EXAMPLE} == EXAMPLE
    assert answer.data["status"] == "active"
    assert "passwordHash" not in answer.data
    assert await api.events("fleet") == ["driver_created"]
    assert await api.events() == []


async def test_the_documented_filters_find_drivers(api: Api) -> None:
    truck = await driver(api, vehicleType="truck")
    van = await driver(api, vehicleType="van", status="inactive")
    for query, expected in [
        ("status=active", [truck["id"]]),
        ("status=inactive", [van["id"]]),
        ("vehicleType=van", [van["id"]]),
        ("vehicleType=motorcycle", []),
    ]:
        rows = await found(api, f"{DRIVERS}?{query}")
        assert [row["id"] for row in rows] == expected, query


@pytest.mark.parametrize(
    ("day", "status"),
    [("2025-01-31", "valid"), ("2025-01-30", "expiring"), ("2024-12-30", "expired"), (None, None)],
)
async def test_it_says_how_the_licence_stands(api: Api, now, day, status) -> None:
    now.set(2024, 12, 31, 12)
    assert (await driver(api, licenseExpiry=day))["licenseStatus"] == status


async def test_licences_and_phones_are_for_those_who_manage(api: Api) -> None:
    made = await driver(api, phone="+62 81")
    for name, sees in [("admin", True), ("manager", False)]:
        one = (await api.get(f"{DRIVERS}/{made['id']}", as_=name)).data
        [listed] = await found(api, DRIVERS, as_=name)
        for row in (one, listed):
            assert ({"licenseNumber", "phone"} <= row.keys()) is sees
    assert await found(api, f"{DRIVERS}?search=%2B62", as_="manager") == []
    assert len(await found(api, f"{DRIVERS}?search=%2B62", as_="admin")) == 1


async def test_a_deleted_driver_is_kept_as_inactive(api: Api) -> None:
    made = await driver(api)
    assert (await api.delete(f"{DRIVERS}/{made['id']}", as_="admin")).status == 200
    query = "SELECT status, deleted_at IS NOT NULL AS deleted FROM driver"
    assert await api.sql(query, "fleet") == [{"status": "inactive", "deleted": True}]


async def test_those_who_only_read_are_shown_the_summary_and_nothing_else(api: Api) -> None:
    made = await driver(api, employeeId=api.employee.employee_id)
    summary = {"id", "name", "vehicleType", "licenseExpiry", "licenseStatus", "status", "vehicleId",
               "plateNumber", "createdAt", "updatedAt"}  # fmt: skip
    [listed] = await found(api, DRIVERS, as_="manager")
    one = (await api.get(f"{DRIVERS}/{made['id']}", as_="manager")).data
    assert listed.keys() == one.keys() == summary


async def test_licences_are_unique_whatever_their_case(api: Api) -> None:
    await api.post(DRIVERS, EXAMPLE, as_="admin")
    again = EXAMPLE | {"licenseNumber": "dl123456"}
    answer = await api.post(DRIVERS, again, as_="admin")
    assert (answer.status, answer.code) == (409, "license_taken")


async def test_an_employee_id_must_exist(api: Api) -> None:
    wrong = await api.post(DRIVERS, EXAMPLE | {"employeeId": 2**31 - 1}, as_="admin")
    assert (wrong.status, wrong.fields) == (400, {"employeeId"})
    right = EXAMPLE | {"employeeId": api.employee.employee_id}
    assert (await api.post(DRIVERS, right, as_="admin")).status == 201


async def test_a_driver_changes_phone_and_password_and_nothing_else(api: Api) -> None:
    made, token = await signed_in(api)
    path = f"{DRIVERS}/{made['id']}"
    assert (await api.put(path, {"phone": "+62 1"}, as_=token)).data["phone"] == "+62 1"
    for field, value in [("name", "X"), ("status", "active"), ("vehicleId", None)]:
        assert (await api.put(path, {field: value}, as_=token)).status == 403, field
    missing = await api.put(path, {"password": "another-long-one"}, as_=token)
    assert (missing.status, missing.fields) == (400, {"currentPassword"})
    wrong = {"password": "another-long-one", "currentPassword": "nonsense"}
    assert (await api.put(path, wrong, as_=token)).code == "wrong_password"
    right = wrong | {"currentPassword": PASSWORD}
    assert (await api.put(path, right, as_=token)).status == 200
    assert (await api.get(path, as_=token)).status == 401
    assert (await login(api, made["username"])).status == 401
    assert (await login(api, made["username"], "another-long-one")).status == 200


async def test_of_eight_changes_at_once_of_a_drivers_password_one_is_made(api: Api) -> None:
    made, token = await signed_in(api)
    path = f"{DRIVERS}/{made['id']}"
    bodies = [
        {"password": f"another-long-one {number}", "currentPassword": PASSWORD}
        for number in range(8)
    ]
    answers = await asyncio.gather(*(api.put(path, body, as_=token) for body in bodies))
    statuses = [answer.status for answer in answers]
    assert statuses.count(200) == 1, statuses
    assert set(statuses) <= {200, 401, 409}
    assert {answer.code for answer in answers if answer.status == 409} <= {"changed"}
    [row] = await api.sql("SELECT token_version FROM driver WHERE username IS NOT NULL", "fleet")
    assert row["token_version"] == 2  # the credentials, and this
    assert (await api.events("fleet")).count("driver_credentials_changed") == 2
    new = bodies[statuses.index(200)]["password"]
    assert (await login(api, made["username"], new)).status == 200


@pytest.mark.parametrize("password", ["driver-2026", "john.driver1", "Sunshine-2026", "9 letters"])
async def test_a_drivers_password_is_as_good_as_a_users(api: Api, password: str) -> None:
    named = EXAMPLE | {"username": "driver", "password": password}
    answer = await api.post(DRIVERS, named, as_="admin")
    assert (answer.status, answer.fields) == (400, {"password"})
    made = await driver(api, name="John Driver")
    body = {"username": "driver", "password": password}
    answer = await api.post(f"{DRIVERS}/{made['id']}/credentials", body, as_="admin")
    assert (answer.status, answer.fields) == (400, {"password"})


async def test_nobody_else_sets_a_drivers_password_by_put(api: Api) -> None:
    made = await driver(api)
    body = {"password": "another-long-one"}
    assert (await api.put(f"{DRIVERS}/{made['id']}", body, as_="admin")).status == 403


async def test_credentials_are_given_by_who_manages_and_end_what_was(api: Api) -> None:
    made, token = await signed_in(api)
    path = f"{DRIVERS}/{made['id']}/credentials"
    body = {"username": "new.name", "password": "another-long-one"}
    assert (await api.post(path, body, as_="manager")).status == 403
    answer = await api.post(path, body, as_="admin")
    assert (answer.status, answer.data["username"]) == (200, "new.name")
    assert (await api.get(f"{DRIVERS}/{made['id']}", as_=token)).status == 401
    assert (await login(api, "NEW.name", "another-long-one")).status == 200
    other = await driver(api)
    taken = await api.post(f"{DRIVERS}/{other['id']}/credentials", body, as_="admin")
    assert (taken.status, taken.code) == (409, "username_taken")
    easy = {"username": "x", "password": "password"}
    assert (await api.post(path, easy, as_="admin")).fields == {"password"}


@pytest.mark.parametrize("end", ["inactive", "suspended", "delete"])
async def test_who_is_not_active_is_out_at_once(api: Api, end: str) -> None:
    made, token = await signed_in(api)
    path = f"{DRIVERS}/{made['id']}"
    assert (await api.get(path, as_=token)).status == 200
    if end == "delete":
        assert (await api.delete(path, as_="admin")).status == 200
    else:
        assert (await api.put(path, {"status": end}, as_="admin")).status == 200
    assert (await api.get(path, as_=token)).status == 401
    assert (await login(api, made["username"])).status == 401


async def test_who_leaves_gives_the_vehicle_back(api: Api) -> None:
    made = await driver(api)
    van = await vehicle(api, driverId=made["id"])
    await api.delete(f"{DRIVERS}/{made['id']}", as_="admin")
    assert (await api.get(f"/api/fleet/vehicles/{van['id']}", as_="admin")).data["driverId"] is None
