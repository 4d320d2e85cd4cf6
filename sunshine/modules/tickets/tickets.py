"""Tickets: found, listed, made; what their verbs stand on. Tables: models/tickets.py.

Who sees what: visibility.py. Changes: updates.py, closing.py. What is said about
them: comments.py. When they are due: due_dates.py.
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
    insert,
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
from sunshine.database.records import require_active, stamped
from sunshine.database.statements import Row, Statement
from sunshine.modules.scope import ME, employee_of, employee_within
from sunshine.modules.tickets.due_dates import BREACHED, due
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
_LOCK = Statement(
    select(ticket.c.id)
    .where(_IS_ROW, ticket.c.deleted_at.is_(None))
    .with_for_update(key_share=True)
)
# What an event always says, so that whoever is told of it needs to ask nothing.
_CONTEXT = ("number", "status", "priority", "assignedTo")


def _rows(**more: ColumnElement[Any]) -> Select[Any]:
    columns = (column.label(name) for name, column in {**_SHOWN, **more}.items())
    joined = ticket.join(_reporter, ticket.c.reported_by_id == _reporter.c.id)
    joined = joined.outerjoin(_assignee, ticket.c.assigned_to_id == _assignee.c.id)
    return select(*columns).select_from(joined).where(ticket.c.deleted_at.is_(None))


def _rows_for(agent: bool) -> Select[Any]:
    """The rows with what depends on who reads them, and when."""
    comments = select(func.count()).where(
        ticket_comment.c.ticket_id == ticket.c.id, *COMMENTS[agent]
    )
    watching = exists().where(
        ticket_watcher.c.ticket_id == ticket.c.id, ticket_watcher.c.employee_id == ME
    )
    return _rows(breached=BREACHED, commentCount=comments.scalar_subquery(), watching=watching)


def _found_by(agent: bool) -> ColumnElement[bool]:
    """What a search finds: by number, title, description, or a comment that its reader sees."""
    said = contains(func.lower(ticket_comment.c.comment))
    found = ticket.alias("found")
    return ticket.c.id.in_(
        union(
            select(found.c.id).where(contains(found.c.search_text)),
            select(ticket_comment.c.ticket_id).where(said, *COMMENTS[agent]),
        )
    )


def _listing(agent: bool) -> ListQuery:
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
    )


LISTINGS = {agent: _listing(agent) for agent in (True, False)}
_FIND = {
    (agent, reach): Statement(_rows_for(agent).where(_IS_ROW, *TICKETS[reach]))
    for agent in (True, False)
    for reach in TICKETS
}
_STORED = Statement(_rows(paused=ticket.c.paused).where(_IS_ROW))
_INSERT = Statement(
    insert(ticket)
    .values(
        {
            FIELDS[name]: bindparam(name, type_=FIELDS[name].type)
            for name in ("title", "description", "priority", "category", "reportedBy",
                         "attachments", "firstResponseDueAt", "dueAt")
        }
    )
    .values(stamped(ticket))
    .returning(ticket.c.id)
)  # fmt: skip


async def page(database: Database, query: Mapping[str, Any], *, actor: Principal) -> Page:
    """Those that the caller may see, the latest first; filtering by somebody else is refused."""
    reach = _reach(actor)
    for field in ("assignedTo", "reportedBy"):
        if reach != "all" and field in query:
            await employee_within(database, actor, query[field], "tickets:read")
    return await LISTINGS[is_agent(actor)].page(
        database, query, where=TICKETS[reach], me=actor.employee_id, now=database.clock()
    )


async def find(database: Database, id_: int, *, actor: Principal) -> Row:
    """One ticket as the caller may see it."""
    return await _find(database, id_, actor, now=database.clock())


async def shown(tx: Transaction, id_: int, *, actor: Principal) -> Row:
    """The same within a change."""
    return await _find(tx, id_, actor)


async def create(tx: Transaction, values: Mapping[str, Any], *, actor: Principal) -> Row:
    """A new ticket; agents may report in another's name."""
    reporter = values["reportedBy"] if "reportedBy" in values else employee_of(actor)
    if not is_agent(actor) and reporter != actor.employee_id:
        raise NotAllowed("Tickets are reported in one's own name")
    await require_active(tx, employee, reporter, "reportedBy")
    blank: Row = {"description": None, "priority": "medium", "category": None, "attachments": []}
    full = blank | dict(values) | {"reportedBy": reporter}
    made = await tx.one(_INSERT, **full, **await due(tx, full["priority"], tx.now))
    row = await _stored(tx, made["id"])
    await tx.record("ticket_created", "ticket", row["id"], after=snapshot(row))
    return await shown(tx, row["id"], actor=actor)


async def locked(tx: Transaction, id_: int, *, actor: Principal) -> Row:
    """The stored row, held until the change is made: two who change it go one after the other."""
    row = await find_for_update(tx, id_)
    if row is None:
        raise refusal(actor)
    return row


async def find_for_update(tx: Transaction, id_: int) -> Row | None:
    """The same for the system itself; None when it is gone."""
    return await _stored(tx, id_) if await tx.one_or_none(_LOCK, id=id_) else None


async def save(tx: Transaction, before: Row, type_: str, **changes: Any) -> Row:
    """Set fields of a locked row, with their event; what they hold already changes nothing."""
    news = {name: value for name, value in changes.items() if before[name] != value}
    if not news:
        return before
    await tx.execute(_update(tuple(sorted(news))), row_id=before["id"], **news)
    after = await _stored(tx, before["id"])
    kept = ("version", "updatedAt", "paused")
    changed = [name for name in after if name not in kept and before[name] != after[name]]
    await tx.record(
        type_,
        "ticket",
        after["id"],
        before={name: before[name] for name in changed},
        after=context(after) | {name: after[name] for name in changed},
    )
    return after


def context(row: Row) -> Row:
    """What an event says of a ticket whatever has changed."""
    return {name: row[name] for name in _CONTEXT}


def snapshot(row: Row) -> Row:
    """A stored row as an event keeps it."""
    return {name: value for name, value in row.items() if name != "paused"}


def is_reporter(actor: Principal, row: Row) -> bool:
    """Whether the caller reported it."""
    return actor.employee_id is not None and actor.employee_id == row["reportedBy"]


def is_assignee(actor: Principal, row: Row) -> bool:
    """Whether the caller is to solve it."""
    return actor.employee_id is not None and actor.employee_id == row["assignedTo"]


def keep_merged(row: Row) -> None:
    """Conflict `ticket_merged` if it became part of another one, which goes on for it."""
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


async def _find(reader: Reader, id_: int, actor: Principal, **values: Any) -> Row:
    statement = _FIND[is_agent(actor), _reach(actor)]
    row = await reader.one_or_none(statement, id=id_, me=actor.employee_id, **values)
    if row is None:
        raise refusal(actor)
    return row


async def _stored(tx: Transaction, id_: int) -> Row:
    return await tx.one(_STORED, id=id_)


@lru_cache(maxsize=64)
def _update(names: tuple[str, ...]) -> Statement[Any]:
    values: dict[Any, Any] = {
        FIELDS[name]: bindparam(name, type_=FIELDS[name].type) for name in names
    }
    values[ticket.c.version] = ticket.c.version + 1
    values[ticket.c.updated_at] = bindparam("now", type_=DateTime(timezone=True))
    return Statement(update(ticket).where(ticket.c.id == bindparam("row_id")).values(values))
