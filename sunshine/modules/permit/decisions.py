"""Decisions on permits: approved or rejected by somebody else, or cancelled.

The status of a permit changes only while its employee is locked. Applying and reading: requests.py.
"""

from collections.abc import Mapping
from datetime import time, timedelta
from typing import Any

from sqlalchemy import Integer, Time, bindparam, func, select, update

from models.employees import employee
from models.permit import permit
from models.shifts import shift
from sunshine.core.errors import Conflict, NotAllowed
from sunshine.core.principals import Principal
from sunshine.database.database import Database, Transaction
from sunshine.database.pages import Page
from sunshine.database.records import record_change
from sunshine.database.statements import Statement
from sunshine.modules.attendance.absences import sync_absences
from sunshine.modules.attendance.assessment import reassess
from sunshine.modules.attendance.work_calendar import calendar, zone_of
from sunshine.modules.employees import locking
from sunshine.modules.open_requests import is_open
from sunshine.modules.permit import requests as permits
from sunshine.modules.permit.rows import PermitOwner, PermitRow, PermitStart
from sunshine.modules.scope import ME, employee_within, not_found_or_forbidden

_STATUS_AFTER = {"approve": "approved", "reject": "rejected"}

_OWNER = Statement(select(permit.c.employee_id).where(permit.c.id == bindparam("id")), PermitOwner)
_day = calendar(employee.c.id == bindparam("employee", type_=Integer))
_START = Statement(
    select(
        func.timezone(zone_of(_day.c.day), _day.c.day + bindparam("start", type_=Time)).label("at")
    ).select_from(
        _day.join(employee, employee.c.id == _day.c.employee_id).outerjoin(
            shift, shift.c.id == _day.c.shift_id
        )
    ),
    PermitStart,
)
_now = bindparam("now", type_=permit.c.updated_at.type)
_DECIDE = Statement(
    update(permit)
    .where(permit.c.id == bindparam("row_id"), permit.c.status == "pending")
    .values(
        {
            name: bindparam(name, type_=permit.c[name].type)
            for name in ("status", "decided_by_id", "decided_by", "notes")
        }
    )
    .values(decided_at=_now, updated_at=_now)
)
_CANCEL = Statement(
    update(permit)
    .where(permit.c.id == bindparam("row_id"), is_open(permit))
    .values(status="cancelled", updated_at=_now)
)

_QUEUES = {
    scope: (*within, permit.c.status == "pending", permit.c.employee_id.is_distinct_from(ME))
    for scope, within in permits.WITHIN.items()
}


async def queue(
    database: Database, query: Mapping[str, Any], *, actor: Principal
) -> Page[PermitRow]:
    """Return a page of the permits that await the caller's decision, never their own.

    The earliest day comes first.
    """
    scope = actor.scope("permit:approve") or "own"
    query = {"sort": "date"} | dict(query)
    return await permits.listing.page(database, query, where=_QUEUES[scope], me=actor.employee_id)


async def decide(
    tx: Transaction, id_: int, *, action: str, notes: str | None = None, actor: Principal
) -> PermitRow:
    """Approve or reject somebody else's pending permit. Conflict: `already_decided`."""
    employee_id = await _owner(tx, id_, actor, "permit:approve")
    if employee_id == actor.employee_id:
        raise NotAllowed("Nobody decides their own request")
    await employee_within(tx, actor, employee_id, "permit:approve")
    await locking.get_for_update(tx, employee_id)
    before = await permits.get(tx, id_)
    decided = await tx.execute(
        _DECIDE, row_id=id_, status=_STATUS_AFTER[action], notes=notes or None,
        decided_by_id=actor.id, decided_by=actor.name,
    )  # fmt: skip
    if not decided:
        raise _already_decided(before)
    after = await permits.get(tx, id_)
    await record_change(tx, "permit", before, after, f"permit_{after['status']}")
    if action == "approve":
        await _update_attendance(tx, after)
    return after


async def cancel(tx: Transaction, id_: int, *, actor: Principal) -> PermitRow:
    """Cancel a permit that is pending, or approved and not begun.

    Conflict: `already_decided` when it is rejected or cancelled, `permit_begun`.
    """
    employee_id = await _owner(tx, id_, actor, "permit:read")
    if employee_id != actor.employee_id and not actor.may("permit:apply:any"):
        raise NotAllowed
    await locking.get_for_update(tx, employee_id)
    before = await permits.get(tx, id_)
    was_approved = before["status"] == "approved"
    if was_approved and await _has_begun(tx, before):
        raise Conflict("This permit has begun already", code="permit_begun")
    if not await tx.execute(_CANCEL, row_id=id_):
        raise _already_decided(before)
    after = await permits.get(tx, id_)
    await record_change(tx, "permit", before, after, "permit_cancelled")
    if was_approved:
        await _update_attendance(tx, after)
    return after


async def _owner(tx: Transaction, id_: int, actor: Principal, permission: str) -> int:
    row = await tx.one_or_none(_OWNER, id=id_)
    if row is None:
        raise not_found_or_forbidden(actor, permission)
    return row["employee_id"]


async def _update_attendance(tx: Transaction, row: PermitRow) -> None:
    """Make the day's attendance agree with the permits that are approved now."""
    day = row["date"]
    await sync_absences(tx, day, day, row["employeeId"])
    # A night shift that began the day before may have it in its second half.
    await reassess(tx, row["employeeId"], day - timedelta(days=1), day)


async def _has_begun(tx: Transaction, row: PermitRow) -> bool:
    """Return whether a permit has begun, in the timezone in which the employee works that day."""
    start = await tx.one(
        _START,
        employee=row["employeeId"],
        first=row["date"],
        last=row["date"],
        start=time.fromisoformat(row["startTime"]),
        zone=tx.policy.timezone.key,
    )
    return start["at"] <= tx.now


def _already_decided(row: PermitRow) -> Conflict:
    return Conflict(
        f"This permit is already {row['status']}",
        code="already_decided",
        data={"id": row["id"], "status": row["status"]},
    )
