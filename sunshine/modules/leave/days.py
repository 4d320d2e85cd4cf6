"""The days that a request takes: working days of that employee, without holidays.

Counted when it is made, and again when a holiday comes or goes. A change of shift or of the
employee leaves alone what was counted.
"""

from collections.abc import Iterable
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
from sunshine.database.statements import Row, Statement
from sunshine.modules.attendance.work_calendar import calendar
from sunshine.modules.leave import ledger
from sunshine.modules.leave.balance import Entry, charged, shown
from sunshine.modules.leave.queries import is_open

WHOLE, HALF = Decimal(1), Decimal("0.5")

_DAY = bindparam("day", type_=Date)
_EMPLOYEE = bindparam("employee", type_=Integer)
_DAYS = bindparam("days", type_=ARRAY(Date))
_calendar = calendar(employee.c.id == _EMPLOYEE)
_WORKING = Statement(
    select(_calendar.c.day)
    .where(_calendar.c.works, _calendar.c.holiday_id.is_(None))
    .order_by(_calendar.c.day)
)
_STORE = Statement(
    insert(leave_day).from_select(
        ["leave_id", "day", "portion"],
        select(
            bindparam("leave", type_=Integer),
            func.unnest(_DAYS),
            bindparam("portion", type_=Numeric),
        ),
    )
)
_OF = Statement(
    select(leave_day.c.day, leave_day.c.portion)
    .where(leave_day.c.leave_id == bindparam("leave"))
    .order_by(leave_day.c.day)
)
_touches = (is_open(leave), _DAY.between(leave.c.start_date, leave.c.end_date))
_FREE = Statement(
    delete(leave_day)
    .where(
        leave_day.c.day == _DAY,
        leave_day.c.leave_id == leave.c.id,
        is_open(leave),
        exists().where(holiday.c.date == _DAY, holiday.c.deleted_at.is_(None)),
    )
    .returning(leave_day.c.leave_id, (-leave_day.c.portion).label("change"))
)
_on_leave = calendar(employee.c.id.in_(select(leave.c.employee_id).where(*_touches)))
_TAKE = Statement(
    upsert(leave_day)
    .from_select(
        ["leave_id", "day", "portion"],
        select(leave.c.id, _on_leave.c.day, case((leave.c.half_day.is_(None), WHOLE), else_=HALF))
        .join(_on_leave, _on_leave.c.employee_id == leave.c.employee_id)
        .where(*_touches, _on_leave.c.works, _on_leave.c.holiday_id.is_(None)),
    )
    .on_conflict_do_nothing()
    .returning(leave_day.c.leave_id, leave_day.c.portion.label("change"))
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
    .order_by(leave.c.id)
)


async def working(tx: Transaction, employee_id: int, first: date, last: date) -> list[date]:
    """The days that an employee would have worked."""
    rows = await tx.all(_WORKING, employee=employee_id, first=first, last=last)
    return [row["day"] for row in rows]


async def store(tx: Transaction, leave_id: int, days: Iterable[date], portion: Decimal) -> None:
    """Write down the days of a new request."""
    await tx.execute(_STORE, leave=leave_id, days=list(days), portion=portion)


async def of(tx: Transaction, leave_id: int) -> dict[date, Decimal]:
    """The days of a request, and how much of each."""
    return {row["day"]: row["portion"] for row in await tx.all(_OF, leave=leave_id)}


async def enter(tx: Transaction, request: Row, days: dict[date, Decimal], sign: int) -> None:
    """Write the days of a request to the ledger, by year: -1 takes them, 1 gives them back."""
    for year in sorted({day.year for day in days}):
        total = sum(portion for day, portion in days.items() if day.year == year)
        await ledger.write(tx, [_taken(request, year, sign * Decimal(total))])


async def recount(tx: Transaction, day: date) -> None:
    """A holiday came or went: give requests that day back, or have them take it again.

    The ledger follows where they are approved. Everybody is locked.
    """
    rows = [*await tx.all(_FREE, day=day), *await tx.all(_TAKE, first=day, last=day, day=day)]
    changes = {row["leave_id"]: row["change"] for row in rows}
    if not changes:
        return
    changed = await tx.all(_CHANGED, ids=list(changes))
    await ledger.write(
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
                {"days": shown(request["days"] - changes[request["id"]])},
                {"days": shown(request["days"])},
            )
            for request in changed
        ],
    )


def _taken(request: Row, year: int, days: Decimal) -> Entry:
    """An entry for a leave row with `id`, `employee_id` and `leave_type`."""
    return Entry(
        request["employee_id"], charged(request["leave_type"]), year, "taken", days,
        leave_id=request["id"],
    )  # fmt: skip
