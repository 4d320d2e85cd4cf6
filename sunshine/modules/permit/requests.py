"""Permits, absences of a few hours: applying for them and reading them. Tables: models/permit.py.

The employee, their manager, HR and admins see a permit and its reason, a sick permit's too. Nobody
else learns that there is one. Deciding and cancelling: decisions.py.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    Date,
    Time,
    bindparam,
    func,
    insert,
    select,
)

from models.employees import employee
from models.leave import leave
from models.permit import permit
from sunshine.core.errors import Conflict, Invalid, NotAllowed, violations
from sunshine.core.principals import Principal
from sunshine.database.database import Database, Transaction
from sunshine.database.pages import ListQuery, Page
from sunshine.database.records import stamped
from sunshine.database.statements import IdRow, Statement
from sunshine.modules.employees import locking
from sunshine.modules.open_requests import is_open
from sunshine.modules.permit.rows import OverlappingLeave, PermitRow
from sunshine.modules.permit.schemas import FILTERS
from sunshine.modules.scope import (
    check_visible,
    conditions,
    employee_of,
    not_found_or_forbidden,
)

_OVERLAP = Conflict("Overlaps another permit of this employee", code="permit_overlap")
violations({"permit_overlap": _OVERLAP})

MAX_LENGTH = timedelta(hours=8)
_FIELDS = {
    "employeeId": permit.c.employee_id,
    "date": permit.c.date,
    "startTime": permit.c.start_time,
    "endTime": permit.c.end_time,
    "type": permit.c.type,
    "reason": permit.c.reason,
}
_SHOWN = _FIELDS | {
    "startTime": func.to_char(permit.c.start_time, "HH24:MI"),
    "endTime": func.to_char(permit.c.end_time, "HH24:MI"),
}
_ROWS = (
    select(
        permit.c.id,
        *(column.label(name) for name, column in _SHOWN.items()),
        employee.c.name.label("employee"),
        permit.c.status,
        permit.c.decided_by_id.label("decidedById"),
        permit.c.decided_by.label("decidedBy"),
        permit.c.decided_at.label("decidedAt"),
        permit.c.notes,
        permit.c.created_at.label("createdAt"),
        permit.c.updated_at.label("updatedAt"),
    )
    .select_from(permit.join(employee, employee.c.id == permit.c.employee_id))
    .where(employee.c.deleted_at.is_(None))
)
_GET = Statement(_ROWS.where(permit.c.id == bindparam("id")), PermitRow)
_date = bindparam("date", type_=Date)
_span = func.tsrange(
    _date + bindparam("startTime", type_=Time), _date + bindparam("endTime", type_=Time)
)


_OVERLAPPING = Statement(
    _ROWS.where(
        permit.c.employee_id == bindparam("employeeId"),
        is_open(permit),
        permit.c.span.op("&&")(_span),
    )
    .order_by(permit.c.span)
    .limit(1),
    PermitRow,
)
_OVERLAPPING_LEAVE = Statement(
    select(
        leave.c.id,
        leave.c.leave_type.label("leaveType"),
        leave.c.start_date.label("startDate"),
        leave.c.end_date.label("endDate"),
        leave.c.half_day.label("halfDay"),
        leave.c.status,
    )
    .where(
        leave.c.employee_id == bindparam("employeeId"),
        is_open(leave),
        leave.c.span.op("&&")(_span),
    )
    .order_by(leave.c.span)
    .limit(1),
    OverlappingLeave,
)
_INSERT = Statement(
    insert(permit)
    .values({column: bindparam(name, type_=column.type) for name, column in _FIELDS.items()})
    .values(stamped(permit))
    .returning(permit.c.id),
    IdRow,
)
WITHIN = conditions(permit.c.employee_id)
listing = ListQuery(
    _ROWS,
    key=permit.c.id,
    schema=FILTERS,
    filters={
        "status": permit.c.status == bindparam("status"),
        "type": permit.c.type == bindparam("type"),
        "employeeId": permit.c.employee_id == bindparam("employeeId"),
        "date": permit.c.date == bindparam("date"),
        "startDate": permit.c.date >= bindparam("startDate"),
        "endDate": permit.c.date <= bindparam("endDate"),
    },
    sort={"date": permit.c.date, "createdAt": permit.c.created_at},
    default_sort="-id",
    row=PermitRow,
)


async def page(
    database: Database, query: Mapping[str, Any], *, actor: Principal
) -> Page[PermitRow]:
    """Return a page of the permits within the caller's scope, the latest first."""
    if "startDate" in query and "endDate" in query and query["endDate"] < query["startDate"]:
        raise Invalid.field("endDate", "must not be before startDate")
    if "employeeId" in query:
        await check_visible(database, actor, query["employeeId"], "permit:read")
    scope = actor.scope("permit:read") or "own"
    values = {} if scope == "all" else {"me": actor.employee_id}
    return await listing.page(database, query, where=WITHIN[scope], **values)


async def find(database: Database, id_: int, *, actor: Principal) -> PermitRow:
    """Return one permit within the caller's scope; NotFound, NotAllowed."""
    row = await database.one_or_none(_GET, id=id_)
    if row is None:
        raise not_found_or_forbidden(actor, "permit:read")
    await check_visible(database, actor, row["employeeId"], "permit:read")
    return row


async def apply(tx: Transaction, values: Mapping[str, Any], *, actor: Principal) -> PermitRow:
    """Apply for a permit, for the caller where no employee is named.

    Conflict: `employee_inactive`; `permit_overlap` and `leave_overlap`, with the row that it
    overlaps.
    """
    _check_times(values)
    full = {**values, "employeeId": _applicant(actor, values)}
    person = await locking.get_for_update(tx, full["employeeId"])
    if person["status"] != "active":
        raise Conflict("This employee is not active", code="employee_inactive")
    if person["join_date"] and full["date"] < person["join_date"]:
        raise Invalid.field("date", f"is before the employee joined: {person['join_date']}")
    await _check_free(tx, full)
    row = await get(tx, (await tx.one(_INSERT, **full))["id"])
    await tx.record("permit_applied", "permit", row["id"], after=row)
    return row


async def get(tx: Transaction, id_: int) -> PermitRow:
    """Return a permit that exists."""
    return await tx.one(_GET, id=id_)


async def _check_free(tx: Transaction, values: Mapping[str, Any]) -> None:
    """Reject a permit that overlaps another one or leave; half a day of leave ends at noon."""
    other = await tx.one_or_none(_OVERLAPPING, **values)
    if other is not None:
        raise Conflict(_OVERLAP.message, code=_OVERLAP.code, data=other)
    away = await tx.one_or_none(_OVERLAPPING_LEAVE, **values)
    if away is not None:
        raise Conflict("Overlaps leave of this employee", code="leave_overlap", data=away)


def _applicant(actor: Principal, values: Mapping[str, Any]) -> int:
    employee_id: int | None = values.get("employeeId", actor.employee_id)
    if employee_id != actor.employee_id and not actor.may("permit:apply:any"):
        raise NotAllowed("You may apply for yourself only")
    return employee_of(actor) if employee_id is None else employee_id


def _check_times(values: Mapping[str, Any]) -> None:
    begin, end = (
        datetime.combine(values["date"], values[name]) for name in ("startTime", "endTime")
    )
    if end <= begin:
        raise Invalid.field("endTime", "must be after startTime")
    if end - begin > MAX_LENGTH:
        raise Invalid.field("endTime", "must be at most 8 hours after startTime")
