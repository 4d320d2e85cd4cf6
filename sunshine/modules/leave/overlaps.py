"""What a request for leave must not overlap: other requests, permits, recorded attendance.

The employee is locked; the exclusion constraint is the safety net. Used by requests.py and
decisions.py.
"""

from collections.abc import Iterable
from datetime import date, timedelta

from sqlalchemy import (
    ARRAY,
    Date,
    DateTime,
    Integer,
    Interval,
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
from sunshine.modules.leave.rows import OverlappingLeave, OverlappingPermit, RecordedAttendance
from sunshine.modules.open_requests import is_open

_LEAVE = Conflict("Overlaps another leave request of this employee", code="leave_overlap")
violations({"leave_overlap": _LEAVE})

_NOON = timedelta(hours=12)
_EMPLOYEE = bindparam("employee", type_=Integer)
_SPAN = func.tsrange(
    cast(bindparam("first", type_=Date), DateTime) + bindparam("after", type_=Interval),
    cast(bindparam("last", type_=Date), DateTime) + bindparam("until", type_=Interval),
)


# The first request of the employee that has a part of that time.
_OVERLAPPING_LEAVE = Statement(
    select(
        leave.c.id,
        leave.c.leave_type.label("leaveType"),
        leave.c.start_date.label("startDate"),
        leave.c.end_date.label("endDate"),
        leave.c.half_day.label("halfDay"),
        leave.c.status,
    )
    .where(leave.c.employee_id == _EMPLOYEE, is_open(leave), leave.c.span.op("&&")(_SPAN))
    .order_by(leave.c.span)
    .limit(1),
    OverlappingLeave,
)
_OVERLAPPING_PERMIT = Statement(
    select(
        permit.c.id,
        permit.c.date,
        func.to_char(permit.c.start_time, "HH24:MI").label("startTime"),
        func.to_char(permit.c.end_time, "HH24:MI").label("endTime"),
        permit.c.status,
    )
    .where(permit.c.employee_id == _EMPLOYEE, is_open(permit), permit.c.span.op("&&")(_SPAN))
    .order_by(permit.c.span)
    .limit(1),
    OverlappingPermit,
)
_PRESENT = Statement(
    select(attendance.c.id, attendance.c.work_date.label("date"))
    .where(
        attendance.c.employee_id == _EMPLOYEE,
        attendance.c.status == "present",
        attendance.c.work_date == any_(bindparam("days", type_=ARRAY(Date))),
    )
    .order_by(attendance.c.work_date)
    .limit(1),
    RecordedAttendance,
)


async def check_free(
    tx: Transaction, employee_id: int, first: date, last: date, half_day: str | None
) -> None:
    """Reject days that overlap a pending or approved request or permit; Conflict with that."""
    span = {
        "first": first,
        "after": _NOON if half_day == "pm" else timedelta(),
        "last": last,
        "until": _NOON if half_day == "am" else 2 * _NOON,
    }
    request = await tx.one_or_none(_OVERLAPPING_LEAVE, employee=employee_id, **span)
    if request is not None:
        raise Conflict(_LEAVE.message, code=_LEAVE.code, data=request)
    granted = await tx.one_or_none(_OVERLAPPING_PERMIT, employee=employee_id, **span)
    if granted is not None:
        raise Conflict("Overlaps a permit of this employee", code="permit_overlap", data=granted)


async def check_absent(tx: Transaction, employee_id: int, days: Iterable[date]) -> None:
    """Reject days on which the employee was recorded as present; Conflict with the record."""
    record = await tx.one_or_none(_PRESENT, employee=employee_id, days=list(days))
    if record is not None:
        raise Conflict(
            f"Attendance is recorded on {record['date']}", code="attendance_recorded", data=record
        )
