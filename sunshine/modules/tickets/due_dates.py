"""When a ticket is due: its targets in business time from its creation on, without its pauses.

A ticket has two targets: the first response (a public comment or a change of status by anybody but
the reporter) and the resolution. Both are counted in the hours of business_hours.py, and their
clock stands still while the ticket is resolved or closed. Missed targets: sla.py.
"""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, DateTime, and_, bindparam, or_, select

from models.leave import holiday
from models.tickets import resolution_unmet, response_unmet, ticket
from sunshine.database.database import Transaction
from sunshine.database.statements import Statement
from sunshine.modules.tickets.business_hours import BusinessHours
from sunshine.modules.tickets.rows import HolidayRow, StoredTicketRow

_NOW = bindparam("now", type_=DateTime(timezone=True))
# Whether a target was missed, or is by now: it is late from the instant on at which it is due.
RESPONSE_LATE: ColumnElement[bool] = and_(response_unmet, ticket.c.first_response_due_at <= _NOW)
RESOLUTION_LATE: ColumnElement[bool] = and_(resolution_unmet, ticket.c.due_at <= _NOW)
BREACHED: ColumnElement[bool] = or_(RESPONSE_LATE, RESOLUTION_LATE)

_HOLIDAYS = Statement(
    select(holiday.c.date).where(
        holiday.c.date >= bindparam("since"), holiday.c.deleted_at.is_(None)
    ),
    HolidayRow,
)


async def due_dates(
    tx: Transaction, priority: str, since: datetime, paused: timedelta = timedelta()
) -> dict[str, datetime]:
    """Return both due instants of a ticket that was created at `since`.

    `paused` is the business time for which its clock stood still.
    """
    hours = await _hours(tx, since)
    response, resolution = tx.policy.sla[priority]
    return {
        "firstResponseDueAt": hours.after(since, response + paused),
        "dueAt": hours.after(since, resolution + paused),
    }


async def reschedule(
    tx: Transaction, before: StoredTicketRow, priority: str
) -> dict[str, datetime]:
    """Return the due instants of a priority: of the open targets, counted from the creation."""
    return await _open_targets(tx, before, priority, before["paused"])


async def resume(tx: Transaction, before: StoredTicketRow, priority: str) -> dict[str, Any]:
    """Return the fields that reopening sets on a resolved or closed ticket.

    The open targets move by the business time for which the clock stood still; resolution and
    rating are removed. A closed ticket that was never resolved counts from its closing.
    """
    stopped = before["resolvedAt"] or before["closedAt"]
    assert stopped is not None  # noqa: S101 - the database holds it; tells mypy
    hours = await _hours(tx, stopped)
    paused = before["paused"] + hours.between(stopped, tx.now)
    ended = ("resolvedAt", "closedAt", "resolution", "satisfaction", "satisfactionComment")
    return {
        **dict.fromkeys(ended),
        "paused": paused,
        **await _open_targets(tx, before, priority, paused),
    }


async def _open_targets(
    tx: Transaction, before: StoredTicketRow, priority: str, paused: timedelta
) -> dict[str, datetime]:
    found = await due_dates(tx, priority, before["createdAt"], paused)
    if before["firstRespondedAt"]:  # met or missed against the date that was promised then
        del found["firstResponseDueAt"]
    return found


async def _hours(tx: Transaction, since: datetime) -> BusinessHours:
    zone = tx.policy.timezone
    opens, closes = tx.policy.business_hours
    rows = await tx.all(_HOLIDAYS, since=since.astimezone(zone).date() - timedelta(days=1))
    holidays = frozenset(row["date"] for row in rows)
    return BusinessHours(zone, opens, closes, tx.policy.business_days, holidays)
