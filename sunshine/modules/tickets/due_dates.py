"""When a ticket is due: its targets in business time, from its making on, without its pauses.

A ticket has two targets: the first response (a public comment or a change of status by somebody
else than the reporter) and the resolution. Both are counted in the hours of business_hours.py and
stand still while the ticket is resolved or closed. Breaches are told by sla.py.
"""

from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, DateTime, and_, bindparam, or_, select

from models.leave import holiday
from models.tickets import resolution_unmet, response_unmet, ticket
from sunshine.database.database import Transaction
from sunshine.database.statements import Row, Statement
from sunshine.modules.tickets.business_hours import BusinessHours

_NOW = bindparam("now", type_=DateTime(timezone=True))
# Whether a target was, or by now is, missed; an instant is late from the one it was due at.
RESPONSE_LATE: ColumnElement[bool] = and_(response_unmet, ticket.c.first_response_due_at <= _NOW)
RESOLUTION_LATE: ColumnElement[bool] = and_(resolution_unmet, ticket.c.due_at <= _NOW)
BREACHED: ColumnElement[bool] = or_(RESPONSE_LATE, RESOLUTION_LATE)

_HOLIDAYS = Statement(
    select(holiday.c.date).where(
        holiday.c.date >= bindparam("since"), holiday.c.deleted_at.is_(None)
    )
)


async def due(
    tx: Transaction, priority: str, since: datetime, paused: timedelta = timedelta()
) -> Row:
    """Both due instants of a ticket made at `since` that stood still for so much business time."""
    hours = await _hours(tx, since)
    response, resolution = tx.policy.sla[priority]
    return {
        "firstResponseDueAt": hours.after(since, response + paused),
        "dueAt": hours.after(since, resolution + paused),
    }


async def redue(tx: Transaction, before: Row, priority: str) -> Row:
    """What another priority changes: the targets that are still open, counted from the making."""
    return await _open_targets(tx, before, priority, before["paused"])


async def resume(tx: Transaction, before: Row, priority: str) -> Row:
    """What changes when a ticket that is resolved or closed is worked on again: the open targets
    move by the business time that it stood still, and what was said at its end is void."""
    stopped = before["resolvedAt"] or before["closedAt"]
    hours = await _hours(tx, stopped)
    paused = before["paused"] + hours.between(stopped, tx.now)
    ended = ("resolvedAt", "closedAt", "resolution", "satisfaction", "satisfactionComment")
    return {
        **dict.fromkeys(ended),
        "paused": paused,
        **await _open_targets(tx, before, priority, paused),
    }


async def _open_targets(tx: Transaction, before: Row, priority: str, paused: timedelta) -> Row:
    found = await due(tx, priority, before["createdAt"], paused)
    if before["firstRespondedAt"]:  # it is met or missed by what was promised then
        del found["firstResponseDueAt"]
    return found


async def _hours(tx: Transaction, since: datetime) -> BusinessHours:
    zone = tx.policy.timezone
    opens, closes = tx.policy.business_hours
    rows = await tx.all(_HOLIDAYS, since=since.astimezone(zone).date() - timedelta(days=1))
    holidays = frozenset(row["date"] for row in rows)
    return BusinessHours(zone, opens, closes, tx.policy.business_days, holidays)
