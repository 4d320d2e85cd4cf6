"""Vehicles of the fleet, and who drives them. Tables: models/fleet.py."""

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from sqlalchemy import Integer, and_, bindparam, func, insert, or_, select, update

from models.fleet import driver, vehicle, vehicle_driver
from sunshine.core.errors import Conflict, NotAllowed, NotFound, violations
from sunshine.core.principals import Principal
from sunshine.database.database import Database, Reader, Transaction
from sunshine.database.pages import ListQuery, Page, contains
from sunshine.database.records import merging, record_change, stamped
from sunshine.database.statements import Row, Statement
from sunshine.modules.fleet.assignments import OPEN, lock_driver, pair, part
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
            vehicle_driver, and_(vehicle_driver.c.vehicle_id == vehicle.c.id, OPEN)
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
)
# A driver's list is their own vehicle.
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
)
_FIND = Statement(ROWS.where(vehicle.c.id == bindparam("id")))
_LOCK = Statement(
    select(vehicle.c.id)
    .where(vehicle.c.id == bindparam("id"), vehicle.c.deleted_at.is_(None))
    .with_for_update(key_share=True)
)
_INSERT = Statement(
    insert(vehicle)
    .values({column: bindparam(name, type_=column.type) for name, column in FIELDS.items()})
    .values(stamped(vehicle))
    .returning(vehicle.c.id)
)
_DELETE = Statement(
    update(vehicle).where(vehicle.c.id == bindparam("id")).values(deleted_at=bindparam("now"))
)


async def page(database: Database, query: Mapping[str, Any], *, actor: Principal) -> Page:
    """A page of the vehicles; to a driver their own, whose filter on another driver is refused."""
    if actor.kind == "driver":
        if query.get("driverId", actor.id) != actor.id:
            raise NotAllowed
        return await listing.page(database, query, where=_OWN, me=actor.id)
    return await listing.page(database, query)


async def find(database: Database, id_: int, *, actor: Principal) -> Row:
    """One vehicle; to a driver their own."""
    row = await database.one_or_none(_FIND, id=id_)
    if actor.kind == "driver" and (row is None or row["driverId"] != actor.id):
        raise NotAllowed
    if row is None:
        raise NotFound
    return row


async def create(tx: Transaction, values: Mapping[str, Any]) -> Row:
    """A new vehicle, with a driver where one is named."""
    fields = {name: value for name, value in values.items() if name in FIELDS}
    id_ = (await tx.one(_INSERT, **(dict.fromkeys(FIELDS) | {"status": "active"} | fields)))["id"]
    if values.get("driverId") is not None:
        await pair(tx, values["driverId"], id_)
    row = await _current(tx, id_)
    await tx.record("vehicle_created", "vehicle", id_, after=row)
    return row


async def change(tx: Transaction, id_: int, values: Mapping[str, Any]) -> Row:
    """Merge into a vehicle; `driverId` null takes it from its driver."""
    if values.get("driverId") is not None:
        await lock_driver(tx, values["driverId"])
    await tx.execute(_LOCK, id=id_)
    before = await _current(tx, id_)
    if "driverId" in values and values["driverId"] != before["driverId"]:
        await _hand_over(tx, id_, values["driverId"])
    fields = {name: value for name, value in values.items() if name in FIELDS}
    await tx.execute(_update(tuple(sorted(fields))), row_id=id_, **fields)
    after = await _current(tx, id_)
    await record_change(tx, "vehicle", before, after)
    return after


async def delete(tx: Transaction, id_: int) -> None:
    """A vehicle leaves the fleet; Conflict while somebody drives it."""
    await tx.execute(_LOCK, id=id_)
    before = await _current(tx, id_)
    if before["driverId"] is not None:
        raise Conflict(f"In use by {before['driver']}", code="in_use")
    await tx.execute(_DELETE, id=id_)
    await tx.record("vehicle_deleted", "vehicle", id_, before=before)


async def _hand_over(tx: Transaction, id_: int, driver_id: int | None) -> None:
    if driver_id is None:
        await part(tx, vehicle_id=id_)
    else:
        await pair(tx, driver_id, id_)


async def _current(reader: Reader, id_: int) -> Row:
    row = await reader.one_or_none(_FIND, id=id_)
    if row is None:
        raise NotFound
    return row


@lru_cache(maxsize=64)
def _update(names: tuple[str, ...]) -> Statement[Any]:
    return merging(vehicle, {name: FIELDS[name] for name in names})
