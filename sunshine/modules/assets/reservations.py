"""Reserve an asset for a period of days; reservations of one asset never overlap.

Tables: models/assets.py.
"""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Date, bindparam, func, insert, select, update

from models.assets import asset_reservation
from models.employees import employee
from sunshine.core.errors import Conflict, Invalid, NotAllowed, NotFound, violations
from sunshine.core.principals import Principal, Scope
from sunshine.database.database import Database, Transaction
from sunshine.database.pages import ListQuery, Page
from sunshine.database.records import stamped
from sunshine.database.statements import IdRow, Statement
from sunshine.modules.assets.assignments import lock_employee
from sunshine.modules.assets.inventory import check_exists, get_for_update
from sunshine.modules.assets.rows import CancelledRow, OverlapRow, ReservationRow
from sunshine.modules.scope import conditions, employee_of, employee_within

_OVERLAP = Conflict("The asset is reserved in these days", code="asset_reserved")
violations({"asset_reservation_overlap": _OVERLAP})

_r = asset_reservation.c
_rows = (
    select(
        _r.id,
        _r.asset_id.label("assetId"),
        _r.employee_id.label("employeeId"),
        employee.c.name.label("employee"),
        _r.valid_from.label("from"),
        _r.valid_to.label("to"),
        _r.notes,
        _r.created_at.label("createdAt"),
    )
    .select_from(asset_reservation.join(employee, employee.c.id == _r.employee_id))
    .where(_r.deleted_at.is_(None), _r.asset_id == bindparam("asset"))
)
REACH = conditions(_r.employee_id)
listing = ListQuery(
    _rows, key=_r.id, sort={"from": _r.valid_from}, default_sort="from", row=ReservationRow
)
_FIND = {
    scope: Statement(_rows.where(_r.id == bindparam("id"), *where), ReservationRow)
    for scope, where in REACH.items()
}
_OVERLAPPING = Statement(
    select(_r.id, _r.valid_from.label("from"), _r.valid_to.label("to"))
    .where(
        _r.asset_id == bindparam("asset"),
        _r.deleted_at.is_(None),
        func.daterange(_r.valid_from, _r.valid_to, "[]").op("&&")(
            func.daterange(bindparam("from", type_=Date), bindparam("to", type_=Date), "[]")
        ),
    )
    .order_by(_r.valid_from)
    .limit(1),
    OverlapRow,
)
_INSERT = Statement(
    insert(asset_reservation)
    .values(
        {
            _r.asset_id: bindparam("asset"),
            _r.employee_id: bindparam("employee"),
            _r.valid_from: bindparam("from", type_=Date),
            _r.valid_to: bindparam("to", type_=Date),
            _r.notes: bindparam("notes", type_=_r.notes.type),
            **stamped(asset_reservation),
        }
    )
    .returning(_r.id),
    IdRow,
)
_CANCEL = Statement(
    update(asset_reservation).where(_r.id == bindparam("id")).values(deleted_at=bindparam("now"))
)
_RELEASE = Statement(
    update(asset_reservation)
    .where(
        _r.employee_id == bindparam("employee"),
        _r.valid_to >= bindparam("today", type_=Date),
        _r.deleted_at.is_(None),
    )
    .values(deleted_at=bindparam("now"))
    .returning(
        _r.id,
        _r.asset_id.label("assetId"),
        _r.employee_id.label("employeeId"),
        _r.valid_from.label("from"),
        _r.valid_to.label("to"),
    ),
    CancelledRow,
)


async def page(
    database: Database, asset_id: int, query: Mapping[str, Any], *, actor: Principal
) -> Page[ReservationRow]:
    """Return a page of the reservations that the caller sees, the earliest first; NotFound."""
    await check_exists(database, asset_id)
    return await listing.page(
        database, query, where=REACH[_scope(actor)], asset=asset_id, me=actor.employee_id
    )


async def reserve(
    tx: Transaction, asset_id: int, values: Mapping[str, Any], *, actor: Principal
) -> ReservationRow:
    """Reserve an asset from one day to another, both included, for oneself by default.

    Conflict `asset_reserved` names the days that are taken; `asset_not_active` of a retired asset.
    """
    whose = values["employeeId"] if "employeeId" in values else employee_of(actor)
    if _scope(actor) != "all":
        await employee_within(tx, actor, whose, "assets:read")
    if values["to"] < values["from"]:
        raise Invalid.field("to", "must not be before from")
    is_active = await lock_employee(tx, whose)
    found = await get_for_update(tx, asset_id)
    if found["status"] == "retired":
        raise Conflict("The asset is retired", code="asset_not_active")
    if not is_active:
        raise Invalid.field("employeeId", "is not an active employee")
    days = {"from": values["from"], "to": values["to"]}
    overlap = await tx.one_or_none(_OVERLAPPING, asset=asset_id, **days)
    if overlap is not None:
        raise Conflict(_OVERLAP.message, code=_OVERLAP.code, data=overlap)
    made = await tx.one(_INSERT, asset=asset_id, employee=whose, notes=values.get("notes"), **days)
    row = await tx.one(_FIND["all"], asset=asset_id, id=made["id"])
    await tx.record("asset_reserved", "asset_reservation", row["id"], after=row)
    return row


async def cancel(tx: Transaction, asset_id: int, id_: int, *, actor: Principal) -> None:
    """Cancel a reservation; NotFound by the scope `all`, else NotAllowed."""
    scope = _scope(actor)
    before = await tx.one_or_none(_FIND[scope], asset=asset_id, id=id_, me=actor.employee_id)
    if before is None:
        raise NotFound if scope == "all" else NotAllowed
    if await tx.execute(_CANCEL, id=id_):
        await tx.record("asset_reservation_cancelled", "asset_reservation", id_, before=before)


async def release(tx: Transaction, employee_id: int) -> None:
    """Cancel the reservations from today on of an employee whose employment ends."""
    rows = await tx.all(_RELEASE, employee=employee_id, today=tx.today)
    await tx.record_all(
        "asset_reservation_cancelled", "asset_reservation", [(row["id"], row, None) for row in rows]
    )


def _scope(actor: Principal) -> Scope:
    if actor.may_any(("assets:manage", "assets:assign")):
        return "all"
    return actor.scope("assets:read") or "own"
