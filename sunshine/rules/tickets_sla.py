"""Tickets that are late are told, once each; and who has something due. When: tickets_due.py."""

from datetime import date, datetime, time, timedelta

from sqlalchemy import Column, ColumnElement, DateTime, bindparam, select, update

from models.tickets import ticket
from sunshine.db import Database, Row, Transaction
from sunshine.rules.tickets_due import RESOLUTION_LATE, RESPONSE_LATE
from sunshine.statements import Statement

_NOW = bindparam("now", type_=DateTime(timezone=True))
_instant = DateTime(timezone=True)


def _claim(late: ColumnElement[bool], told: Column[datetime], due: Column[datetime]) -> Statement:
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


async def due_on(
    reader: Database | Transaction, employee_id: int, first: date, last: date
) -> list[Row]:
    """The open tickets (id, number, title, priority, status, dueAt) that the employee is to solve
    and that are due on these days of the business, both included."""
    zone = reader.policy.timezone
    begin = datetime.combine(first, time(), zone)
    end = datetime.combine(last + timedelta(days=1), time(), zone)
    return await reader.all(_DUE, employee=employee_id, begin=begin, end=end)
