"""What a request for leave must not overlap: other requests, permits, attendance.

The employee is locked; the exclusion constraint is the net. Used by requests.py and decisions.py.
"""

from collections.abc import Iterable
from datetime import date, timedelta
from typing import Any

from sqlalchemy import (
    ARRAY,
    Date,
    DateTime,
    Integer,
    Interval,
    Table,
    any_,
    bindparam,
    cast,
    func,
    select,
)

from models.attendance import attendance
from models.leave import leave
from models.permit import permit
from sunshine.core.errors import Conflict, violations
from sunshine.database.database import Transaction
from sunshine.database.statements import Statement
from sunshine.modules.leave.queries import is_open

_LEAVE = Conflict("Overlaps another leave request of this employee", code="leave_overlap")
_PERMIT = Conflict("Overlaps a permit of this employee", code="permit_overlap")
violations({"leave_overlap": _LEAVE})

_NOON = timedelta(hours=12)
_EMPLOYEE = bindparam("employee", type_=Integer)
_SPAN = func.tsrange(
    cast(bindparam("first", type_=Date), DateTime) + bindparam("after", type_=Interval),
    cast(bindparam("last", type_=Date), DateTime) + bindparam("until", type_=Interval),
)


def _first_in(table: Table, *columns: Any) -> Statement[Any]:
    """The first request of the employee that holds a part of that time."""
    return Statement(
        select(table.c.id, *columns, table.c.status)
        .where(table.c.employee_id == _EMPLOYEE, is_open(table), table.c.span.op("&&")(_SPAN))
        .order_by(table.c.span)
        .limit(1)
    )


_CLASHES = (
    (
        _first_in(
            leave,
            leave.c.leave_type.label("leaveType"),
            leave.c.start_date.label("startDate"),
            leave.c.end_date.label("endDate"),
            leave.c.half_day.label("halfDay"),
        ),
        _LEAVE,
    ),
    (
        _first_in(
            permit,
            permit.c.date,
            func.to_char(permit.c.start_time, "HH24:MI").label("startTime"),
            func.to_char(permit.c.end_time, "HH24:MI").label("endTime"),
        ),
        _PERMIT,
    ),
)
_PRESENT = Statement(
    select(attendance.c.id, attendance.c.work_date.label("date"))
    .where(
        attendance.c.employee_id == _EMPLOYEE,
        attendance.c.status == "present",
        attendance.c.work_date == any_(bindparam("days", type_=ARRAY(Date))),
    )
    .order_by(attendance.c.work_date)
    .limit(1)
)


async def check_free(
    tx: Transaction, employee_id: int, first: date, last: date, half_day: str | None
) -> None:
    """No other leave and no permit is pending or approved then; Conflict names it."""
    span = {
        "first": first,
        "after": _NOON if half_day == "pm" else timedelta(),
        "last": last,
        "until": _NOON if half_day == "am" else 2 * _NOON,
    }
    for statement, conflict in _CLASHES:
        clash = await tx.one_or_none(statement, employee=employee_id, **span)
        if clash is not None:
            raise Conflict(conflict.message, code=conflict.code, data=clash)


async def check_absent(tx: Transaction, employee_id: int, days: Iterable[date]) -> None:
    """Nobody is on leave where they are known to have been at work; Conflict names the record."""
    record = await tx.one_or_none(_PRESENT, employee=employee_id, days=list(days))
    if record is not None:
        raise Conflict(
            f"Attendance is recorded on {record['date']}", code="attendance_recorded", data=record
        )
