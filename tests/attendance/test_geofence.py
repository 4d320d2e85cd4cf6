"""Where a check-in happens: the nearest allowed location, and what is done about a far one."""

from typing import Any

import pytest

from tests.api import Api
from tests.attendance.factories import (
    MONUMENT,
    OFFICE,
    come,
    decide,
    leave,
    make_place,
    place,
    records,
    stay,
)
from tests.conftest import Now
from tests.factories import refused

# Metres from OFFICE, by longitude and latitude.
EAST = {
    0: OFFICE,
    99: {**OFFICE, "longitude": 106.8456 + 0.000895},
    101: {**OFFICE, "longitude": 106.8456 + 0.000915},
}
FIELDS = ("locationId", "location", "distance", "withinGeofence", "review", "reviewReasons")


async def at(api: Api, where: Any, as_: str = "employee") -> dict[str, Any]:
    """What a check-in there says of the place."""
    made = (await come(api, as_, location=where)).data
    return {name: made[name] for name in FIELDS}


def where(api: Api, id_: int | None, name: str | None, metres: Any, inside: bool | None) -> Any:
    """What it should say."""
    reasons = ["outside"] if inside is False else []
    return {
        "locationId": id_, "location": name, "distance": metres, "withinGeofence": inside,
        "review": bool(reasons), "reviewReasons": reasons,
    }  # fmt: skip


@pytest.mark.parametrize(("metres", "inside"), [(0, True), (99, True), (101, False)])
async def test_it_measures_to_the_location(api: Api, metres: int, inside: bool) -> None:
    id_ = await make_place(api)
    found = await at(api, EAST[metres])
    assert found == where(api, id_, "Office", pytest.approx(metres, abs=0.5), inside)


@pytest.mark.parametrize(
    ("one", "other", "metres"),
    [
        ((52.5200, 13.4050), (40.7128, -74.0060), 6_385_000),  # Berlin to New York
        ((0, 179.9995), (0, -179.9995), 111),  # across the date line
        ((90, 0), (90, 180), 0),  # all longitudes meet at the pole
        ((0, 0), (0, 180), 20_015_115),  # half around the earth
        ((-90, 0), (90, 0), 20_015_115),
    ],
)
async def test_the_earth_is_round(
    api: Api, one: tuple[float, float], other: tuple[float, float], metres: int
) -> None:
    await make_place(api, latitude=one[0], longitude=one[1])
    found = await at(api, {"latitude": other[0], "longitude": other[1]})
    assert found["distance"] == pytest.approx(metres, rel=0.001, abs=1)


async def test_without_a_position_or_a_location_it_knows_nothing(api: Api) -> None:
    assert await at(api, OFFICE) == where(api, None, None, None, None)
    await make_place(api)
    assert await at(api, None, "manager") == where(api, None, None, None, None)


async def test_who_is_placed_nowhere_may_be_at_any_active_location(api: Api) -> None:
    await make_place(api)
    closed = await make_place(api, "Closed", **MONUMENT, active=False)
    found = await at(api, MONUMENT)
    assert (found["location"], found["withinGeofence"]) == ("Office", False)
    await api.put(f"/api/attendance/locations/{closed}", {"active": True}, as_="hr")
    assert await at(api, MONUMENT, "manager") == where(api, closed, "Closed", 0, True)
    await api.delete(f"/api/attendance/locations/{closed}", as_="hr")
    assert (await at(api, MONUMENT, "stranger"))["location"] == "Office"


@pytest.mark.parametrize(
    ("since", "until", "location"),
    [
        ("2024-01-15", "2024-01-15", "Depot"),
        ("2000-01-01", None, "Depot"),
        ("2024-01-01", "2024-01-14", "Office"),
        ("2024-01-16", None, "Office"),
    ],
)
async def test_who_is_placed_somewhere_that_day_belongs_there(
    api: Api, now: Now, since: str, until: str | None, location: str
) -> None:
    await make_place(api)
    await place(api, await make_place(api, "Depot", **MONUMENT), since, until)
    now.set(2024, 1, 15, 8, 0)
    found = await at(api, OFFICE)
    assert (found["location"], found["withinGeofence"]) == (location, location == "Office")
    assert (await at(api, OFFICE, "manager"))["location"] == "Office"


async def test_who_is_placed_at_a_closed_location_only_is_allowed_nowhere(api: Api) -> None:
    await make_place(api)
    await place(api, await make_place(api, "Depot", **MONUMENT, active=False))
    assert await at(api, OFFICE) == where(api, None, None, None, None)


async def test_the_nearest_one_counts_but_one_that_reaches_so_far_goes_first(api: Api) -> None:
    here = await make_place(api, "Here")
    await make_place(api, "Next door", longitude=106.8460)
    assert (await at(api, OFFICE))["locationId"] == here
    campus = await make_place(api, "Campus", **MONUMENT, radiusMeters=10_000)
    off_here = {**OFFICE, "latitude": -6.2070}
    assert (await at(api, off_here, "manager"))["locationId"] == campus


async def test_a_far_check_in_is_refused_where_that_is_enforced(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    decide(api, monkeypatch, geofence_enforced=True)
    assert (await come(api, "stranger")).status == 201  # nowhere is nothing to be within
    assert (await come(api, "outsider")).status == 403
    await make_place(api)
    events = await api.events()
    who = api.employee.employee_id
    for caller, body in (
        ("employee", {}), ("manager", {}), ("hr", {}), ("hr", {"employeeId": who}),
    ):  # fmt: skip
        answer = await come(api, caller, **body, location=EAST[101])
        assert (answer.status, answer.code) == (403, "outside_geofence")
        assert "101 m" in answer.json["message"]
    for caller in ("employee", "manager", "hr"):
        answer = await come(api, caller)
        assert (answer.status, answer.fields) == (400, {"location"})
    assert await api.events() == events
    # Nobody's phone is asked for what HR puts down for them.
    assert (await come(api, "hr", employeeId=who)).status == 201
    assert (await come(api, "manager", location=EAST[99])).status == 201
    assert (await leave(api, "manager")).status == 200
    assert (await leave(api, "hr", employeeId=who, location=MONUMENT)).status == 200


@pytest.mark.parametrize(
    ("later", "position", "reasons"),
    [
        ("2024-01-15T17:10:00Z", MONUMENT, []),  # 4 km in 10 minutes
        ("2024-01-15T17:00:01Z", MONUMENT, []),  # as far as two positions may be off
        ("2024-01-15T17:10:00Z", {"latitude": -7.7956, "longitude": 110.3695}, ["speed"]),
        ("2024-01-15T18:10:00Z", {"latitude": -7.7956, "longitude": 110.3695}, []),
        ("2024-01-16T12:00:00Z", {"latitude": 6.2088, "longitude": -73.1544}, ["speed"]),
        ("2024-01-16T13:10:00Z", {"latitude": 6.2088, "longitude": -73.1544}, []),
        ("2024-01-15T17:10:00Z", None, []),
    ],
)
async def test_nobody_flies_faster_than_a_plane(
    api: Api, now: Now, later: str, position: Any, reasons: list[str]
) -> None:
    """Yogyakarta is 430 km from the office, the other end of the earth 20,015."""
    now.set(2024, 1, 15, 8, 0)
    await come(api, location=MONUMENT)
    await leave(
        api, "hr", employeeId=api.employee.employee_id, timestamp="2024-01-15T17:00:00Z",
        location=OFFICE,
    )  # fmt: skip
    who = api.employee.employee_id
    made = (await come(api, "hr", employeeId=who, timestamp=later, location=position)).data
    assert (made["review"], made["reviewReasons"]) == (bool(reasons), reasons)


async def test_without_a_position_at_the_check_out_the_check_ins_counts(api: Api, now: Now) -> None:
    now.set(2024, 1, 15, 8, 0)
    await come(api, location=OFFICE)
    now.set(2024, 1, 15, 8, 10)
    await leave(api)
    far = {"latitude": -7.7956, "longitude": 110.3695}
    assert (await come(api, location=far)).data["reviewReasons"] == ["speed"]
    assert (await come(api, "manager", location=far)).data["reviewReasons"] == []


async def test_a_check_out_far_from_the_check_in_is_looked_at(api: Api, now: Now) -> None:
    now.set(2024, 1, 15, 8, 0)
    await make_place(api)
    await come(api, location=OFFICE)
    now.set(2024, 1, 15, 8, 10)
    far = {"latitude": -7.7956, "longitude": 110.3695}
    left = (await leave(api, location=far)).data
    assert (left["review"], left["reviewReasons"]) == (True, ["speed"])
    assert left["checkOutLocation"] == far
    assert (left["withinGeofence"], left["distance"]) == (True, 0)


async def test_a_location_that_is_gone_is_still_named(api: Api) -> None:
    id_ = await make_place(api)
    made = (await come(api, location=OFFICE)).data
    await api.delete(f"/api/attendance/locations/{id_}", as_="hr")
    assert (await api.get(f"/api/attendance/{made['id']}", as_="employee")).data == made
    assert len(await records(api)) == 1


async def test_a_refusal_records_nothing(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    await api.sql(
        "INSERT INTO location (name, latitude, longitude, radius_meters) VALUES ('A', 0, 0, 1)"
    )
    decide(api, monkeypatch, geofence_enforced=True)
    await refused(api, await come(api, location=OFFICE), 403, "outside_geofence")
    await refused(api, await come(api), 400, "validation_failed")
    assert await records(api) == []
    assert (await stay(api, "2024-01-15T08:00:00Z"))["withinGeofence"] is None
