"""Assessing stored attendance: from rows to the time rules (time_rules.py) and back.

Permits, leave and corrections change what the records of a day amount to: they call `reassess`.
"""

from collections.abc import Sequence
from datetime import date, datetime
from itertools import groupby
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import (
    ARRAY,
    Column,
    ColumnElement,
    Integer,
    Label,
    Select,
    SmallInteger,
    Text,
    any_,
    bindparam,
    cast,
    func,
    select,
)
from sqlalchemy.dialects.postgresql import TSRANGE

from models.attendance import attendance, location
from models.employees import employee
from models.leave import holiday, leave
from models.permit import permit
from models.shifts import shift
from sunshine.core.policy import Policy
from sunshine.database.database import Transaction
from sunshine.database.records import merging
from sunshine.database.statements import Statement
from sunshine.modules.attendance.geofence import placed_zone
from sunshine.modules.attendance.rows import AssessmentRow, DayRow, PresentEmployee, StayRow
from sunshine.modules.attendance.time_rules import Day, Shift, assess, shift_end
from sunshine.modules.attendance.work_calendar import MONDAY_TO_FRIDAY
from sunshine.modules.employees import locking

EMPLOYEE = bindparam("employee", type_=Integer)
ASSESSED = {
    "late": attendance.c.late,
    "earlyLeave": attendance.c.early_leave,
    "workedMinutes": attendance.c.worked_minutes,
    "overtimeMinutes": attendance.c.overtime_minutes,
}
_UPDATE = merging(attendance, ASSESSED)


def circumstances(
    employee_id: Column[int] | ColumnElement[int], day: ColumnElement[date]
) -> list[Label[Any]]:
    """Return the columns of a DayRow, for queries that join the day's shift and the employee."""
    s = shift.c
    halves = select(func.coalesce(leave.c.half_day, "full")).where(
        leave.c.employee_id == employee_id,
        leave.c.status == "approved",
        leave.c.start_date <= day,
        leave.c.end_date >= day,
    )
    # The day of a night shift ends on the next calendar day.
    spans = select(permit.c.span).where(
        permit.c.employee_id == employee_id,
        permit.c.status == "approved",
        permit.c.date.between(day, day + 1),
    )
    weekday = cast(func.extract("isodow", day), SmallInteger)
    return [
        day.label("day"), s.id.label("shift_id"), s.start_time.label("start_time"),
        s.end_time.label("end_time"), s.grace_minutes.label("grace_minutes"),
        s.break_minutes.label("break_minutes"),
        s.check_in_before_minutes.label("check_in_before_minutes"),
        (weekday == any_(func.coalesce(s.work_days, MONDAY_TO_FRIDAY))).label("works"),
        select(holiday.c.id).where(holiday.c.date == day, holiday.c.deleted_at.is_(None))
        .exists().label("is_holiday"),
        func.array(halves.scalar_subquery(), type_=ARRAY(Text)).label("leave"),
        func.array(spans.scalar_subquery(), type_=ARRAY(TSRANGE)).label("permits"),
        s.timezone.label("shift_zone"),
        func.coalesce(placed_zone(employee_id, day), employee.c.timezone).label("zone"),
    ]  # fmt: skip


def day_of(row: DayRow, policy: Policy, *, place_zone: str | None = None) -> Day:
    """Return the day of a row.

    Its timezone is the shift's own, else that of the location of the check-in, else of where the
    employee is placed, else the employee's, else the business'.
    """
    zone = row["shift_zone"] or place_zone or row["zone"]
    return Day(
        date=row["day"],
        zone=ZoneInfo(zone) if zone else policy.timezone,
        shift=_shift(row),
        works=row["works"],
        is_holiday=row["is_holiday"],
        leave=row["leave"],
        permits=[(span.lower, span.upper) for span in row["permits"] if span.lower and span.upper],
    )


def _shift(row: DayRow) -> Shift | None:
    start, end, grace = row["start_time"], row["end_time"], row["grace_minutes"]
    unpaid_break, before = row["break_minutes"], row["check_in_before_minutes"]
    # All of them are null without a shift.
    if start is None or end is None or grace is None or unpaid_break is None or before is None:
        return None
    return Shift(start, end, grace, unpaid_break, before)


def stays(*where: ColumnElement[bool]) -> Select[Any]:
    """Return the query of an employee's stays in order, each as a StayRow."""
    a = attendance.c
    return (
        select(
            a.id,
            a.check_in_at,
            a.check_out_at,
            a.auto_check_out,
            *(column.label(name) for name, column in ASSESSED.items()),
            location.c.timezone.label("place_zone"),
            *circumstances(a.employee_id, a.work_date),
        )
        .select_from(
            attendance.join(employee, employee.c.id == a.employee_id)
            .outerjoin(shift, shift.c.id == a.shift_id)
            .outerjoin(location, location.c.id == a.check_in_location_id)
        )
        .where(a.employee_id == EMPLOYEE, a.check_in_at.is_not(None), *where)
        .order_by(a.work_date, a.check_in_at)
    )


_STAYS = Statement(
    stays(attendance.c.work_date.between(bindparam("first"), bindparam("last"))), StayRow
)
_PRESENT = Statement(
    select(attendance.c.employee_id)
    .where(attendance.c.work_date == bindparam("day"), attendance.c.check_in_at.is_not(None))
    .group_by(attendance.c.employee_id)
    .order_by(attendance.c.employee_id),
    PresentEmployee,
)


async def reassess(
    tx: Transaction, employee_id: int, first: date, last: date, *, but: int | None = None
) -> None:
    """Lock an employee and assess their records of these days again, with an event for each change.

    The record `but` gets no event: the caller records its own.
    """
    await locking.lock(tx, [employee_id])
    rows = await tx.all(_STAYS, employee=employee_id, first=first, last=last)
    for _, day in groupby(rows, key=lambda row: row["day"]):
        same_day = list(day)
        for row, after in zip(same_day, assess_stays(same_day, tx.policy), strict=True):
            await store(tx, row, after, silently=row["id"] == but)


async def reassess_day(tx: Transaction, day: date) -> None:
    """Reassess a day of everybody who was there, in the order in which employees are locked."""
    for row in await tx.all(_PRESENT, day=day):
        await reassess(tx, row["employee_id"], day, day)


def assess_stays(rows: Sequence[StayRow], policy: Policy) -> list[AssessmentRow]:
    """Return what each stay of a day amounts to, in their order."""
    day = day_of(rows[0], policy, place_zone=rows[0]["place_zone"])
    return [
        {
            "late": each.late,
            "earlyLeave": each.early_leave,
            "workedMinutes": each.worked_minutes,
            "overtimeMinutes": each.overtime_minutes,
        }
        for each in assess(day, [(row["check_in_at"], _known_end(row, day)) for row in rows])
    ]


def _known_end(row: StayRow, day: Day) -> datetime | None:
    """Return when a stay ended; None while it lasts.

    None too where a check-out was forgotten and no shift says when work ended: such a stay has no
    minutes until somebody corrects it.
    """
    if row["auto_check_out"] and shift_end(day, row["check_in_at"]) is None:
        return None
    return row["check_out_at"]


def assessment_of(row: StayRow) -> AssessmentRow:
    """Return the stored assessment of a stay."""
    return {
        "late": row["late"],
        "earlyLeave": row["earlyLeave"],
        "workedMinutes": row["workedMinutes"],
        "overtimeMinutes": row["overtimeMinutes"],
    }


async def store(
    tx: Transaction, row: StayRow, after: AssessmentRow, *, silently: bool = False
) -> None:
    """Store the assessment of a stay and record the event, if it differs from the stored one."""
    before = assessment_of(row)
    if await tx.execute(_UPDATE, row_id=row["id"], **after) and not silently:
        await tx.record(
            "attendance_reassessed", "attendance", row["id"], before=before, after=after
        )
