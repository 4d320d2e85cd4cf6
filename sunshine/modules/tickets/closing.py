"""How tickets end: closed, rated, merged into another, deleted. Rows: tickets.py."""

from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from sqlalchemy import DateTime, Integer, bindparam, select, union, update
from sqlalchemy.dialects.postgresql import insert

from models.tickets import ticket, ticket_watcher
from sunshine.core.errors import Conflict, Invalid, NotAllowed, NotFound
from sunshine.core.principals import Principal
from sunshine.database.database import Transaction
from sunshine.database.statements import Row, Statement
from sunshine.modules.tickets.tickets import (
    context,
    is_assignee,
    is_reporter,
    keep_merged,
    locked,
    save,
    shown,
    snapshot,
)
from sunshine.modules.tickets.updates import moved
from sunshine.modules.tickets.visibility import is_agent

_NOW = bindparam("now", type_=DateTime(timezone=True))
_DELETE = Statement(
    update(ticket).where(ticket.c.id == bindparam("row_id")).values(deleted_at=_NOW)
)


def _follow() -> Statement[Any]:
    source = bindparam("source", type_=Integer)
    followers = union(
        select(ticket.c.reported_by_id.label("id")).where(ticket.c.id == source),
        select(ticket_watcher.c.employee_id).where(ticket_watcher.c.ticket_id == source),
    ).subquery()
    into = bindparam("into", type_=Integer)
    rows = select(into.label("ticket_id"), followers.c.id, _NOW.label("created_at"))
    names = ["ticket_id", "employee_id", "created_at"]
    added = insert(ticket_watcher).from_select(names, rows).on_conflict_do_nothing()
    return Statement(added.returning(ticket_watcher.c.employee_id))


_FOLLOW = _follow()


async def close(tx: Transaction, id_: int, values: Mapping[str, Any], *, actor: Principal) -> Row:
    """End a ticket from any status; its reporter may rate it with the same word.

    Conflict `already_closed`.
    """
    before = await locked(tx, id_, actor=actor)
    if not (is_agent(actor) or is_reporter(actor, before) or is_assignee(actor, before)):
        raise NotAllowed
    if "satisfaction" in values and not is_reporter(actor, before):
        raise NotAllowed("Only the reporter says how satisfied they are")
    keep_merged(before)
    if before["status"] == "closed":
        raise Conflict("This ticket is closed already", code="already_closed")
    await save(tx, before, "ticket_closed", **values, **moved(tx, before, "closed", actor=actor))
    return await shown(tx, id_, actor=actor)


async def rate(
    tx: Transaction, id_: int, satisfaction: int, comment: str | None = None, *, actor: Principal
) -> Row:
    """How satisfied the reporter is with what came of it: once, until it is opened again.

    Conflict `not_resolved`, `already_rated`.
    """
    try:
        before = await locked(tx, id_, actor=actor)
    except NotFound:  # it is nobody's to rate
        raise NotAllowed from None
    if not is_reporter(actor, before):
        raise NotAllowed("Only the reporter says how satisfied they are")
    keep_merged(before)
    if before["status"] not in ("resolved", "closed"):
        raise Conflict("This ticket is not resolved yet", code="not_resolved")
    if before["satisfaction"] is not None:
        raise Conflict("This ticket is rated already", code="already_rated")
    await save(
        tx, before, "ticket_rated", satisfaction=satisfaction, satisfactionComment=comment or None
    )
    return await shown(tx, id_, actor=actor)


async def merge(tx: Transaction, id_: int, into: int, *, actor: Principal) -> Row:
    """Close a ticket as part of another one, which goes on for it.

    What was said stays where it was said, for those who could read it; whoever reported or watched
    this one watches the other from now on. Conflict `ticket_merged`, `into_closed`.
    """
    if id_ == into:
        raise Invalid.field("into", "is this ticket itself")
    held: dict[int, Row] = {}
    for each in sorted((id_, into)):  # in one order, so that two merges never wait for each other
        with suppress(NotFound):
            held[each] = await locked(tx, each, actor=actor)
    if id_ not in held:
        raise NotFound
    if into not in held:
        raise Invalid.field("into", "does not exist")
    source, target = held[id_], held[into]
    keep_merged(source)
    keep_merged(target)
    if target["status"] == "closed":
        raise Conflict("The ticket to merge into is closed", code="into_closed")
    ended = {} if source["status"] == "closed" else moved(tx, source, "closed", actor=actor)
    await save(tx, source, "ticket_merged", mergedInto=into, **ended)
    watchers = [row["employee_id"] for row in await tx.all(_FOLLOW, source=id_, into=into)]
    merged = {"from": source["number"], "watchers": watchers}
    await tx.record("ticket_absorbed", "ticket", into, after=context(target) | {"merged": merged})
    return await shown(tx, id_, actor=actor)


async def delete(tx: Transaction, id_: int, *, actor: Principal) -> None:
    """Out of everybody's sight; its row and its events stay for the record."""
    before = await locked(tx, id_, actor=actor)
    await tx.execute(_DELETE, row_id=id_)
    await tx.record("ticket_deleted", "ticket", id_, before=snapshot(before))
