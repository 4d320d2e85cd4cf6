"""Licences, registrations, insurances about to end: sunshine/modules/fleet/jobs.py."""

from sunshine.core.principals import System
from sunshine.modules.fleet.jobs import remind_of_expiries
from tests.api import Api
from tests.fleet.factories import VEHICLES, driver, vehicle


async def run(api: Api) -> dict[str, int]:
    async with api.app.databases["fleet"].transaction(System()) as tx:
        return await remind_of_expiries(tx)


async def test_each_is_told_once_also_after_downtime(api: Api, now) -> None:
    now.set(2024, 3, 1, 9)
    await driver(api, licenseExpiry="2024-03-31")
    await driver(api, licenseExpiry="2024-04-01")
    van = await vehicle(api, registrationExpiry="2024-03-02", insuranceExpiry="2024-12-01")
    assert await run(api) == {"license": 1, "registration": 1, "insurance": 0}
    assert await run(api) == {"license": 0, "registration": 0, "insurance": 0}
    now.set(2025, 1, 1, 9)
    assert await run(api) == {"license": 1, "registration": 0, "insurance": 1}
    await api.put(f"{VEHICLES}/{van['id']}", {"registrationExpiry": "2025-01-15"}, as_="admin")
    assert await run(api) == {"license": 0, "registration": 1, "insurance": 0}
    told = [name for name in await api.events("fleet") if name.endswith("_ending")]
    assert sorted(told) == [
        "driver_license_ending", "driver_license_ending", "vehicle_insurance_ending",
        "vehicle_registration_ending", "vehicle_registration_ending",
    ]  # fmt: skip
