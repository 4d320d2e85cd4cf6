"""What time does to tickets: late ones are told, once each; holidays move what is due.

How that is counted: due_dates.py.
"""

from datetime import date, datetime, time, timedelta
from typing import Any

from sqlalchemy import Column, ColumnElement, DateTime, bindparam, func, select, update

from models.tickets import ticket
from sunshine.database.database import Database, Transaction
from sunshine.database.statements import Row, Statement
from sunshine.modules.tickets.due_dates import RESOLUTION_LATE, RESPONSE_LATE, redue
from sunshine.modules.tickets.tickets import find_for_update, save
from sunshine.modules.tickets.updates import RUNNING

_NOW = bindparam("now", type_=DateTime(timezone=True))
_instant = DateTime(timezone=True)


def _claim(
    late: ColumnElement[bool], told: Column[datetime], due: Column[datetime]
) -> Statement[Any]:
    """Marks what is late and not told yet, so that nobody else tells it. What somebody changes
    right now is left for the next time, instead of waiting for them."""
    found = (
        select(ticket.c.id)
        .where(ticket.c.deleted_at.is_(None), told.is_(None), late)
        .order_by(ticket.c.id)
        .with_for_update(key_share=True, skip_locked=True)
        .cte("late")
    )
    marked = update(ticket).where(ticket.c.id == found.c.id).values({told: _NOW})
    return Statement(
        marked.returning(
            ticket.c.id,
            ticket.c.number,
            ticket.c.status,
            ticket.c.priority,
            ticket.c.assigned_to_id.label("assignedTo"),
            due.label("dueAt"),
        )
    )


_CLAIMS = {
    "response": _claim(
        RESPONSE_LATE, ticket.c.response_breach_told_at, ticket.c.first_response_due_at
    ),
    "resolution": _claim(RESOLUTION_LATE, ticket.c.resolution_breach_told_at, ticket.c.due_at),
}
# What a day more or less of business may move.
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
    .order_by(ticket.c.id)
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
    .order_by(ticket.c.due_at, ticket.c.id)
)


async def report_breaches(tx: Transaction) -> dict[str, int]:
    """Tell what is late by now: each target of a ticket once, however late that is noticed.

    A job's verb (every minute). Returns how many were told of each target.
    """
    counts = {}
    for target, claim in _CLAIMS.items():
        rows = await tx.all(claim)
        for row in sorted(rows, key=lambda row: row["dueAt"]):
            missed = {"target": target, "dueAt": row.pop("dueAt")}
            id_ = row.pop("id")
            await tx.record("ticket_sla_breached", "ticket", id_, after=row | {"missed": missed})
        counts[target] = len(rows)
    return counts


async def calendar_changed(tx: Transaction, day: date) -> None:
    """Move what is due of the tickets that are worked on, after a day became a holiday or ceased to
    be one: whoever changes holidays calls it. What is resolved moves when it is opened again."""
    begin, end = _bounds(tx, day, day)
    for row in await tx.all(_AFFECTED, begin=begin, end=end):
        before = await find_for_update(tx, row["id"])
        if before is not None and before["status"] in RUNNING:
            await save(tx, before, "ticket_updated", **await redue(tx, before, before["priority"]))


async def due_on(
    reader: Database | Transaction, employee_id: int, first: date, last: date
) -> list[Row]:
    """The open tickets (id, number, title, priority, status, dueAt) that the employee is to solve
    and that are due on these days of the business, both included."""
    begin, end = _bounds(reader, first, last)
    return await reader.all(_DUE, employee=employee_id, begin=begin, end=end)


def _bounds(reader: Database | Transaction, first: date, last: date) -> tuple[datetime, datetime]:
    """The midnights of the business before the first day and after the last."""
    zone = reader.policy.timezone
    after = last + timedelta(days=1)
    return datetime.combine(first, time(), zone), datetime.combine(after, time(), zone)
