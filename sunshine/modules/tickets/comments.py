"""What is said about a ticket, and what happened to it. Who sees which: visibility.py."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

from sqlalchemy import ARRAY, DateTime, Text, bindparam, insert, select

from models import kernel
from models.tickets import ticket_comment
from sunshine.core.errors import NotAllowed
from sunshine.core.principals import Principal
from sunshine.database.database import Database, Transaction
from sunshine.database.event_log import Event, columns, event_of
from sunshine.database.pages import ListQuery, Page
from sunshine.database.statements import Row, Statement
from sunshine.files.links import stored_in_text
from sunshine.modules.tickets.due_dates import resume
from sunshine.modules.tickets.tickets import (
    context,
    find,
    is_assignee,
    is_reporter,
    keep_merged,
    locked,
    save,
)
from sunshine.modules.tickets.visibility import COMMENTS, EVENTS, is_agent

FOLDER = "ticketing/"  # of the files that comments name, below `static`
# How long after its end a word of the reporter opens a ticket again.
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
comments = ListQuery(_ROWS.where(_c.ticket_id == bindparam("ticket")), key=_c.id)
_FIND = Statement(_ROWS.where(_c.id == bindparam("id")))
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
    .returning(_c.id)
)
_happened = kernel.event["sunshine"].c
events = ListQuery(
    select(*columns("sunshine")).where(
        _happened.entity == "ticket", _happened.entity_id == bindparam("ticket")
    ),
    key=_happened.id,
)


async def page(
    database: Database, ticket_id: int, query: Mapping[str, Any], *, actor: Principal
) -> Page:
    """The comments that the caller may see, the first first."""
    await find(database, ticket_id, actor=actor)
    return await comments.page(database, query, where=COMMENTS[is_agent(actor)], ticket=ticket_id)


async def history(
    database: Database, ticket_id: int, query: Mapping[str, Any], *, actor: Principal
) -> Page:
    """What happened that the caller may know of, the first first."""
    await find(database, ticket_id, actor=actor)
    found = await events.page(database, query, where=EVENTS[is_agent(actor)], ticket=ticket_id)
    return replace(found, rows=[entry(event_of(row)) for row in found.rows])


def entry(event: Event) -> Row:
    """What happened as the history shows it."""
    shown = {"seq": str(event.cursor), "type": event.type, "at": event.at}
    return shown | {"actor": event.actor_name, "changes": changes(event), **details(event)}


def changes(event: Event) -> Row:
    """The fields that an event changed: what they held, what they hold."""
    before, after = event.before or {}, event.after or {}
    return {name: {"from": before[name], "to": after[name]} for name in before if name in after}


def details(event: Event) -> Row:
    """What an event says beside the fields of the ticket."""
    after = event.after or {}
    return {name: after[name] for name in ("comment", "missed", "merged") if name in after}


async def add(
    tx: Transaction, ticket_id: int, values: Mapping[str, Any], *, actor: Principal
) -> Row:
    """Say something: publicly as reporter, assignee or agent, internally as agent.

    A public word of the reporter within 14 days of the ticket's end opens it again; the first one
    of anybody else is the first response.
    """
    before = await locked(tx, ticket_id, actor=actor)
    if not (is_agent(actor) or is_reporter(actor, before) or is_assignee(actor, before)):
        raise NotAllowed
    internal = values.get("internal", False)
    if internal and not is_agent(actor):
        raise NotAllowed("Internal comments are for agents")
    keep_merged(before)
    comment = await _store(tx, before, values["comment"], internal, actor)
    if internal:
        return comment
    if is_reporter(actor, before):
        await _reopen(tx, before)
    else:
        responded = before["firstRespondedAt"] or tx.now
        await save(tx, before, "ticket_updated", firstRespondedAt=responded)
    return comment


async def add_note(tx: Transaction, ticket_id: int, note: str, *, actor: Principal) -> Row:
    """An internal comment, also by an assignee who may not read it afterwards."""
    row = await locked(tx, ticket_id, actor=actor)
    return await _store(tx, row, note, True, actor)


async def _store(tx: Transaction, row: Row, text: str, internal: bool, actor: Principal) -> Row:
    made = await tx.one(
        _INSERT, ticket=row["id"], user=actor.id, employee=actor.employee_id,
        author=actor.name, internal=internal, comment=text,
        files=stored_in_text(text, FOLDER),
    )  # fmt: skip
    comment = await tx.one(_FIND, id=made["id"])
    said = {"internal": internal, "comment": comment}
    # An internal comment leaves no trace on the ticket, whose row others see.
    await tx.record("ticket_commented", "ticket", row["id"], after=context(row) | said)
    return comment


async def _reopen(tx: Transaction, before: Row) -> None:
    ended = before["closedAt"] or before["resolvedAt"]
    if ended is not None and tx.now - ended <= REOPENS:
        again = await resume(tx, before, before["priority"])
        await save(tx, before, "ticket_reopened", status="open", **again)
