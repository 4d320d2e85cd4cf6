"""Which day of an employee a check-in is filed under: their days around it, read and chosen from.

The choice itself: time_rules.py.
"""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import ARRAY, Date, Select, Text, bindparam, func, select, text

from models.attendance import attendance
from models.employees import employee
from models.shifts import employee_shift, shift
from sunshine.core.policy import Policy
from sunshine.database.database import Transaction
from sunshine.database.statements import Row, Statement
from sunshine.modules.attendance.assessment import EMPLOYEE, circumstances, day_of
from sunshine.modules.attendance.time_rules import Day, filed
from sunshine.modules.attendance.work_calendar import assigned_on

# The local date is a day from the UTC one at most, and the shift's day another one from that.
REACH = timedelta(days=2)


def around() -> Select[Any]:
    """The five days of `employee` from `first`: their circumstances, and the `statuses` that are
    recorded on them already."""
    # How many they are is in the text, for then the planner keeps its plan: it costs more to make
    # than to follow.
    number = func.generate_series(text("0"), text("4")).column_valued("number")
    dates = select((bindparam("first", type_=Date) + number).label("day")).subquery("dates")
    day = dates.c.day
    recorded = select(attendance.c.status).where(
        attendance.c.employee_id == EMPLOYEE, attendance.c.work_date == day
    )
    return (
        select(
            *circumstances(EMPLOYEE, day),
            func.array(recorded.scalar_subquery(), type_=ARRAY(Text)).label("statuses"),
        )
        .select_from(
            dates.join(employee, employee.c.id == EMPLOYEE)
            .outerjoin(employee_shift, assigned_on(EMPLOYEE, day))
            .outerjoin(shift, shift.c.id == employee_shift.c.shift_id)
        )
        .order_by(day)
    )


_AROUND = Statement(around())


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
