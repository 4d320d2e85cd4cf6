"""What the tests of the fleet share: drivers who sign in, vehicles, points."""

import itertools
from typing import Any

from tests.api import Answer, Api
from tests.conftest import PASSWORD

DRIVERS = "/api/fleet/drivers"
VEHICLES = "/api/fleet/vehicles"
# The documentation's own example.
EXAMPLE = {
    "name": "John Driver",
    "licenseNumber": "DL123456",
    "phone": "+1234567890",
    "vehicleType": "truck",
    "licenseExpiry": "2025-12-31",
}
_number = itertools.count(1000)


async def driver(api: Api, **fields: Any) -> dict[str, Any]:
    """A new driver, as the API answers it."""
    body = {"name": "Somebody", "licenseNumber": f"L-{next(_number)}"} | fields
    made: dict[str, Any] = (await api.post(DRIVERS, body, as_="admin")).data
    return made


async def vehicle(api: Api, **fields: Any) -> dict[str, Any]:
    """A new vehicle, as the API answers it."""
    body = {"plateNumber": f"B {next(_number)} XY", "type": "van"} | fields
    made: dict[str, Any] = (await api.post(VEHICLES, body, as_="admin")).data
    return made


async def login(api: Api, username: str, password: str = PASSWORD) -> Answer:
    """A driver's sign-in."""
    body = {"username": username, "password": password}
    return await api.post("/api/fleet/auth/login", body)


async def signed_in(api: Api, **fields: Any) -> tuple[dict[str, Any], str]:
    """A new driver who may sign in, and a token of theirs."""
    name = f"driver{next(_number)}"
    made = await driver(api, username=name, password=PASSWORD, **fields)
    return made, (await login(api, name)).json["token"]
