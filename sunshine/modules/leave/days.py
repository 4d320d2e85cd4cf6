"""The days that a request takes: the working days of that employee, without holidays.

They are counted when the request is made, and again when a holiday is added or removed. A change of
shift or of the employee does not alter them.
"""

from collections.abc import Iterable, Mapping
from datetime import date
from decimal import Decimal

from sqlalchemy import (
    ARRAY,
    Date,
    Integer,
    Numeric,
    any_,
    bindparam,
    case,
    delete,
    exists,
    func,
    insert,
    literal,
    select,
)
from sqlalchemy.dialects.postgresql import insert as upsert

from models.employees import employee
from models.leave import holiday, leave, leave_day
from sunshine.database.database import Transaction
from sunshine.database.statements import Statement
from sunshine.modules.attendance.work_calendar import calendar
from sunshine.modules.leave import ledger
from sunshine.modules.leave.balance import Entry, as_number, balance_type
from sunshine.modules.leave.rows import DayRow, LeaveDay, LeaveDayChange, LeaveKey, RecountedLeave
from sunshine.modules.open_requests import is_open

WHOLE, HALF = Decimal(1), Decimal("0.5")

_DAY = bindparam("day", type_=Date)
_EMPLOYEE = bindparam("employee", type_=Integer)
_DAYS = bindparam("days", type_=ARRAY(Date))
_calendar = calendar(employee.c.id == _EMPLOYEE)
_WORKING_DAYS = Statement(
    select(_calendar.c.day)
    .where(_calendar.c.works, _calendar.c.holiday_id.is_(None))
    .order_by(_calendar.c.day),
    DayRow,
)
_INSERT = Statement(
    insert(leave_day).from_select(
        ["leave_id", "day", "portion"],
        select(
            bindparam("leave", type_=Integer),
            func.unnest(_DAYS),
            bindparam("portion", type_=Numeric),
        ),
    )
)
_GET = Statement(
    select(leave_day.c.day, leave_day.c.portion)
    .where(leave_day.c.leave_id == bindparam("leave"))
    .order_by(leave_day.c.day),
    LeaveDay,
)
_touches = (is_open(leave), _DAY.between(leave.c.start_date, leave.c.end_date))
_GIVE_BACK = Statement(
    delete(leave_day)
    .where(
        leave_day.c.day == _DAY,
        leave_day.c.leave_id == leave.c.id,
        is_open(leave),
        exists().where(holiday.c.date == _DAY, holiday.c.deleted_at.is_(None)),
    )
    .returning(leave_day.c.leave_id, (-leave_day.c.portion).label("change")),
    LeaveDayChange,
)
_on_leave = calendar(employee.c.id.in_(select(leave.c.employee_id).where(*_touches)))
_TAKE_AGAIN = Statement(
    upsert(leave_day)
    .from_select(
        ["leave_id", "day", "portion"],
        select(leave.c.id, _on_leave.c.day, case((leave.c.half_day.is_(None), WHOLE), else_=HALF))
        .join(_on_leave, _on_leave.c.employee_id == leave.c.employee_id)
        .where(*_touches, _on_leave.c.works, _on_leave.c.holiday_id.is_(None)),
    )
    .on_conflict_do_nothing()
    .returning(leave_day.c.leave_id, leave_day.c.portion.label("change")),
    LeaveDayChange,
)
_CHANGED = Statement(
    select(
        leave.c.id,
        leave.c.employee_id,
        leave.c.leave_type,
        leave.c.status,
        func.coalesce(func.sum(leave_day.c.portion), literal(0, Numeric)).label("days"),
    )
    .select_from(leave.outerjoin(leave_day, leave_day.c.leave_id == leave.c.id))
    .where(leave.c.id == any_(bindparam("ids", type_=ARRAY(Integer))))
    .group_by(leave.c.id)
    .order_by(leave.c.id),
    RecountedLeave,
)


async def working_days(tx: Transaction, employee_id: int, first: date, last: date) -> list[date]:
    """Return the days from `first` to `last` that an employee has to work, without holidays."""
    rows = await tx.all(_WORKING_DAYS, employee=employee_id, first=first, last=last)
    return [row["day"] for row in rows]


async def store(tx: Transaction, leave_id: int, days: Iterable[date], portion: Decimal) -> None:
    """Insert the days of a new request."""
    await tx.execute(_INSERT, leave=leave_id, days=list(days), portion=portion)


async def get(tx: Transaction, leave_id: int) -> dict[date, Decimal]:
    """Return the days of a request, and how much of each it takes."""
    return {row["day"]: row["portion"] for row in await tx.all(_GET, leave=leave_id)}


async def post(tx: Transaction, request: LeaveKey, days: Mapping[date, Decimal], sign: int) -> None:
    """Post the days of a request to the ledger, by year: -1 takes them, 1 gives them back."""
    for year in sorted({day.year for day in days}):
        total = sum(portion for day, portion in days.items() if day.year == year)
        await ledger.append(tx, [_taken(request, year, sign * Decimal(total))])


async def recount(tx: Transaction, day: date) -> None:
    """Give a day that became a holiday back to requests, or have them take one that is none now.

    The ledger follows where they are approved. All employees are locked.
    """
    given_back = await tx.all(_GIVE_BACK, day=day)
    rows = [*given_back, *await tx.all(_TAKE_AGAIN, first=day, last=day, day=day)]
    changes = {row["leave_id"]: row["change"] for row in rows}
    if not changes:
        return
    changed = await tx.all(_CHANGED, ids=list(changes))
    await ledger.append(
        tx,
        [
            _taken(request, day.year, -changes[request["id"]])
            for request in changed
            if request["status"] == "approved"
        ],
    )
    await tx.record_all(
        "leave_recounted",
        "leave",
        [
            (
                request["id"],
                {"days": as_number(request["days"] - changes[request["id"]])},
                {"days": as_number(request["days"])},
            )
            for request in changed
        ],
    )


def _taken(request: LeaveKey, year: int, days: Decimal) -> Entry:
    return Entry(
        request["employee_id"], balance_type(request["leave_type"]), year, "taken", days,
        leave_id=request["id"],
    )  # fmt: skip
