"""Missed targets, each reported once, and due dates that a change of holidays moves.

How due dates are counted: due_dates.py.
"""

from datetime import date, datetime, time, timedelta

from sqlalchemy import Column, ColumnElement, DateTime, bindparam, func, select, update

from models.tickets import ticket
from sunshine.database.database import Database, Transaction
from sunshine.database.statements import IdRow, Statement
from sunshine.modules.tickets.due_dates import RESOLUTION_LATE, RESPONSE_LATE, reschedule
from sunshine.modules.tickets.rows import BreachRow, DueTicketRow
from sunshine.modules.tickets.tickets import find_for_update, save
from sunshine.modules.tickets.updates import RUNNING

_NOW = bindparam("now", type_=DateTime(timezone=True))
_instant = DateTime(timezone=True)


def _claim(
    late: ColumnElement[bool], reported_at: Column[datetime], due: Column[datetime]
) -> Statement[BreachRow]:
    """Build the update that marks late tickets as reported, so that no other process reports them.

    Tickets that are being changed are left for the next run, instead of waiting for the change.
    """
    found = (
        select(ticket.c.id)
        .where(ticket.c.deleted_at.is_(None), reported_at.is_(None), late)
        .order_by(ticket.c.id)
        .with_for_update(key_share=True, skip_locked=True)
        .cte("late")
    )
    marked = update(ticket).where(ticket.c.id == found.c.id).values({reported_at: _NOW})
    return Statement(
        marked.returning(
            ticket.c.id,
            ticket.c.number,
            ticket.c.status,
            ticket.c.priority,
            ticket.c.assigned_to_id.label("assignedTo"),
            due.label("dueAt"),
        ),
        BreachRow,
    )


_CLAIMS = {
    "response": _claim(
        RESPONSE_LATE, ticket.c.response_breach_told_at, ticket.c.first_response_due_at
    ),
    "resolution": _claim(RESOLUTION_LATE, ticket.c.resolution_breach_told_at, ticket.c.due_at),
}
# The tickets whose due dates a business day more or less may move.
_AFFECTED = Statement(
    select(ticket.c.id)
    .where(
        ticket.c.deleted_at.is_(None),
        ticket.c.resolved_at.is_(None),
        ticket.c.closed_at.is_(None),
        ticket.c.created_at < bindparam("end", type_=_instant),
        func.greatest(ticket.c.due_at, ticket.c.first_response_due_at)
        >= bindparam("begin", type_=_instant),
    )
    .order_by(ticket.c.id),
    IdRow,
)
_DUE = Statement(
    select(
        ticket.c.id,
        ticket.c.number,
        ticket.c.title,
        ticket.c.priority,
        ticket.c.status,
        ticket.c.due_at.label("dueAt"),
    )
    .where(
        ticket.c.assigned_to_id == bindparam("employee"),
        ticket.c.resolved_at.is_(None),
        ticket.c.closed_at.is_(None),
        ticket.c.deleted_at.is_(None),
        ticket.c.due_at >= bindparam("begin", type_=_instant),
        ticket.c.due_at < bindparam("end", type_=_instant),
    )
    .order_by(ticket.c.due_at, ticket.c.id),
    DueTicketRow,
)


async def report_breaches(tx: Transaction) -> dict[str, int]:
    """Report the targets that are missed by now, each target of a ticket once, however late.

    A job runs it every minute. Return the number of missed targets of each kind.
    """
    counts = {}
    for target, claim in _CLAIMS.items():
        rows = await tx.all(claim)
        for row in sorted(rows, key=lambda row: row["dueAt"]):
            after = {
                "number": row["number"],
                "status": row["status"],
                "priority": row["priority"],
                "assignedTo": row["assignedTo"],
                "missed": {"target": target, "dueAt": row["dueAt"]},
            }
            await tx.record("ticket_sla_breached", "ticket", row["id"], after=after)
        counts[target] = len(rows)
    return counts


async def calendar_changed(tx: Transaction, day: date) -> None:
    """Move the due dates of open tickets after a day became a holiday, or is one no longer.

    Every change of holidays calls it. Those of resolved tickets move when they are reopened.
    """
    begin, end = _bounds(tx, day, day)
    for row in await tx.all(_AFFECTED, begin=begin, end=end):
        before = await find_for_update(tx, row["id"])
        if before is not None and before["status"] in RUNNING:
            await save(
                tx, before, "ticket_updated", **await reschedule(tx, before, before["priority"])
            )


async def due_on(
    reader: Database | Transaction, employee_id: int, first: date, last: date
) -> list[DueTicketRow]:
    """Return the open tickets that are assigned to the employee and due on these business days.

    Both days are included.
    """
    begin, end = _bounds(reader, first, last)
    return await reader.all(_DUE, employee=employee_id, begin=begin, end=end)


def _bounds(reader: Database | Transaction, first: date, last: date) -> tuple[datetime, datetime]:
    """Return the midnights, where the business is, before the first day and after the last."""
    zone = reader.policy.timezone
    after = last + timedelta(days=1)
    return datetime.combine(first, time(), zone), datetime.combine(after, time(), zone)
