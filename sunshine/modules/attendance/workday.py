"""The day that a check-in belongs to: an employee's days around it are read, and one is chosen.

The choice itself: time_rules.py.
"""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any, TypeVar

from sqlalchemy import ARRAY, Date, Select, Text, bindparam, func, select, text

from models.attendance import attendance
from models.employees import employee
from models.shifts import employee_shift, shift
from sunshine.core.policy import Policy
from sunshine.database.database import Transaction
from sunshine.database.statements import Statement
from sunshine.modules.attendance.assessment import EMPLOYEE, circumstances, day_of
from sunshine.modules.attendance.rows import DayRow, NearbyDayRow
from sunshine.modules.attendance.time_rules import Day, choose_day
from sunshine.modules.attendance.work_calendar import assigned_on

D = TypeVar("D", bound=DayRow)
# The local date is at most a day from the UTC one, and the day of the shift another one from that.
REACH = timedelta(days=2)


def around() -> Select[Any]:
    """Return the query of the five days of `employee` from `first`, each as a NearbyDayRow."""
    # The number of days is a constant in the text, so that PostgreSQL reuses the plan, which costs
    # more to make than to run.
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


_AROUND = Statement(around(), NearbyDayRow)


def dates_around(at: datetime) -> dict[str, date]:
    """Return the parameters `first` and `last` of `around` for an instant in UTC."""
    return {"first": at.date() - REACH, "last": at.date() + REACH}


def choose(
    rows: Sequence[D], at: datetime, policy: Policy, *, place_zone: str | None
) -> tuple[D, Day]:
    """Return the row that a check-in at this instant and place belongs to, and its day."""
    day = choose_day(at, [day_of(row, policy, place_zone=place_zone) for row in rows])
    return next(row for row in rows if row["day"] == day.date), day


async def find_day(
    tx: Transaction, employee_id: int, at: datetime, *, place_zone: str | None
) -> tuple[NearbyDayRow, Day]:
    """Read an employee's days around an instant; return the one that it belongs to as `choose`."""
    rows = await tx.all(_AROUND, employee=employee_id, **dates_around(at))
    return choose(rows, at, tx.policy, place_zone=place_zone)
