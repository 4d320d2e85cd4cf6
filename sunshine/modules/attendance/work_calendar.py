"""Which days people work: their shift's weekdays, else Monday to Friday, without holidays.

Used by leave, absences and the report, each as a subquery of its own statement.
"""

from datetime import date, datetime

from sqlalchemy import (
    ARRAY,
    ColumnElement,
    Date,
    DateTime,
    SmallInteger,
    Subquery,
    Text,
    and_,
    any_,
    bindparam,
    cast,
    func,
    literal,
    or_,
    select,
    text,
)

from models.employees import employee
from models.leave import holiday
from models.shifts import employee_shift, shift
from sunshine.modules.attendance.geofence import placed_zone

# The timezone of the business, as the parameter `zone`.
ZONE = bindparam("zone", type_=Text)
MONDAY_TO_FRIDAY = cast(literal([1, 2, 3, 4, 5]), ARRAY(SmallInteger))


def assigned_on(employee_id: ColumnElement[int], day: ColumnElement[date]) -> ColumnElement[bool]:
    """Return the condition of the shift that an employee has on a day: one at most."""
    return and_(
        employee_shift.c.employee_id == employee_id,
        employee_shift.c.deleted_at.is_(None),
        employee_shift.c.valid_from <= day,
        or_(employee_shift.c.valid_to.is_(None), employee_shift.c.valid_to >= day),
    )


def calendar(*employees: ColumnElement[bool]) -> Subquery:
    """Return a row per employee and day from the parameter `first` to `last`, both included.

    Columns: employee_id, day, shift_id (null without one), works (whether that weekday is worked)
    and holiday_id (null on ordinary days). `employees` are conditions on the employee table.
    """
    series = func.generate_series(_midnight("first"), _midnight("last"), text("interval '1 day'"))
    every_day = series.table_valued("day").render_derived()
    day = cast(every_day.c.day, Date)
    weekday = cast(func.extract("isodow", day), SmallInteger)
    return (
        select(
            employee.c.id.label("employee_id"),
            day.label("day"),
            employee_shift.c.shift_id,
            (weekday == any_(func.coalesce(shift.c.work_days, MONDAY_TO_FRIDAY))).label("works"),
            holiday.c.id.label("holiday_id"),
        )
        .select_from(
            employee.join(every_day, literal(True))
            .outerjoin(employee_shift, assigned_on(employee.c.id, day))
            .outerjoin(shift, shift.c.id == employee_shift.c.shift_id)
            .outerjoin(holiday, and_(holiday.c.date == day, holiday.c.deleted_at.is_(None)))
        )
        .where(*employees)
        .subquery("calendar")
    )


def zone_of(day: ColumnElement[date]) -> ColumnElement[str]:
    """Return the timezone of an employee's day, for queries that join `employee` and `shift`.

    It is the shift's own, else that of where they are placed, else their own, else the business'.
    """
    return func.coalesce(
        shift.c.timezone, placed_zone(employee.c.id, day), employee.c.timezone, ZONE
    )


def since() -> ColumnElement[date]:
    """Return the day from which an employee is expected at work: joining, else being entered."""
    known: ColumnElement[datetime] = func.timezone(ZONE, employee.c.created_at)
    return func.coalesce(employee.c.join_date, cast(known, Date))


def _midnight(name: str) -> ColumnElement[datetime]:
    # Without a timezone: a series of instants would shift where the clocks change.
    return cast(bindparam(name, type_=Date), DateTime)
