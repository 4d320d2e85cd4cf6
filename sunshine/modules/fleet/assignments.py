"""Assign one vehicle to one driver at a time, and keep the history. Tables: models/fleet.py."""

from sqlalchemy import Integer, bindparam, insert, or_, select, update

from models.fleet import driver, vehicle, vehicle_driver
from sunshine.core.errors import Conflict, Invalid, violations
from sunshine.database.database import Transaction
from sunshine.database.statements import IdRow, Statement
from sunshine.modules.fleet.rows import AssignmentRow, PairRow

_TAKEN = Conflict("The vehicle has another driver", code="vehicle_taken")
_BUSY = Conflict("The driver has another vehicle", code="driver_has_vehicle")
violations({"vehicle_driver_vehicle_id_key": _TAKEN, "vehicle_driver_driver_id_key": _BUSY})

_vd = vehicle_driver.c
IS_CURRENT = _vd.until.is_(None)
# Drivers are always locked before vehicles: two crosswise assignments cannot deadlock.
_LOCK_DRIVER = Statement(
    select(driver.c.id)
    .where(driver.c.id == bindparam("id"), driver.c.deleted_at.is_(None))
    .with_for_update(key_share=True),
    IdRow,
)
_LOCK_VEHICLE = Statement(
    select(vehicle.c.id)
    .where(vehicle.c.id == bindparam("id"), vehicle.c.deleted_at.is_(None))
    .with_for_update(key_share=True),
    IdRow,
)
_CURRENT = Statement(
    select(_vd.id, _vd.vehicle_id.label("vehicleId"), _vd.driver_id.label("driverId")).where(
        IS_CURRENT,
        or_(
            _vd.vehicle_id == bindparam("vehicle", type_=Integer),
            _vd.driver_id == bindparam("driver", type_=Integer),
        ),
    ),
    AssignmentRow,
)
_OPEN = Statement(
    insert(vehicle_driver).values(
        vehicle_id=bindparam("vehicle"), driver_id=bindparam("driver"), since=bindparam("now")
    )
)
_CLOSE = Statement(
    update(vehicle_driver).where(_vd.id == bindparam("id")).values(until=bindparam("now"))
)


async def assign(tx: Transaction, driver_id: int, vehicle_id: int) -> None:
    """Assign a vehicle to a driver from now on; Conflict while either has another."""
    await lock_driver(tx, driver_id)
    if await tx.one_or_none(_LOCK_VEHICLE, id=vehicle_id) is None:
        raise Invalid.field("vehicleId", "does not exist")
    for row in await tx.all(_CURRENT, vehicle=vehicle_id, driver=driver_id):
        if row["vehicleId"] == vehicle_id and row["driverId"] == driver_id:
            return
        problem = _TAKEN if row["vehicleId"] == vehicle_id else _BUSY
        raise Conflict(problem.message, code=problem.code, data=_pair(row))
    await tx.execute(_OPEN, vehicle=vehicle_id, driver=driver_id)
    pair = PairRow(vehicleId=vehicle_id, driverId=driver_id)
    await tx.record("vehicle_assigned", "vehicle", vehicle_id, after=pair)


async def lock_driver(tx: Transaction, driver_id: int) -> None:
    """Lock a driver against other changes until the transaction ends; Invalid where none exists."""
    if await tx.one_or_none(_LOCK_DRIVER, id=driver_id) is None:
        raise Invalid.field("driverId", "does not exist")


async def release(
    tx: Transaction, *, driver_id: int | None = None, vehicle_id: int | None = None
) -> None:
    """End the current assignment of a driver or of a vehicle, which the caller has locked."""
    for row in await tx.all(_CURRENT, vehicle=vehicle_id, driver=driver_id):
        await tx.execute(_CLOSE, id=row["id"])
        await tx.record("vehicle_released", "vehicle", row["vehicleId"], before=_pair(row))


def _pair(row: AssignmentRow) -> PairRow:
    return PairRow(vehicleId=row["vehicleId"], driverId=row["driverId"])
