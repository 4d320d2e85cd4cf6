"""What happens to attendance by itself: days are closed. The jobs: sunshine/timetable.py."""

from collections import Counter
from datetime import timedelta

from sqlalchemy import Date, DateTime, bindparam, cast, func, select, text
from sqlalchemy.dialects.postgresql import insert

from models.attendance import attendance_closed
from models.employees import employee
from sunshine.db import Transaction
from sunshine.rules.attendance_days import settle
from sunshine.rules.workdays import ZONE
from sunshine.statements import Statement

# One run goes no further: after a longer downtime the next ones go on.
MAX_DAYS = 500
# Work of these last days may have ended since they were closed: overnight, or west of the business.
# A day ends at most two days after the business' own does.
LOOK_BACK = timedelta(days=3)
# Few enough for a statement at a time, however many days were missed.
CHUNK = timedelta(days=7)


def _close() -> Statement:
    """Close the days after the last closed one, up to `yesterday`."""
    yesterday = bindparam("yesterday", type_=Date)
    closed = select(func.max(attendance_closed.c.day) + 1).where(
        attendance_closed.c.day <= yesterday
    )
    # As of a day before anybody was known that is none: then a run by hand wants to see yesterday.
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
        .returning(attendance_closed.c.day)
    )


_CLOSE = _close()


async def close_days(tx: Transaction) -> dict[str, int]:
    """Write the absences and holidays of every day that is over and not closed yet.

    A day is closed on the next one of the business; who is still at work by then, or may yet come,
    is absent a day later. How far it came is in the table: after a downtime it goes on from there,
    and begins with the day from which anybody was known.
    """
    yesterday = tx.today - timedelta(days=1)
    zone = tx.policy.timezone.key
    closed = await tx.all(_CLOSE, yesterday=yesterday, zone=zone)
    last = max((row["day"] for row in closed), default=yesterday)
    day = min((row["day"] for row in closed), default=yesterday) - LOOK_BACK
    counts = Counter({"days": len(closed)})
    while day <= last:
        counts.update(await settle(tx, day, min(day + CHUNK - timedelta(days=1), last)))
        day += CHUNK
    return dict(counts)
