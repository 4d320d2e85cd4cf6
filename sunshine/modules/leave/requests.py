"""Requests for leave: applying and reading. Tables: models/leave.py.

Deciding and cancelling: decisions.py. The days of a request: days.py. Balances: ledger.py, which
subtract the days of pending requests: these are reserved.
"""

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Date,
    DateTime,
    Text,
    and_,
    bindparam,
    cast,
    exists,
    func,
    insert,
    literal,
    select,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB, aggregate_order_by

from models.employees import employee
from models.leave import holiday, leave, leave_day
from sunshine.core.errors import Conflict, Invalid, NotAllowed, NotFound
from sunshine.core.principals import Principal
from sunshine.database.database import Database, Reader, Transaction
from sunshine.database.pages import ListQuery, Page
from sunshine.database.records import stamped
from sunshine.database.statements import IdRow, Statement
from sunshine.files.columns import names
from sunshine.modules.employees import locking
from sunshine.modules.employees.locking import LockedEmployee
from sunshine.modules.leave import days as leave_days
from sunshine.modules.leave import ledger, overlaps
from sunshine.modules.leave.rows import LeaveRow, LeaveWithWarnings
from sunshine.modules.leave.schemas import FILTERS
from sunshine.modules.leave.warnings import warnings
from sunshine.modules.scope import (
    check_visible,
    conditions,
    employee_of,
    not_found_or_forbidden,
)

MAX_DAYS = 366

_FIELDS = {
    "employeeId": leave.c.employee_id,
    "leaveType": leave.c.leave_type,
    "startDate": leave.c.start_date,
    "endDate": leave.c.end_date,
    "halfDay": leave.c.half_day,
    "reason": leave.c.reason,
    "documents": leave.c.documents,
    "deadline": leave.c.deadline,
}


def _excluded() -> ColumnElement[Any]:
    """Return the column of the days from start to end that are not taken, each with its reason."""
    midnights = (cast(leave.c[name], DateTime) for name in ("start_date", "end_date"))
    series = func.generate_series(*midnights, text("interval '1 day'"))
    days = series.table_valued("at").render_derived()
    day = cast(days.c.at, Date)
    excluded = func.jsonb_build_object(
        "date", day, "reason", func.coalesce(holiday.c.name, literal("weekend", Text))
    )
    of_request = (leave_day.c.leave_id == leave.c.id, leave_day.c.day == day)
    taken = exists().where(*of_request).correlate(leave, days)
    return (
        select(func.coalesce(func.jsonb_agg(aggregate_order_by(excluded, day)), literal([], JSONB)))
        .select_from(
            days.outerjoin(holiday, and_(holiday.c.date == day, holiday.c.deleted_at.is_(None)))
        )
        .where(~taken)
        .correlate(leave)
        .scalar_subquery()
    )


_days = (
    select(func.trim_scale(func.coalesce(func.sum(leave_day.c.portion), 0)))
    .where(leave_day.c.leave_id == leave.c.id)
    .correlate(leave)
    .scalar_subquery()
)
_ROWS = (
    select(
        leave.c.id,
        *(column.label(name) for name, column in _FIELDS.items()),
        employee.c.name.label("employee"),
        _days.label("days"),
        _excluded().label("excludedDates"),
        leave.c.status,
        leave.c.decided_by_id.label("decidedById"),
        leave.c.decided_by.label("decidedBy"),
        leave.c.decided_at.label("decidedAt"),
        leave.c.notes,
        leave.c.created_at.label("createdAt"),
        leave.c.updated_at.label("updatedAt"),
    )
    .select_from(leave.join(employee, employee.c.id == leave.c.employee_id))
    .where(employee.c.deleted_at.is_(None))
)
_GET = Statement(_ROWS.where(leave.c.id == bindparam("id")), LeaveRow)
_WITHIN = conditions(leave.c.employee_id)
_NAMING_FILE = {
    scope: Statement(
        select(leave.c.id)
        .join(employee, employee.c.id == leave.c.employee_id)
        .where(
            names(leave.c.documents),
            employee.c.deleted_at.is_(None),
            *where,
        )
        .limit(1),
        IdRow,
    )
    for scope, where in _WITHIN.items()
}
listing = ListQuery(
    _ROWS,
    key=leave.c.id,
    schema=FILTERS,
    filters={
        "status": leave.c.status == bindparam("status"),
        "leaveType": leave.c.leave_type == bindparam("leaveType"),
        "employeeId": leave.c.employee_id == bindparam("employeeId"),
        "startDate": leave.c.end_date >= bindparam("startDate"),
        "endDate": leave.c.start_date <= bindparam("endDate"),
    },
    sort={"startDate": leave.c.start_date, "deadline": leave.c.deadline},
    default_sort="-id",
    row=LeaveRow,
)
_OF_EMPLOYEE = (leave.c.employee_id == bindparam("employee"),)

_INSERT = Statement(
    insert(leave)
    .values({column: bindparam(name, type_=column.type) for name, column in _FIELDS.items()})
    .values(stamped(leave))
    .returning(leave.c.id),
    IdRow,
)


async def page(database: Database, query: Mapping[str, Any], *, actor: Principal) -> Page[LeaveRow]:
    """Return a page of the requests within the caller's scope, the latest first.

    `startDate` and `endDate` find the requests that overlap these days.
    """
    where = _WITHIN[actor.scope("leave:read") or "own"]
    return await list_page(database, query, where, actor=actor)


async def history(
    database: Database, employee_id: int, query: Mapping[str, Any], *, actor: Principal
) -> Page[LeaveRow]:
    """Return a page of an employee's requests, the latest first; NotAllowed."""
    await check_visible(database, actor, employee_id, "leave:read")
    return await list_page(database, query, _OF_EMPLOYEE, actor=actor, employee=employee_id)


async def list_page(
    database: Database,
    query: Mapping[str, Any],
    where: tuple[ColumnElement[bool], ...],
    *,
    actor: Principal,
    **values: Any,
) -> Page[LeaveRow]:
    """Return a page of the requests that fulfil `where`, whose parameter `me` is the caller."""
    if "startDate" in query and "endDate" in query and query["endDate"] < query["startDate"]:
        raise Invalid.field("endDate", "must not be before startDate")
    if "employeeId" in query:
        await check_visible(database, actor, query["employeeId"], "leave:read")
    values["me"] = actor.employee_id
    return await listing.page(database, query, where=where, **values)


async def find(database: Database, id_: int, *, actor: Principal) -> LeaveRow:
    """Return one request within the caller's scope; NotFound, NotAllowed."""
    row = await database.one_or_none(_GET, id=id_)
    if row is None:
        raise not_found_or_forbidden(actor, "leave:read")
    await check_visible(database, actor, row["employeeId"], "leave:read")
    return row


async def check_file(reader: Reader, name: str, *, actor: Principal) -> None:
    """Reject unless a request within the caller's scope names the file; NotFound, NotAllowed."""
    scope = actor.scope("leave:read") or "own"
    if await reader.one_or_none(_NAMING_FILE[scope], name=name, me=actor.employee_id) is None:
        raise not_found_or_forbidden(actor, "leave:read")


async def apply(
    tx: Transaction, values: Mapping[str, Any], *, actor: Principal
) -> LeaveWithWarnings:
    """Apply for leave, for the caller where no employee is named.

    Conflict: `employee_inactive`; `leave_overlap`, `permit_overlap` and `attendance_recorded` with
    the row that it overlaps; `insufficient_balance` with the figures.
    """
    full = {"halfDay": None, "documents": []} | dict(values)
    full["employeeId"] = _applicant(actor, values)
    _check_dates(full)
    person = await locking.get_for_update(tx, full["employeeId"])
    _check_employed(person, full["startDate"])
    days = await _free_days(tx, full)
    portion = leave_days.HALF if full["halfDay"] else leave_days.WHOLE
    taken = dict.fromkeys(days, portion)
    await ledger.require_balance(tx, full["employeeId"], full["leaveType"], taken)
    grace = timedelta(days=tx.policy.approval_grace_days)
    full["deadline"] = max(full["startDate"], tx.today + grace)
    id_ = (await tx.one(_INSERT, **full))["id"]
    await leave_days.store(tx, id_, days, portion)
    row = await get(tx, id_)
    await tx.record("leave_applied", "leave", id_, after=row)
    return {**row, "warnings": await warnings(tx, person, days)}


async def get(reader: Reader, id_: int) -> LeaveRow:
    """Return a request; NotFound."""
    row = await reader.one_or_none(_GET, id=id_)
    if row is None:
        raise NotFound
    return row


def _applicant(actor: Principal, values: Mapping[str, Any]) -> int:
    if values["leaveType"] == "collective" and not actor.may("leave:collective"):
        raise NotAllowed("Collective leave is entered by HR")
    employee_id: int | None = values.get("employeeId", actor.employee_id)
    if employee_id != actor.employee_id and not actor.may("leave:apply:any"):
        raise NotAllowed("You may apply for yourself only")
    return employee_of(actor) if employee_id is None else employee_id


def _check_dates(values: Mapping[str, Any]) -> None:
    first, last = values["startDate"], values["endDate"]
    if last < first:
        raise Invalid.field("endDate", "must not be before startDate")
    if (last - first).days >= MAX_DAYS:
        raise Invalid.field("endDate", f"must be within {MAX_DAYS} days of startDate")
    if values["halfDay"] and first != last:
        raise Invalid.field("halfDay", "is for a single day")


def _check_employed(person: LockedEmployee, first: date) -> None:
    if person["status"] != "active":
        raise Conflict("This employee is not active", code="employee_inactive")
    if person["join_date"] and first < person["join_date"]:
        raise Invalid.field("startDate", f"is before the employee joined: {person['join_date']}")


async def _free_days(tx: Transaction, values: Mapping[str, Any]) -> list[date]:
    """Return the working days of a request; Conflict where they are not free."""
    employee_id, first, last = values["employeeId"], values["startDate"], values["endDate"]
    days = await leave_days.working_days(tx, employee_id, first, last)
    if not days:
        raise Invalid.field("startDate", "no working day is in that time", code="no_working_days")
    await overlaps.check_free(tx, employee_id, first, last, values["halfDay"])
    if not values["halfDay"]:
        await overlaps.check_absent(tx, employee_id, days)
    return days
