"""What becomes of a request: approved or rejected by somebody else, or cancelled.

The state of a request changes only while its employee is locked.
"""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import bindparam, select, update

from models.leave import leave
from sunshine.core.errors import Conflict, NotAllowed
from sunshine.core.principals import Principal
from sunshine.database.database import Database, Transaction
from sunshine.database.pages import Page
from sunshine.database.records import record_change
from sunshine.database.statements import Row, Statement
from sunshine.modules.attendance.absences import sync_absences
from sunshine.modules.attendance.assessment import reassess
from sunshine.modules.leave import days as leave_days
from sunshine.modules.leave import ledger, overlaps, requests
from sunshine.modules.leave import locking as people
from sunshine.modules.leave.warnings import warnings
from sunshine.modules.scope import ME, conditions, employee_within, not_found_or_forbidden

_KEY = Statement(
    select(leave.c.id, leave.c.employee_id, leave.c.leave_type).where(leave.c.id == bindparam("id"))
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


async def queue(database: Database, query: Mapping[str, Any], *, actor: Principal) -> Page:
    """The requests that wait for the caller, the most urgent first; never their own."""
    scope = actor.scope("leave:approve") or "own"
    sorted_ = {"sort": "deadline"} | dict(query)
    return await requests.listed(database, sorted_, _QUEUES[scope], actor=actor)


async def decide(
    tx: Transaction, id_: int, *, action: str, notes: str | None = None, actor: Principal
) -> Row:
    """Approve or reject a pending request of somebody else's. An approval answers with `warnings`.

    What is past its deadline can be decided until the job has rejected it: the status tells.
    Conflict: `already_decided`; approving also `attendance_recorded`, `insufficient_balance`.
    """
    key = await tx.one_or_none(_KEY, id=id_)
    if key is None:
        raise not_found_or_forbidden(actor, "leave:approve")
    if key["employee_id"] == actor.employee_id:
        raise NotAllowed("Nobody decides their own request")
    await employee_within(tx, actor, key["employee_id"], "leave:approve")
    person = await people.lock_one(tx, key["employee_id"])
    before = await requests.get(tx, id_)
    if before["status"] != "pending":
        raise _closed(before)
    days = await leave_days.of(tx, id_)
    if action == "approve":
        await _approve(tx, key, before, days)
    await tx.execute(
        _DECIDE, row_id=id_, status=_BECOMES[action], notes=notes or None,
        decided_by_id=actor.id, decided_by=actor.name,
    )  # fmt: skip
    after = await requests.get(tx, id_)
    await record_change(tx, "leave", before, after, f"leave_{after['status']}")
    if action == "reject":
        return after
    await _tell_attendance(tx, after)
    return {**after, "warnings": await warnings(tx, person, list(days))}


async def cancel(tx: Transaction, id_: int, *, actor: Principal) -> Row:
    """Withdraw a request that is pending, or approved and not begun; what it took comes back.

    Conflict: `already_decided` when it is rejected or cancelled, `leave_begun`.
    """
    key = await tx.one_or_none(_KEY, id=id_)
    any_ = actor.may("leave:apply:any")
    if key is None:
        raise not_found_or_forbidden(actor, "leave:read")
    if key["employee_id"] != actor.employee_id and not any_:
        raise NotAllowed
    await people.lock_one(tx, key["employee_id"])
    before = await requests.get(tx, id_)
    if before["status"] not in ("pending", "approved"):
        raise _closed(before)
    was_approved = before["status"] == "approved"
    if was_approved and before["startDate"] <= tx.today:
        raise Conflict("This leave has begun already", code="leave_begun")
    await tx.execute(_CANCEL, row_id=id_)
    if was_approved:
        await leave_days.enter(tx, key, await leave_days.of(tx, id_), 1)
        await _tell_attendance(tx, before)
    after = await requests.get(tx, id_)
    await record_change(tx, "leave", before, after, "leave_cancelled")
    return after


async def _tell_attendance(tx: Transaction, row: Row) -> None:
    """The days' attendance agrees with what is approved now."""
    days = row["startDate"], row["endDate"]
    await sync_absences(tx, *days, row["employeeId"])
    await reassess(tx, row["employeeId"], *days)


_BECOMES = {"approve": "approved", "reject": "rejected"}


async def _approve(tx: Transaction, key: Row, request: Row, days: Any) -> None:
    if not request["halfDay"]:
        await overlaps.check_absent(tx, key["employee_id"], days)
    await ledger.require_balance(tx, key["employee_id"], key["leave_type"], days, reserved=True)
    await leave_days.enter(tx, key, days, -1)


def _closed(request: Row) -> Conflict:
    return Conflict(
        f"This request is already {request['status']}",
        code="already_decided",
        data={"id": request["id"], "status": request["status"]},
    )
