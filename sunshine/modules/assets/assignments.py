"""Assign an asset to one employee at a time, and take it back. Tables: models/assets.py.

Assigning and returning lock the employee, then the asset, as the end of an employment does: no
deadlocks. One holder per asset is a unique index.
"""

from datetime import date

from sqlalchemy import Date, Integer, Text, and_, bindparam, insert, or_, select, update

from models.assets import asset, asset_assignment, asset_reservation
from models.employees import employee
from sunshine.core.errors import Conflict, Invalid, violations
from sunshine.database.database import Transaction
from sunshine.database.records import stamped
from sunshine.database.statements import Statement
from sunshine.modules.assets.history import append_history
from sunshine.modules.assets.inventory import assigned, changed, get, get_for_update
from sunshine.modules.assets.rows import ActiveRow, AssetRow, HeldRow, ReservedRow

violations(
    {"asset_assignment_holder_key": Conflict("The asset is assigned", code="asset_assigned")}
)

_EMPLOYEE = Statement(
    select((and_(employee.c.status == "active", employee.c.deleted_at.is_(None))).label("active"))
    .where(employee.c.id == bindparam("id", type_=Integer))
    .with_for_update(key_share=True, read=True),
    ActiveRow,
)
_day = bindparam("day", type_=Date)
# A reservation of today counts for an assignment under an earlier date too.
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
    ),
    ReservedRow,
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
# Locked in one order: two ends of employments cannot deadlock.
_HELD = Statement(
    select(asset.c.id, asset.c.asset_code.label("assetCode"), asset.c.name)
    .join(asset_assignment, asset_assignment.c.asset_id == asset.c.id)
    .where(
        asset_assignment.c.employee_id == bindparam("employee", type_=Integer),
        asset_assignment.c.returned_on.is_(None),
    )
    .order_by(asset.c.id)
    .with_for_update(of=asset, key_share=True),
    HeldRow,
)


async def assign(
    tx: Transaction,
    id_: int,
    *,
    employeeId: int,
    assignDate: date | None = None,
    notes: str | None = None,
) -> AssetRow:
    """Assign an active, unassigned asset to an active employee, from today by default.

    Conflict `asset_assigned` names the holder; `asset_not_active`; `asset_reserved` by somebody
    else on that day or today.
    """
    is_active = await lock_employee(tx, employeeId)
    before = await get_for_update(tx, id_)
    if before["assignedTo"] is not None:
        raise assigned(before)
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
    await append_history(tx, id_, "assigned", employee_id=employeeId, notes=notes)
    return await changed(tx, before, "asset_assigned")


async def return_asset(
    tx: Transaction,
    id_: int,
    *,
    returnDate: date | None = None,
    condition: str | None = None,
    notes: str | None = None,
) -> AssetRow:
    """End the current assignment, today by default; Conflict `asset_not_assigned`."""
    holder = (await get(tx, id_))["assignedTo"]
    await lock_employee(tx, holder)
    before = await get_for_update(tx, id_)
    since = before["assignDate"]
    # Another holder by now means that the one of this request has returned it.
    if holder is None or since is None or before["assignedTo"] != holder:
        raise Conflict("The asset is not assigned", code="asset_not_assigned")
    day = returnDate or max(tx.today, since)
    if day < since:
        raise Invalid.field("returnDate", "must not be before the assignment")
    await tx.execute(_RETURN, id=id_, day=day, condition=condition)
    await append_history(
        tx, id_, "returned", employee_id=before["assignedTo"], notes=notes or condition
    )
    return await changed(tx, before, "asset_returned")


async def take_from(tx: Transaction, employee_id: int, *, force: bool) -> None:
    """Return every asset of an employee whose employment ends, with `force`; without it, Conflict
    `assets_held` lists them.

    The caller has locked the employee: nothing can be assigned to them meanwhile.
    """
    held = await tx.all(_HELD, employee=employee_id)
    if held and not force:
        codes = ", ".join(row["assetCode"] for row in held)
        raise Conflict(f"Still holds {codes}", code="assets_held", data={"assets": held})
    for row in held:
        await return_asset(tx, row["id"], notes="Employment ended")


async def lock_employee(tx: Transaction, employee_id: int | None) -> bool:
    """Lock an employee for the transaction, FOR KEY SHARE; return whether they are active."""
    row = await tx.one_or_none(_EMPLOYEE, id=employee_id)
    return row is not None and row["active"]


def _state(row: AssetRow) -> str:
    return "in maintenance" if row["status"] == "maintenance" else row["status"]
