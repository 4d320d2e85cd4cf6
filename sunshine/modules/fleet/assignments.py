"""One driver, one vehicle, at a time; who drove what before is kept. Tables: models/fleet.py."""

from typing import Any

from sqlalchemy import Integer, bindparam, insert, or_, select, update

from models.fleet import driver, vehicle, vehicle_driver
from sunshine.core.errors import Conflict, Invalid, violations
from sunshine.database.database import Transaction
from sunshine.database.statements import Row, Statement

_TAKEN = Conflict("The vehicle has another driver", code="vehicle_taken")
_BUSY = Conflict("The driver has another vehicle", code="driver_has_vehicle")
violations({"vehicle_driver_vehicle_id_key": _TAKEN, "vehicle_driver_driver_id_key": _BUSY})

_vd = vehicle_driver.c
OPEN = _vd.until.is_(None)
# Drivers before vehicles, whoever asks: two who pair crosswise do not wait for each other.
_LOCK_DRIVER = Statement(
    select(driver.c.id)
    .where(driver.c.id == bindparam("id"), driver.c.deleted_at.is_(None))
    .with_for_update(key_share=True)
)
_LOCK_VEHICLE = Statement(
    select(vehicle.c.id)
    .where(vehicle.c.id == bindparam("id"), vehicle.c.deleted_at.is_(None))
    .with_for_update(key_share=True)
)
_PRESENT = Statement(
    select(_vd.id, _vd.vehicle_id.label("vehicleId"), _vd.driver_id.label("driverId")).where(
        OPEN,
        or_(
            _vd.vehicle_id == bindparam("vehicle", type_=Integer),
            _vd.driver_id == bindparam("driver", type_=Integer),
        ),
    )
)
_OPEN = Statement(
    insert(vehicle_driver).values(
        vehicle_id=bindparam("vehicle"), driver_id=bindparam("driver"), since=bindparam("now")
    )
)
_CLOSE = Statement(
    update(vehicle_driver).where(_vd.id == bindparam("id")).values(until=bindparam("now"))
)


async def pair(tx: Transaction, driver_id: int, vehicle_id: int) -> None:
    """The driver drives the vehicle from now on; Conflict while either is with another."""
    await lock_driver(tx, driver_id)
    if await tx.one_or_none(_LOCK_VEHICLE, id=vehicle_id) is None:
        raise Invalid.field("vehicleId", "does not exist")
    pair_ = {"vehicleId": vehicle_id, "driverId": driver_id}
    for row in await tx.all(_PRESENT, vehicle=vehicle_id, driver=driver_id):
        if row["vehicleId"] == vehicle_id and row["driverId"] == driver_id:
            return
        problem = _TAKEN if row["vehicleId"] == vehicle_id else _BUSY
        raise Conflict(problem.message, code=problem.code, data=_shown(row))
    await tx.execute(_OPEN, vehicle=vehicle_id, driver=driver_id)
    await tx.record("vehicle_assigned", "vehicle", vehicle_id, after=pair_)


async def lock_driver(tx: Transaction, driver_id: int) -> None:
    """The driver, kept as they are until we are done; Invalid."""
    if await tx.one_or_none(_LOCK_DRIVER, id=driver_id) is None:
        raise Invalid.field("driverId", "does not exist")


async def part(
    tx: Transaction, *, driver_id: int | None = None, vehicle_id: int | None = None
) -> None:
    """Whoever is with this driver, or this vehicle, no longer is. Both are locked by the caller."""
    for row in await tx.all(_PRESENT, vehicle=vehicle_id, driver=driver_id):
        await tx.execute(_CLOSE, id=row["id"])
        await tx.record("vehicle_released", "vehicle", row["vehicleId"], before=_shown(row))


def _shown(row: Row) -> dict[str, Any]:
    return {"vehicleId": row["vehicleId"], "driverId": row["driverId"]}
