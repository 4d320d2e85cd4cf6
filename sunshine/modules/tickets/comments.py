"""The comments and the history of a ticket. Who sees which of them: visibility.py."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from sqlalchemy import ARRAY, DateTime, Text, bindparam, insert, select

from models import kernel
from models.tickets import ticket_comment
from sunshine.core.errors import NotAllowed
from sunshine.core.principals import Principal
from sunshine.database.database import Database, Transaction
from sunshine.database.event_log import Event, EventRow, columns, event_of
from sunshine.database.pages import ListQuery, Page
from sunshine.database.statements import IdRow, Statement
from sunshine.files.links import stored_in_text
from sunshine.modules.tickets.due_dates import resume
from sunshine.modules.tickets.rows import (
    CommentRow,
    EventDetails,
    HistoryEntry,
    StoredTicketRow,
)
from sunshine.modules.tickets.tickets import (
    context,
    find,
    get_for_update,
    is_assignee,
    is_reporter,
    reject_merged,
    save,
)
from sunshine.modules.tickets.visibility import COMMENTS, EVENTS, is_agent

FOLDER = "ticketing/"  # of the files that comments name, below `static`
# For how long after its end a comment of the reporter reopens a ticket.
REOPENS = timedelta(days=14)

_c = ticket_comment.c
_ROWS = select(
    _c.id,
    _c.ticket_id.label("ticketId"),
    _c.comment,
    _c.files,
    _c.internal,
    _c.employee_id.label("authorId"),
    _c.author,
    _c.created_at.label("createdAt"),
)
comments = ListQuery(_ROWS.where(_c.ticket_id == bindparam("ticket")), key=_c.id, row=CommentRow)
_FIND = Statement(_ROWS.where(_c.id == bindparam("id")), CommentRow)
_INSERT = Statement(
    insert(ticket_comment)
    .values(
        ticket_id=bindparam("ticket"),
        user_id=bindparam("user"),
        employee_id=bindparam("employee"),
        author=bindparam("author"),
        internal=bindparam("internal"),
        comment=bindparam("comment"),
        files=bindparam("files", type_=ARRAY(Text)),
        created_at=bindparam("now", type_=DateTime(timezone=True)),
    )
    .returning(_c.id),
    IdRow,
)
_event = kernel.event["sunshine"].c
events = ListQuery(
    select(*columns("sunshine")).where(
        _event.entity == "ticket", _event.entity_id == bindparam("ticket")
    ),
    key=_event.id,
    row=EventRow,
)


async def page(
    database: Database, ticket_id: int, query: Mapping[str, Any], *, actor: Principal
) -> Page[CommentRow]:
    """Return a page of the comments that the caller may see, oldest first."""
    await find(database, ticket_id, actor=actor)
    return await comments.page(database, query, where=COMMENTS[is_agent(actor)], ticket=ticket_id)


async def history(
    database: Database, ticket_id: int, query: Mapping[str, Any], *, actor: Principal
) -> Page[HistoryEntry]:
    """Return a page of the events that the caller may see, oldest first."""
    await find(database, ticket_id, actor=actor)
    found = await events.page(database, query, where=EVENTS[is_agent(actor)], ticket=ticket_id)
    return found.with_rows([_entry(event_of(row)) for row in found.rows])


def _entry(event: Event) -> HistoryEntry:
    return {
        "seq": str(event.cursor),
        "type": event.type,
        "at": event.at,
        "actor": event.actor_name,
        "changes": changes(event),
        **details(event),
    }


def changes(event: Event) -> dict[str, Any]:
    """Return the fields that an event changed, each with its values `from` and `to`."""
    before, after = event.before or {}, event.after or {}
    return {name: {"from": before[name], "to": after[name]} for name in before if name in after}


def details(event: Event) -> EventDetails:
    """Return what an event holds beside the fields of the ticket."""
    after, found = event.after or {}, EventDetails()
    if "comment" in after:
        found["comment"] = after["comment"]
    if "missed" in after:
        found["missed"] = after["missed"]
    if "merged" in after:
        found["merged"] = after["merged"]
    return found


async def add(
    tx: Transaction, ticket_id: int, values: Mapping[str, Any], *, actor: Principal
) -> CommentRow:
    """Add a comment: a public one as reporter, assignee or agent, an internal one as agent.

    A public comment of the reporter within 14 days of the ticket's end reopens it; the first public
    comment of anybody else is the first response.
    """
    before = await get_for_update(tx, ticket_id, actor=actor)
    if not (is_agent(actor) or is_reporter(actor, before) or is_assignee(actor, before)):
        raise NotAllowed
    internal = values.get("internal", False)
    if internal and not is_agent(actor):
        raise NotAllowed("Internal comments are for agents")
    reject_merged(before)
    comment = await _store(tx, before, values["comment"], internal, actor)
    if internal:
        return comment
    if is_reporter(actor, before):
        await _reopen(tx, before)
    else:
        responded = before["firstRespondedAt"] or tx.now
        await save(tx, before, "ticket_updated", firstRespondedAt=responded)
    return comment


async def add_note(tx: Transaction, ticket_id: int, note: str, *, actor: Principal) -> CommentRow:
    """Add an internal comment, also for an assignee who may not read it afterwards."""
    row = await get_for_update(tx, ticket_id, actor=actor)
    return await _store(tx, row, note, True, actor)


async def _store(
    tx: Transaction, row: StoredTicketRow, text: str, internal: bool, actor: Principal
) -> CommentRow:
    """Insert a comment and record its event."""
    made = await tx.one(
        _INSERT, ticket=row["id"], user=actor.id, employee=actor.employee_id,
        author=actor.name, internal=internal, comment=text,
        files=stored_in_text(text, FOLDER),
    )  # fmt: skip
    comment = await tx.one(_FIND, id=made["id"])
    more = {"internal": internal, "comment": comment}
    # An internal comment leaves no trace on the ticket, whose row others see.
    await tx.record("ticket_commented", "ticket", row["id"], after=context(row) | more)
    return comment


async def _reopen(tx: Transaction, before: StoredTicketRow) -> None:
    """Reopen a ticket that ended within REOPENS."""
    ended = before["closedAt"] or before["resolvedAt"]
    if ended is not None and tx.now - ended <= REOPENS:
        again = await resume(tx, before, before["priority"])
        await save(tx, before, "ticket_reopened", status="open", **again)
