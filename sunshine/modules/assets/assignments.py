"""Who holds an asset: assigned to one employee at a time, returned. Tables: models/assets.py.

Whoever hands out or takes back locks the employee, then the asset: so does an employment that
ends, and nobody waits for the other crosswise. One holder per asset is a unique index.
"""

from datetime import date
from typing import Any

from sqlalchemy import Date, Integer, Text, and_, bindparam, insert, or_, select, update

from models.assets import asset, asset_assignment, asset_reservation
from models.employees import employee
from sunshine.core.errors import Conflict, Invalid, violations
from sunshine.database.database import Transaction
from sunshine.database.records import record_change, stamped
from sunshine.database.statements import Row, Statement
from sunshine.modules.assets.history import remember
from sunshine.modules.assets.inventory import current, held_by, locked

violations(
    {"asset_assignment_holder_key": Conflict("The asset is assigned", code="asset_assigned")}
)

_EMPLOYEE = Statement(
    select((and_(employee.c.status == "active", employee.c.deleted_at.is_(None))).label("active"))
    .where(employee.c.id == bindparam("id", type_=Integer))
    .with_for_update(key_share=True, read=True)
)
_day = bindparam("day", type_=Date)
# Handed out today under an earlier date, it is still wanted today.
_RESERVED = Statement(
    select(
        asset_reservation.c.id,
        asset_reservation.c.employee_id.label("employeeId"),
        asset_reservation.c.valid_from.label("from"),
        asset_reservation.c.valid_to.label("to"),
    ).where(
        asset_reservation.c.asset_id == bindparam("id"),
        asset_reservation.c.employee_id != bindparam("employee"),
        asset_reservation.c.deleted_at.is_(None),
        or_(
            _day.between(asset_reservation.c.valid_from, asset_reservation.c.valid_to),
            bindparam("today", type_=Date).between(
                asset_reservation.c.valid_from, asset_reservation.c.valid_to
            ),
        ),
    )
)
_ASSIGN = Statement(
    insert(asset_assignment)
    .values(
        asset_id=bindparam("id"),
        employee_id=bindparam("employee"),
        assigned_on=_day,
    )
    .values(stamped(asset_assignment))
)
_RETURN = Statement(
    update(asset_assignment)
    .where(
        asset_assignment.c.asset_id == bindparam("id"),
        asset_assignment.c.returned_on.is_(None),
    )
    .values(
        returned_on=_day,
        condition=bindparam("condition", type_=Text),
        updated_at=bindparam("now"),
    )
)
# Locked in one order, so that two who end employments cannot wait for each other.
_HELD = Statement(
    select(asset.c.id, asset.c.asset_code.label("assetCode"), asset.c.name)
    .join(asset_assignment, asset_assignment.c.asset_id == asset.c.id)
    .where(
        asset_assignment.c.employee_id == bindparam("employee", type_=Integer),
        asset_assignment.c.returned_on.is_(None),
    )
    .order_by(asset.c.id)
    .with_for_update(of=asset, key_share=True)
)


async def assign(
    tx: Transaction,
    id_: int,
    *,
    employeeId: int,
    assignDate: date | None = None,
    notes: str | None = None,
) -> Row:
    """Hand an active, free asset to an active employee; Conflict names who has it."""
    is_active = await keep_active(tx, employeeId)
    before = await locked(tx, id_)
    if before["assignedTo"] is not None:
        raise held_by(before)
    if before["status"] != "active":
        raise Conflict(f"The asset is {_state(before)}", code="asset_not_active")
    if not is_active:
        raise Invalid.field("employeeId", "is not an active employee")
    day = assignDate or tx.today
    reserved = await tx.one_or_none(_RESERVED, id=id_, employee=employeeId, day=day, today=tx.today)
    if reserved is not None:
        raise Conflict(
            "The asset is reserved for somebody else", code="asset_reserved", data=reserved
        )
    await tx.execute(_ASSIGN, id=id_, employee=employeeId, day=day)
    await remember(tx, id_, "assigned", employee_id=employeeId, notes=notes)
    after = await current(tx, id_)
    await record_change(tx, "asset", before, after, "asset_assigned")
    return after


async def give_back(
    tx: Transaction,
    id_: int,
    *,
    returnDate: date | None = None,
    condition: str | None = None,
    notes: str | None = None,
) -> Row:
    """End the present assignment; Conflict when there is none."""
    holder = (await current(tx, id_))["assignedTo"]
    await keep_active(tx, holder)
    before = await locked(tx, id_)
    # Somebody else's by now: whoever held it when we were asked has given it back.
    if holder is None or before["assignedTo"] != holder:
        raise Conflict("The asset is not assigned", code="asset_not_assigned")
    day = returnDate or max(tx.today, before["assignDate"])
    if day < before["assignDate"]:
        raise Invalid.field("returnDate", "must not be before the assignment")
    await tx.execute(_RETURN, id=id_, day=day, condition=condition)
    await remember(tx, id_, "returned", employee_id=before["assignedTo"], notes=notes or condition)
    after = await current(tx, id_)
    await record_change(tx, "asset", before, after, "asset_returned")
    return after


async def take_from(tx: Transaction, employee_id: int, *, force: bool) -> None:
    """What ends an employment: nothing is held any more. Conflict lists it, or `force` returns all.

    The employee is locked: nothing can be assigned to them meanwhile.
    """
    held: list[dict[str, Any]] = await tx.all(_HELD, employee=employee_id)
    if held and not force:
        codes = ", ".join(row["assetCode"] for row in held)
        raise Conflict(f"Still holds {codes}", code="assets_held", data={"assets": held})
    for row in held:
        await give_back(tx, row["id"], notes="Employment ended")


async def keep_active(tx: Transaction, employee_id: int | None) -> bool:
    """Whether the employee is active, who stays what they are until we are done."""
    row = await tx.one_or_none(_EMPLOYEE, id=employee_id)
    return row is not None and bool(row["active"])


def _state(row: Row) -> str:
    return "in maintenance" if row["status"] == "maintenance" else str(row["status"])
