"""Tickets: list, find, create, and the steps that all changes are made of.

Tables: models/tickets.py. Who sees what: visibility.py. Changes: updates.py, closing.py. Comments:
comments.py. Due dates: due_dates.py.
"""

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from sqlalchemy import (
    ColumnElement,
    DateTime,
    Select,
    Text,
    bindparam,
    exists,
    func,
    select,
    union,
    update,
)

from models.employees import employee
from models.tickets import severity, ticket, ticket_comment, ticket_watcher
from sunshine.core.errors import Conflict, NotAllowed
from sunshine.core.principals import Principal, Scope
from sunshine.database.database import Database, Reader, Transaction
from sunshine.database.pages import ListQuery, Page, contains
from sunshine.database.records import RecordSteps, require_active
from sunshine.database.statements import Statement
from sunshine.modules.scope import ME, employee_of, employee_within
from sunshine.modules.tickets.due_dates import BREACHED, due_dates
from sunshine.modules.tickets.rows import StoredTicketRow, TicketContext, TicketFields, TicketRow
from sunshine.modules.tickets.schemas import FILTERS
from sunshine.modules.tickets.visibility import COMMENTS, TICKETS, is_agent, refusal, scope

_reporter, _assignee = employee.alias("reporter"), employee.alias("assignee")
FIELDS = {
    "title": ticket.c.title,
    "description": ticket.c.description,
    "priority": ticket.c.priority,
    "status": ticket.c.status,
    "category": ticket.c.category,
    "reportedBy": ticket.c.reported_by_id,
    "assignedTo": ticket.c.assigned_to_id,
    "attachments": ticket.c.attachments,
    "resolution": ticket.c.resolution,
    "satisfaction": ticket.c.satisfaction,
    "satisfactionComment": ticket.c.satisfaction_comment,
    "mergedInto": ticket.c.merged_into_id,
    "firstResponseDueAt": ticket.c.first_response_due_at,
    "firstRespondedAt": ticket.c.first_responded_at,
    "dueAt": ticket.c.due_at,
    "resolvedAt": ticket.c.resolved_at,
    "closedAt": ticket.c.closed_at,
    "paused": ticket.c.paused,
}
_SHOWN: dict[str, ColumnElement[Any]] = {
    "id": ticket.c.id,
    "number": ticket.c.number,
    **{name: column for name, column in FIELDS.items() if name != "paused"},
    "reporter": _reporter.c.name,
    "assignee": _assignee.c.name,
    "version": ticket.c.version,
    "createdAt": ticket.c.created_at,
    "updatedAt": ticket.c.updated_at,
}
_IS_ROW = ticket.c.id == bindparam("id")


def _rows(**more: ColumnElement[Any]) -> Select[Any]:
    columns = (column.label(name) for name, column in {**_SHOWN, **more}.items())
    joined = ticket.join(_reporter, ticket.c.reported_by_id == _reporter.c.id)
    joined = joined.outerjoin(_assignee, ticket.c.assigned_to_id == _assignee.c.id)
    return select(*columns).select_from(joined).where(ticket.c.deleted_at.is_(None))


def _rows_for(agent: bool) -> Select[Any]:
    """Select tickets with the fields that depend on the reader and the time."""
    comments = select(func.count()).where(
        ticket_comment.c.ticket_id == ticket.c.id, *COMMENTS[agent]
    )
    watching = exists().where(
        ticket_watcher.c.ticket_id == ticket.c.id, ticket_watcher.c.employee_id == ME
    )
    return _rows(breached=BREACHED, commentCount=comments.scalar_subquery(), watching=watching)


def _found_by(agent: bool) -> ColumnElement[bool]:
    """Return the condition of a search: in number, title, description and visible comments."""
    said = contains(func.lower(ticket_comment.c.comment))
    found = ticket.alias("found")
    return ticket.c.id.in_(
        union(
            select(found.c.id).where(contains(found.c.search_text)),
            select(ticket_comment.c.ticket_id).where(said, *COMMENTS[agent]),
        )
    )


def _listing(agent: bool) -> ListQuery[TicketRow]:
    category = func.lower(bindparam("category", type_=Text))
    return ListQuery(
        _rows_for(agent),
        key=ticket.c.id,
        schema=FILTERS,
        filters={
            "status": ticket.c.status == bindparam("status"),
            "priority": ticket.c.priority == bindparam("priority"),
            "category": func.lower(ticket.c.category) == category,
            "assignedTo": ticket.c.assigned_to_id == bindparam("assignedTo"),
            "reportedBy": ticket.c.reported_by_id == bindparam("reportedBy"),
            "breached": bindparam("breached") == BREACHED,
            "search": _found_by(agent),
        },
        sort={
            "createdAt": ticket.c.created_at,
            "updatedAt": ticket.c.updated_at,
            "dueAt": ticket.c.due_at,
            "priority": severity,
        },
        default_sort="-id",
        row=TicketRow,
    )


LISTINGS = {agent: _listing(agent) for agent in (True, False)}
_FIND = {
    (agent, reach): Statement(_rows_for(agent).where(_IS_ROW, *TICKETS[reach]), TicketRow)
    for agent in (True, False)
    for reach in TICKETS
}
_steps = RecordSteps(ticket, rows=_rows(paused=ticket.c.paused), row=StoredTicketRow, fields=FIELDS)


async def page(
    database: Database, query: Mapping[str, Any], *, actor: Principal
) -> Page[TicketRow]:
    """Return a page of the tickets that the caller may see, the latest first.

    NotAllowed for a filter by an employee outside the caller's scope.
    """
    reach = _reach(actor)
    for field in ("assignedTo", "reportedBy"):
        if reach != "all" and field in query:
            await employee_within(database, actor, query[field], "tickets:read")
    return await LISTINGS[is_agent(actor)].page(
        database, query, where=TICKETS[reach], me=actor.employee_id, now=database.clock()
    )


async def find(database: Database, id_: int, *, actor: Principal) -> TicketRow:
    """Return one ticket as the caller sees it; `refusal` where they do not."""
    return await _find(database, id_, actor, now=database.clock())


async def response(tx: Transaction, id_: int, *, actor: Principal) -> TicketRow:
    """Return a ticket as `find`, within a change."""
    return await _find(tx, id_, actor)


async def create(tx: Transaction, values: Mapping[str, Any], *, actor: Principal) -> TicketRow:
    """Create a ticket; NotAllowed in the name of somebody else, except for agents."""
    reporter = values["reportedBy"] if "reportedBy" in values else employee_of(actor)
    if not is_agent(actor) and reporter != actor.employee_id:
        raise NotAllowed("Tickets are reported in one's own name")
    await require_active(tx, employee, reporter, "reportedBy")
    blank: dict[str, Any] = {
        "description": None,
        "priority": "medium",
        "category": None,
        "attachments": [],
    }
    full = {**blank, **values, "reportedBy": reporter}
    full |= await due_dates(tx, full["priority"], tx.now)
    row = await _steps.get(tx, await _steps.insert(tx, full))
    await tx.record("ticket_created", "ticket", row["id"], after=snapshot(row))
    return await response(tx, row["id"], actor=actor)


async def get_for_update(tx: Transaction, id_: int, *, actor: Principal) -> StoredTicketRow:
    """Lock and return a ticket; `refusal` where there is none.

    Two changes of one ticket so follow one another.
    """
    row = await find_for_update(tx, id_)
    if row is None:
        raise refusal(actor)
    return row


async def find_for_update(tx: Transaction, id_: int) -> StoredTicketRow | None:
    """Lock and return a ticket for the system itself; None where there is none."""
    return await _steps.find_for_update(tx, id_)


async def save(
    tx: Transaction, before: StoredTicketRow, type_: str, **changes: Any
) -> StoredTicketRow:
    """Set fields of a locked ticket and record the event; nothing where no field differs."""
    stored: Mapping[str, Any] = before
    news = {name: value for name, value in changes.items() if stored[name] != value}
    if not news:
        return before
    await tx.execute(_update(tuple(sorted(news))), row_id=before["id"], **news)
    after = await _steps.get(tx, before["id"])
    held: Mapping[str, Any] = after
    silent = ("version", "updatedAt", "paused")
    changed = [name for name in held if name not in silent and stored[name] != held[name]]
    await tx.record(
        type_,
        "ticket",
        after["id"],
        before={name: stored[name] for name in changed},
        after=context(after) | {name: held[name] for name in changed},
    )
    return after


def context(row: TicketFields) -> TicketContext:
    """Return what every event of a ticket holds."""
    return {
        "number": row["number"],
        "status": row["status"],
        "priority": row["priority"],
        "assignedTo": row["assignedTo"],
    }


def snapshot(row: StoredTicketRow) -> Mapping[str, object]:
    """Return a stored ticket as events hold it."""
    return {name: value for name, value in row.items() if name != "paused"}


def is_reporter(actor: Principal, row: TicketFields) -> bool:
    """Return whether the caller reported the ticket."""
    return actor.employee_id is not None and actor.employee_id == row["reportedBy"]


def is_assignee(actor: Principal, row: TicketFields) -> bool:
    """Return whether the ticket is assigned to the caller."""
    return actor.employee_id is not None and actor.employee_id == row["assignedTo"]


def reject_merged(row: TicketFields) -> None:
    """Raise Conflict `ticket_merged` for a ticket that was merged into another one."""
    if row["mergedInto"] is not None:
        raise Conflict(
            "This ticket was merged into another one",
            code="ticket_merged",
            data={"mergedInto": row["mergedInto"]},
        )


def _reach(actor: Principal) -> Scope:
    reach = scope(actor)
    if reach is None:
        raise NotAllowed
    return reach


async def _find(reader: Reader, id_: int, actor: Principal, **values: Any) -> TicketRow:
    statement = _FIND[is_agent(actor), _reach(actor)]
    row = await reader.one_or_none(statement, id=id_, me=actor.employee_id, **values)
    if row is None:
        raise refusal(actor)
    return row


@lru_cache(maxsize=64)
def _update(names: tuple[str, ...]) -> Statement[object]:
    values: dict[Any, Any] = {
        FIELDS[name]: bindparam(name, type_=FIELDS[name].type) for name in names
    }
    values[ticket.c.version] = ticket.c.version + 1
    values[ticket.c.updated_at] = bindparam("now", type_=DateTime(timezone=True))
    return Statement(update(ticket).where(ticket.c.id == bindparam("row_id")).values(values))
