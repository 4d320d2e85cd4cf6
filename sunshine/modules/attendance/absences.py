"""Absences, leave and holidays as records of attendance: those that no check-in makes.

Which days people should have worked: work_calendar.py. When a day is closed: jobs.py.
"""

from collections.abc import Callable
from datetime import date
from typing import Any, NamedTuple

from sqlalchemy import (
    ARRAY,
    ColumnElement,
    CompoundSelect,
    Date,
    Integer,
    Interval,
    Select,
    and_,
    any_,
    bindparam,
    case,
    cast,
    delete,
    exists,
    func,
    literal,
    null,
    or_,
    select,
    text,
    true,
    union_all,
)
from sqlalchemy.dialects.postgresql import insert

from models.attendance import attendance, attendance_closed
from models.employees import employee
from models.leave import leave, leave_day
from models.permit import permit
from models.shifts import shift
from sunshine.database.database import Transaction
from sunshine.database.records import stamped
from sunshine.database.statements import IdRow, Statement
from sunshine.modules.attendance.rows import DayAwayRow
from sunshine.modules.attendance.work_calendar import calendar, since, zone_of
from sunshine.modules.employees import locking

Narrowing = Callable[[ColumnElement[int]], ColumnElement[bool]]

_FIRST = bindparam("first", type_=Date)
_LAST = bindparam("last", type_=Date)
_NOTHING = text("interval '0'")
_A_DAY = text("interval '1 day'")


class _Differences(NamedTuple):
    """What the records lack, and which of them are wrong.

    `missing` has the columns employee_id, day, status, shift_id and leave_id of records to add,
    `stale` id and employee_id of records to delete.
    """

    missing: CompoundSelect[Any]
    stale: CompoundSelect[Any]


def _differences(narrowed: Narrowing) -> _Differences:
    """Return the queries of what to change on the days from `first` to `last`."""
    due = _due(narrowed).cte("due")
    day = attendance.c.work_date
    is_kept = exists().where(
        due.c.employee_id == attendance.c.employee_id,
        due.c.day == day,
        due.c.status == attendance.c.status,
    )
    is_taken = exists().where(
        leave_day.c.leave_id == attendance.c.leave_id,
        leave_day.c.day == day,
        leave.c.id == leave_day.c.leave_id,
        leave.c.status == "approved",
    )
    rows = select(attendance.c.id, attendance.c.employee_id).where(
        narrowed(attendance.c.employee_id), day.between(_FIRST, _LAST)
    )
    stale = union_all(
        rows.where(
            or_(attendance.c.status == "absent", attendance.c.status == "holiday"), ~is_kept
        ),
        rows.where(attendance.c.status == "on_leave", ~is_taken),
    )
    return _Differences(union_all(_days_missing(due), _leave_missing(narrowed)), stale)


def _due(narrowed: Narrowing) -> Select[Any]:
    """Return the query of holidays and absences on working days; `is_over` marks past ones."""
    days = calendar(narrowed(employee.c.id))
    day = days.c.day
    who = days.c.employee_id
    at_work = exists().where(
        attendance.c.employee_id == who,
        attendance.c.work_date == day,
        attendance.c.status == "present",
    )
    on_leave = exists().where(
        leave.c.employee_id == who,
        leave.c.status == "approved",
        leave_day.c.leave_id == leave.c.id,
        leave_day.c.day == day,
    )
    permitted = exists().where(
        permit.c.employee_id == who, permit.c.date == day, permit.c.status == "approved"
    )
    overnight = case((shift.c.end_time <= shift.c.start_time, _A_DAY), else_=_NOTHING)
    length = func.coalesce(cast(shift.c.end_time, Interval) + overnight, _A_DAY)
    ends = func.timezone(zone_of(day), day + length)
    is_over = and_(
        employee.c.status == "active",
        employee.c.deleted_at.is_(None),
        exists().where(attendance_closed.c.day == day),
        ends <= bindparam("now"),
    )
    return (
        select(
            who,
            day,
            days.c.shift_id,
            case((days.c.holiday_id.is_not(None), "holiday"), else_="absent").label("status"),
            is_over.label("is_over"),
        )
        .select_from(
            days.join(employee, employee.c.id == who).outerjoin(
                shift, shift.c.id == days.c.shift_id
            )
        )
        .where(
            days.c.works,
            day >= since(),
            or_(days.c.holiday_id.is_not(None), ~or_(at_work, on_leave, permitted)),
        )
    )


def _days_missing(due: Any) -> Select[Any]:
    is_there = exists().where(
        attendance.c.employee_id == due.c.employee_id,
        attendance.c.work_date == due.c.day,
        attendance.c.status == due.c.status,
    )
    return select(
        due.c.employee_id,
        due.c.day,
        due.c.status,
        due.c.shift_id,
        cast(null(), Integer).label("leave_id"),
    ).where(due.c.is_over, ~is_there)


def _leave_missing(narrowed: Narrowing) -> Select[Any]:
    is_there = exists().where(
        attendance.c.leave_id == leave.c.id, attendance.c.work_date == leave_day.c.day
    )
    return (
        select(
            leave.c.employee_id,
            leave_day.c.day,
            literal("on_leave"),
            cast(null(), Integer),
            leave.c.id,
        )
        .join_from(leave, leave_day, leave_day.c.leave_id == leave.c.id)
        .where(
            narrowed(leave.c.employee_id),
            leave.c.status == "approved",
            leave_day.c.day.between(_FIRST, _LAST),
            ~is_there,
        )
    )


def _lock_touched() -> Statement[IdRow]:
    """Return the statement that locks the employees whose records have to change."""
    missing, stale = _differences(lambda _: true())
    touched = union_all(
        select(missing.subquery().c.employee_id), select(stale.subquery().c.employee_id)
    )
    return locking.lock_where(employee.c.id.in_(touched))


_LOCK_TOUCHED = _lock_touched()
_COLUMNS = (
    attendance.c.id,
    attendance.c.employee_id.label("employeeId"),
    attendance.c.work_date.label("workDate"),
    attendance.c.status,
    attendance.c.shift_id.label("shiftId"),
    attendance.c.leave_id.label("leaveId"),
)
_MISSING, _STALE = _differences(
    lambda column: column == any_(bindparam("ids", type_=ARRAY(Integer)))
)
_WITHDRAW = Statement(
    delete(attendance)
    .where(attendance.c.id.in_(select(_STALE.subquery().c.id)))
    .returning(*_COLUMNS),
    DayAwayRow,
)
_add = _MISSING.subquery("missing")
_ADD = Statement(
    insert(attendance)
    .from_select(
        ["employee_id", "work_date", "status", "shift_id", "leave_id", *stamped(attendance)],
        select(
            _add.c.employee_id, _add.c.day, _add.c.status, _add.c.shift_id, _add.c.leave_id,
            *stamped(attendance).values(),
        ).order_by(_add.c.employee_id, _add.c.day),
    )
    .on_conflict_do_nothing()
    .returning(*_COLUMNS),
    DayAwayRow,
)  # fmt: skip


async def sync_absences(
    tx: Transaction, first: date, last: date, employee_id: int | None = None
) -> dict[str, int]:
    """Make the records that no check-in makes agree with leave, permits and holidays.

    A change of one of these calls it for the days that it touches, of one employee or of all. Leave
    is recorded on any day; absences and holidays only on days that are closed (jobs.py) and over
    for that employee: an overnight shift, or one in another timezone, ends later. Returns how many
    records of each status were added, and how many were `withdrawn`.
    """
    days = {"first": first, "last": last, "zone": tx.policy.timezone.key}
    # Check-ins and leave lock the employee too: the statements that follow see what those before
    # did, and those after see what is done here.
    if employee_id is None:
        ids = [row["id"] for row in await tx.all(_LOCK_TOUCHED, **days)]
    else:
        ids = [employee_id]
        await locking.lock(tx, ids)
    withdrawn = await tx.all(_WITHDRAW, **days, ids=ids)
    added = await tx.all(_ADD, **days, ids=ids)
    await tx.record_all(
        "attendance_day_withdrawn", "attendance", [(row["id"], row, None) for row in withdrawn]
    )
    counts = {"withdrawn": len(withdrawn)}
    for status in ("absent", "on_leave", "holiday"):
        rows = [row for row in added if row["status"] == status]
        await tx.record_all(f"attendance_{status}", "attendance", _events(rows))
        counts[status] = len(rows)
    return counts


def _events(rows: list[DayAwayRow]) -> list[tuple[int, None, DayAwayRow]]:
    return [(row["id"], None, row) for row in rows]
