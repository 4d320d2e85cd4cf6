"""The calendar of who is away when, and of holidays. Tables: models/leave.py.

It shows people and types of leave, never reasons.
"""

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Date, bindparam, cast, select, text

from models.employees import employee
from models.leave import holiday, leave
from sunshine.core.principals import Principal
from sunshine.database.database import Database
from sunshine.database.statements import Statement
from sunshine.identity.calendar_tokens import Entry
from sunshine.modules.leave.rows import AbsenceRow, CalendarHoliday
from sunshine.modules.scope import conditions

NAME = "Leave and holidays"
_TODAY = bindparam("today", type_=Date)
_FIRST = cast(_TODAY - text("interval '3 months'"), Date)
_LAST = cast(_TODAY + text("interval '12 months'"), Date)
_NOON = time(12)


def _absences(*within: ColumnElement[bool]) -> Statement[AbsenceRow]:
    return Statement(
        select(
            leave.c.id, employee.c.name, leave.c.leave_type, leave.c.start_date, leave.c.end_date,
            leave.c.half_day, leave.c.updated_at,
        )
        .join(employee, employee.c.id == leave.c.employee_id)
        .where(
            leave.c.status == "approved",
            leave.c.end_date >= _FIRST,
            leave.c.start_date <= _LAST,
            employee.c.deleted_at.is_(None),
            *within,
        )
        .order_by(leave.c.start_date, leave.c.id),
        AbsenceRow,
    )  # fmt: skip


_ABSENCES = {scope: _absences(*within) for scope, within in conditions(leave.c.employee_id).items()}
_HOLIDAYS = Statement(
    select(holiday.c.id, holiday.c.date, holiday.c.name, holiday.c.updated_at)
    .where(holiday.c.deleted_at.is_(None), holiday.c.date.between(_FIRST, _LAST))
    .order_by(holiday.c.date),
    CalendarHoliday,
)


async def entries(database: Database, *, actor: Principal) -> list[Entry]:
    """Return holidays and the approved leave within the caller's scope, 3 months back, 12 ahead."""
    statement = _ABSENCES[actor.scope("leave:read") or "own"]
    today = database.today
    absences = await database.all(statement, today=today, me=actor.employee_id)
    holidays = await database.all(_HOLIDAYS, today=today)
    zone = database.policy.timezone
    return [_of_holiday(row) for row in holidays] + [_of_absence(row, zone) for row in absences]


def _of_holiday(row: CalendarHoliday) -> Entry:
    day = row["date"]
    uid = f"holiday-{row['id']}"
    return Entry(uid, row["name"], day, day + timedelta(days=1), row["updated_at"])


def _of_absence(row: AbsenceRow, zone: ZoneInfo) -> Entry:
    start: date = row["start_date"]
    end = row["end_date"] + timedelta(days=1)
    # Half a day ends or begins at noon in the timezone of the business.
    if row["half_day"]:
        start, end = datetime.combine(start, time(), zone), datetime.combine(end, time(), zone)
        noon = datetime.combine(row["start_date"], _NOON, zone)
        start, end = (start, noon) if row["half_day"] == "am" else (noon, end)
    summary = f"{row['name']}: {row['leave_type']} leave"
    return Entry(f"leave-{row['id']}", summary, start, end, row["updated_at"])
