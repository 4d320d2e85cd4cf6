"""Decisions on requests: approved or rejected by somebody else, or cancelled.

The status of a request changes only while its employee is locked.
"""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from sqlalchemy import bindparam, select, update

from models.leave import leave
from sunshine.core.errors import Conflict, NotAllowed
from sunshine.core.principals import Principal
from sunshine.database.database import Database, Transaction
from sunshine.database.pages import Page
from sunshine.database.records import record_change
from sunshine.database.statements import Statement
from sunshine.modules.attendance.absences import sync_absences
from sunshine.modules.attendance.assessment import reassess
from sunshine.modules.employees import locking
from sunshine.modules.leave import days as leave_days
from sunshine.modules.leave import ledger, overlaps, requests
from sunshine.modules.leave.rows import LeaveKey, LeaveRow, LeaveWithWarnings
from sunshine.modules.leave.warnings import warnings
from sunshine.modules.scope import ME, conditions, employee_within, not_found_or_forbidden

_STATUS_AFTER = {"approve": "approved", "reject": "rejected"}

_KEY = Statement(
    select(leave.c.id, leave.c.employee_id, leave.c.leave_type).where(
        leave.c.id == bindparam("id")
    ),
    LeaveKey,
)
_DECIDE = Statement(
    update(leave)
    .where(leave.c.id == bindparam("row_id"))
    .values(
        {
            name: bindparam(name, type_=leave.c[name].type)
            for name in ("status", "decided_by_id", "decided_by", "notes")
        }
    )
    .values(
        decided_at=bindparam("now", type_=leave.c.decided_at.type),
        updated_at=bindparam("now", type_=leave.c.updated_at.type),
    )
)
_CANCEL = Statement(
    update(leave)
    .where(leave.c.id == bindparam("row_id"))
    .values(status="cancelled", updated_at=bindparam("now", type_=leave.c.updated_at.type))
)
_QUEUES = {
    scope: (*within, leave.c.status == "pending", leave.c.employee_id.is_distinct_from(ME))
    for scope, within in conditions(leave.c.employee_id).items()
}


async def queue(
    database: Database, query: Mapping[str, Any], *, actor: Principal
) -> Page[LeaveRow]:
    """Return a page of the requests that await the caller's decision, never their own.

    The earliest deadline comes first.
    """
    scope = actor.scope("leave:approve") or "own"
    sorted_ = {"sort": "deadline"} | dict(query)
    return await requests.list_page(database, sorted_, _QUEUES[scope], actor=actor)


async def decide(
    tx: Transaction, id_: int, *, action: str, notes: str | None = None, actor: Principal
) -> LeaveRow | LeaveWithWarnings:
    """Approve or reject somebody else's pending request; an approval returns `warnings` too.

    A request past its deadline can be decided until the job has rejected it: its status counts.
    Conflict: `already_decided`; for an approval also `attendance_recorded`, `insufficient_balance`.
    """
    key = await tx.one_or_none(_KEY, id=id_)
    if key is None:
        raise not_found_or_forbidden(actor, "leave:approve")
    if key["employee_id"] == actor.employee_id:
        raise NotAllowed("Nobody decides their own request")
    await employee_within(tx, actor, key["employee_id"], "leave:approve")
    person = await locking.get_for_update(tx, key["employee_id"])
    before = await requests.get(tx, id_)
    if before["status"] != "pending":
        raise _already_decided(before)
    days = await leave_days.get(tx, id_)
    if action == "approve":
        await _approve(tx, key, before, days)
    await tx.execute(
        _DECIDE, row_id=id_, status=_STATUS_AFTER[action], notes=notes or None,
        decided_by_id=actor.id, decided_by=actor.name,
    )  # fmt: skip
    after = await requests.get(tx, id_)
    await record_change(tx, "leave", before, after, f"leave_{after['status']}")
    if action == "reject":
        return after
    await _update_attendance(tx, after)
    return {**after, "warnings": await warnings(tx, person, list(days))}


async def cancel(tx: Transaction, id_: int, *, actor: Principal) -> LeaveRow:
    """Cancel a request that is pending, or approved and not begun, and give its days back.

    Conflict: `already_decided` when it is rejected or cancelled, `leave_begun`.
    """
    key = await tx.one_or_none(_KEY, id=id_)
    if key is None:
        raise not_found_or_forbidden(actor, "leave:read")
    if key["employee_id"] != actor.employee_id and not actor.may("leave:apply:any"):
        raise NotAllowed
    await locking.get_for_update(tx, key["employee_id"])
    before = await requests.get(tx, id_)
    if before["status"] not in ("pending", "approved"):
        raise _already_decided(before)
    was_approved = before["status"] == "approved"
    if was_approved and before["startDate"] <= tx.today:
        raise Conflict("This leave has begun already", code="leave_begun")
    await tx.execute(_CANCEL, row_id=id_)
    if was_approved:
        await leave_days.post(tx, key, await leave_days.get(tx, id_), 1)
        await _update_attendance(tx, before)
    after = await requests.get(tx, id_)
    await record_change(tx, "leave", before, after, "leave_cancelled")
    return after


async def _update_attendance(tx: Transaction, row: LeaveRow) -> None:
    """Make the days' attendance agree with the leave that is approved now."""
    days = row["startDate"], row["endDate"]
    await sync_absences(tx, *days, row["employeeId"])
    await reassess(tx, row["employeeId"], *days)


async def _approve(
    tx: Transaction, key: LeaveKey, request: LeaveRow, days: Mapping[date, Decimal]
) -> None:
    """Check that the days are free and paid for, and take them from the balance."""
    if not request["halfDay"]:
        await overlaps.check_absent(tx, key["employee_id"], days)
    await ledger.require_balance(tx, key["employee_id"], key["leave_type"], days, reserved=True)
    await leave_days.post(tx, key, days, -1)


def _already_decided(request: LeaveRow) -> Conflict:
    return Conflict(
        f"This request is already {request['status']}",
        code="already_decided",
        data={"id": request["id"], "status": request["status"]},
    )
