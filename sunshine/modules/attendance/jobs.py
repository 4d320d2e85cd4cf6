"""The jobs of attendance: closing days, and checking out those who forgot to.

All jobs: sunshine/modules/registry.py.
"""

from collections import Counter
from datetime import datetime, time, timedelta

from sqlalchemy import (
    ARRAY,
    Date,
    DateTime,
    Text,
    bindparam,
    cast,
    func,
    literal,
    select,
    text,
    update,
)
from sqlalchemy.dialects.postgresql import insert

from models.attendance import attendance, attendance_closed, location
from models.employees import employee
from models.shifts import shift
from sunshine.database.database import Transaction
from sunshine.database.statements import Statement
from sunshine.jobs.runner import Job
from sunshine.jobs.schedules import Daily, Every
from sunshine.modules.attendance.absences import sync_absences
from sunshine.modules.attendance.assessment import (
    ASSESSED,
    assess_stays,
    assessment_of,
    circumstances,
    day_of,
    stays,
    store,
)
from sunshine.modules.attendance.records import select_records
from sunshine.modules.attendance.rows import AttendanceRow, ClosedDay, OpenStayRow, StayRow
from sunshine.modules.attendance.time_rules import MINUTE, shift_end
from sunshine.modules.attendance.work_calendar import ZONE
from sunshine.modules.employees import locking

# The most days that one run closes: after a longer downtime the next runs continue.
MAX_DAYS = 500
# Work of these last days may have ended since they were closed: overnight, or in a timezone west of
# the business. A day ends at most two days after the business' own day does.
LOOK_BACK = timedelta(days=3)
# How long a stay without a shift lasts at most: then the employee is taken to have left.
LONGEST = timedelta(hours=16)
# The most days of one statement, however many days were missed.
CHUNK = timedelta(days=7)


def _close() -> Statement[ClosedDay]:
    """Return the statement that closes the days after the last closed one, up to `yesterday`."""
    yesterday = bindparam("yesterday", type_=Date)
    closed = select(func.max(attendance_closed.c.day) + 1).where(
        attendance_closed.c.day <= yesterday
    )
    # Null as of a day before anybody was known: then a run by hand closes yesterday.
    known = select(cast(func.timezone(ZONE, func.min(employee.c.created_at)), Date)).where(
        employee.c.created_at <= bindparam("now")
    )
    first = func.coalesce(
        func.greatest(closed.scalar_subquery(), known.scalar_subquery()), yesterday, type_=Date
    )
    last = func.least(yesterday, first + MAX_DAYS - 1)
    days = func.generate_series(
        cast(first, DateTime), cast(last, DateTime), text("interval '1 day'")
    ).column_valued("day")
    return Statement(
        insert(attendance_closed)
        .from_select(
            ["day", "closed_at"],
            select(cast(days, Date), bindparam("now", type_=DateTime(timezone=True))).where(
                select(employee.c.id).exists()
            ),
        )
        .on_conflict_do_nothing()
        .returning(attendance_closed.c.day),
        ClosedDay,
    )


_CLOSE = _close()


async def close_days(tx: Transaction) -> dict[str, int]:
    """Record the absences and holidays of every day that is over and not closed yet.

    A day is closed on the next day of the business; employees whose shift is not over by then are
    recorded as absent a day later. The table says which days are closed: after a downtime the job
    continues from there, and it begins with the day from which anybody was known.
    """
    yesterday = tx.today - timedelta(days=1)
    zone = tx.policy.timezone.key
    closed = await tx.all(_CLOSE, yesterday=yesterday, zone=zone)
    last = max((row["day"] for row in closed), default=yesterday)
    day = min((row["day"] for row in closed), default=yesterday) - LOOK_BACK
    counts = Counter({"days": len(closed)})
    while day <= last:
        counts.update(await sync_absences(tx, day, min(day + CHUNK - timedelta(days=1), last)))
        day += CHUNK
    return dict(counts)


def _open() -> Statement[OpenStayRow]:
    """Return the statement of all stays that last."""
    a, later = attendance.c, attendance.alias("later").c
    next_came = select(func.min(later.check_in_at)).where(
        later.employee_id == a.employee_id,
        later.work_date >= a.work_date - 1,
        later.check_in_at > a.check_in_at,
    )
    return Statement(
        select(
            a.id,
            a.employee_id,
            a.check_in_at,
            location.c.timezone.label("place_zone"),
            shift.c.check_out_after_minutes,
            next_came.scalar_subquery().label("next_came"),
            *circumstances(a.employee_id, a.work_date),
        )
        .select_from(
            attendance.join(employee, employee.c.id == a.employee_id)
            .outerjoin(shift, shift.c.id == a.shift_id)
            .outerjoin(location, location.c.id == a.check_in_location_id)
        )
        .where(a.check_in_at.is_not(None), a.check_out_at.is_(None))
        .order_by(a.employee_id),
        OpenStayRow,
    )


_OPEN = _open()
_DAY = Statement(stays(attendance.c.work_date == bindparam("day")), StayRow)
_REASON = cast(literal(["auto_check_out"]), ARRAY(Text))
_CHECK_OUT = Statement(
    select_records(
        update(attendance)
        .where(attendance.c.id == bindparam("row_id"), attendance.c.check_out_at.is_(None))
        .values({column: bindparam(name, type_=column.type) for name, column in ASSESSED.items()})
        .values(
            check_out_at=bindparam("left_at", type_=DateTime(timezone=True)),
            check_out_recorded_at=bindparam("now"),
            auto_check_out=True,
            review=True,
            review_reasons=attendance.c.review_reasons + _REASON,
            updated_at=bindparam("now"),
        )
        .returning(*attendance.c)
        .cte("closed")
    ),
    AttendanceRow,
)


async def check_out_forgotten(tx: Transaction) -> dict[str, int]:
    """Check out those who forgot to: at the shift's end once its window has passed.

    Without a shift it is 16 hours after the check-in. Both are for review. Without a shift nobody
    knows how long they worked: no minutes are counted until somebody corrects the record.
    """
    left = [(row, _left(row, tx)) for row in await tx.all(_OPEN)]
    done = [await _check_out(tx, row, at) for row, at in left if at is not None]
    return {"checked_out": sum(done)}


def _left(row: OpenStayRow, tx: Transaction) -> datetime | None:
    """Return when somebody is taken to have left; None while they may still be there."""
    came = row["check_in_at"]
    day = day_of(row, tx.policy, place_zone=row["place_zone"])
    end = shift_end(day, came)
    window = row["check_out_after_minutes"]
    # Both are there with a shift, and neither without.
    passed = came + LONGEST if end is None or window is None else end + window * MINUTE
    if passed > tx.now:
        return None
    return min(end or passed, row["next_came"] or passed)


async def _check_out(tx: Transaction, row: OpenStayRow, at: datetime) -> bool:
    """Check somebody out unless they did so themselves meanwhile; return whether it was done."""
    await locking.lock(tx, [row["employee_id"]])
    rows = await tx.all(_DAY, employee=row["employee_id"], day=row["day"])
    same = next((stay for stay in rows if stay["id"] == row["id"]), None)
    if same is None or same["check_out_at"] or same["check_in_at"] != row["check_in_at"]:
        return False
    before = {"checkOut": None, **assessment_of(same)}
    same["check_out_at"], same["auto_check_out"] = at, True
    for stay, after in zip(rows, assess_stays(rows, tx.policy), strict=True):
        if stay is same:
            record = await tx.one(_CHECK_OUT, row_id=row["id"], left_at=at, **after)
            await tx.record(
                "attendance_auto_checked_out", "attendance", row["id"], before=before, after=record
            )
        else:
            await store(tx, stay, after)
    return True


JOBS = (
    Job(
        "attendance-auto-check-out",
        "Check out those who forgot to",
        Every(15),
        check_out_forgotten,
    ),
    Job(
        "attendance-absences",
        "Record absences and holidays of days that are over",
        Daily(time(0, 30)),
        close_days,
    ),
)
