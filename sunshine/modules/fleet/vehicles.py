"""The vehicles of the fleet and their drivers. Tables: models/fleet.py."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Integer, and_, bindparam, func, or_, select

from models.fleet import driver, vehicle, vehicle_driver
from sunshine.core.errors import Conflict, NotAllowed, NotFound, violations
from sunshine.core.principals import Principal
from sunshine.database.database import Database, Transaction
from sunshine.database.pages import ListQuery, Page, contains
from sunshine.database.records import RecordSteps
from sunshine.modules.fleet.assignments import IS_CURRENT, assign, lock_driver, release
from sunshine.modules.fleet.rows import HistoryRow, VehicleRow
from sunshine.modules.fleet.schemas import VEHICLE_FILTERS

violations(
    {
        "vehicle_plate_number_key": Conflict.field(
            "plateNumber", "Another vehicle has this plate", code="plate_number_taken"
        )
    }
)

FIELDS = {
    "plateNumber": vehicle.c.plate_number,
    "type": vehicle.c.type,
    "brand": vehicle.c.brand,
    "model": vehicle.c.model,
    "year": vehicle.c.year,
    "status": vehicle.c.status,
    "registrationExpiry": vehicle.c.registration_expiry,
    "insuranceExpiry": vehicle.c.insurance_expiry,
    "odometer": vehicle.c.odometer,
}
ROWS = (
    select(
        vehicle.c.id,
        *(column.label(name) for name, column in FIELDS.items()),
        driver.c.id.label("driverId"),
        driver.c.name.label("driver"),
        vehicle.c.created_at.label("createdAt"),
        vehicle.c.updated_at.label("updatedAt"),
    )
    .select_from(
        vehicle.outerjoin(
            vehicle_driver, and_(vehicle_driver.c.vehicle_id == vehicle.c.id, IS_CURRENT)
        ).outerjoin(driver, driver.c.id == vehicle_driver.c.driver_id)
    )
    .where(vehicle.c.deleted_at.is_(None))
)
listing = ListQuery(
    ROWS,
    key=vehicle.c.id,
    schema=VEHICLE_FILTERS,
    filters={
        "status": vehicle.c.status == bindparam("status"),
        "type": vehicle.c.type == bindparam("type"),
        "driverId": vehicle_driver.c.driver_id == bindparam("driverId"),
        "search": or_(
            contains(func.lower(vehicle.c.plate_number)),
            contains(func.lower(vehicle.c.brand)),
            contains(func.lower(vehicle.c.model)),
        ),
    },
    sort={
        "plateNumber": vehicle.c.plate_number,
        "registrationExpiry": vehicle.c.registration_expiry,
        "insuranceExpiry": vehicle.c.insurance_expiry,
        "createdAt": vehicle.c.created_at,
    },
    row=VehicleRow,
)
# Narrows a driver's list to their own vehicle.
_OWN = (driver.c.id == bindparam("me", type_=Integer),)
history = ListQuery(
    select(
        vehicle_driver.c.id,
        driver.c.id.label("driverId"),
        driver.c.name.label("driver"),
        vehicle_driver.c.since,
        vehicle_driver.c.until,
    )
    .select_from(vehicle_driver.join(driver, driver.c.id == vehicle_driver.c.driver_id))
    .where(vehicle_driver.c.vehicle_id == bindparam("vehicle")),
    key=vehicle_driver.c.id,
    default_sort="-id",
    row=HistoryRow,
)
_steps = RecordSteps(vehicle, rows=ROWS, row=VehicleRow, fields=FIELDS)


async def page(
    database: Database, query: Mapping[str, Any], *, actor: Principal
) -> Page[VehicleRow]:
    """Return a page of the vehicles; a driver's holds their own only.

    NotAllowed when a driver filters by another driver.
    """
    if actor.kind == "driver":
        if query.get("driverId", actor.id) != actor.id:
            raise NotAllowed
        return await listing.page(database, query, where=_OWN, me=actor.id)
    return await listing.page(database, query)


async def get(database: Database, id_: int, *, actor: Principal) -> VehicleRow:
    """Return one vehicle; NotFound, and NotAllowed to a driver whose vehicle it is not."""
    row = await _steps.find(database, id_)
    if actor.kind == "driver" and (row is None or row["driverId"] != actor.id):
        raise NotAllowed
    if row is None:
        raise NotFound
    return row


async def create(tx: Transaction, values: Mapping[str, Any]) -> VehicleRow:
    """Insert a vehicle, and assign it to the driver that `driverId` names, if any."""
    id_ = await _steps.insert(tx, dict.fromkeys(FIELDS) | {"status": "active"} | _columns(values))
    if values.get("driverId") is not None:
        await assign(tx, values["driverId"], id_)
    return await _steps.created(tx, id_)


async def change(tx: Transaction, id_: int, values: Mapping[str, Any]) -> VehicleRow:
    """Merge fields into a vehicle; `driverId` reassigns it, null releases it from its driver."""
    if values.get("driverId") is not None:
        await lock_driver(tx, values["driverId"])
    before = await _steps.get_for_update(tx, id_)
    if "driverId" in values and values["driverId"] != before["driverId"]:
        await _reassign(tx, id_, values["driverId"])
    await _steps.update(tx, id_, _columns(values))
    return await _steps.changed(tx, before)


async def delete(tx: Transaction, id_: int) -> None:
    """Mark a vehicle deleted; Conflict `in_use` while it has a driver."""
    before = await _steps.get_for_update(tx, id_)
    if before["driverId"] is not None:
        raise Conflict(f"In use by {before['driver']}", code="in_use")
    await _steps.delete(tx, before)


async def _reassign(tx: Transaction, id_: int, driver_id: int | None) -> None:
    if driver_id is None:
        await release(tx, vehicle_id=id_)
    else:
        await assign(tx, driver_id, id_)


def _columns(values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if name in FIELDS}
