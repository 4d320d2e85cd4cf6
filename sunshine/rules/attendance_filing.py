"""Which day of an employee a check-in is filed under: their days around it, read and chosen from.

The choice itself: attendance_time.py.
"""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import Select, bindparam, delete, select

from models.attendance import attendance
from models.employees import employee
from models.shifts import shift
from sunshine.db import Row, Transaction
from sunshine.policy import Policy
from sunshine.rules.attendance_assess import EMPLOYEE, circumstances, day_of
from sunshine.rules.attendance_time import Day, filed
from sunshine.rules.workdays import calendar
from sunshine.statements import Statement

# The local date is a day from the UTC one at most, and the shift's day another one from that.
REACH = timedelta(days=2)


def around() -> Select[Any]:
    """The days of `employee` from `first` to `last`: their circumstances, whether attendance is
    recorded on them already (`has_stays`), and whether they are marked absent."""
    days = calendar(employee.c.id == EMPLOYEE)
    stays = select(attendance.c.id).where(
        attendance.c.employee_id == EMPLOYEE,
        attendance.c.work_date == days.c.day,
        attendance.c.check_in_at.is_not(None),
    )
    return (
        select(
            *circumstances(days.c.employee_id, days.c.day),
            stays.exists().label("has_stays"),
            _absence(days.c.day).exists().label("is_absent"),
        )
        .select_from(
            days.join(employee, employee.c.id == days.c.employee_id).outerjoin(
                shift, shift.c.id == days.c.shift_id
            )
        )
        .order_by(days.c.day)
    )


def _absence(day: Any) -> Select[Any]:
    a = attendance.c
    return select(a.id).where(a.employee_id == EMPLOYEE, a.work_date == day, a.status == "absent")


_AROUND = Statement(around())
_WITHDRAW = Statement(
    delete(attendance)
    .where(attendance.c.id.in_(_absence(bindparam("day"))))
    .returning(
        attendance.c.id,
        attendance.c.employee_id.label("employeeId"),
        attendance.c.work_date.label("workDate"),
        attendance.c.status,
    )
)


def dates_around(at: datetime) -> dict[str, date]:
    """The parameters `first` and `last` of `around`, for an instant in UTC."""
    return {"first": at.date() - REACH, "last": at.date() + REACH}


def choose(
    rows: Sequence[Row], at: datetime, policy: Policy, *, place_zone: str | None
) -> tuple[Row, Day]:
    """The row of `around` that a check-in at this instant and place belongs to, and its day."""
    day = filed(at, [day_of(row, policy, place_zone=place_zone) for row in rows])
    return next(row for row in rows if row["day"] == day.date), day


async def file(
    tx: Transaction, employee_id: int, at: datetime, *, place_zone: str | None
) -> tuple[Row, Day]:
    """The same for an instant of which nothing has been read yet."""
    rows = await tx.all(_AROUND, employee=employee_id, **dates_around(at))
    return choose(rows, at, tx.policy, place_zone=place_zone)


async def withdraw_absence(tx: Transaction, employee_id: int, day: date) -> None:
    """Who was there was not absent."""
    for row in await tx.all(_WITHDRAW, employee=employee_id, day=day):
        await tx.record("attendance_day_withdrawn", "attendance", row["id"], before=row)
