"""The end of tickets: close, rate, merge into another one, delete. The steps: tickets.py."""

from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from sqlalchemy import DateTime, Integer, bindparam, select, union, update
from sqlalchemy.dialects.postgresql import insert

from models.tickets import ticket, ticket_watcher
from sunshine.core.errors import Conflict, Invalid, NotAllowed, NotFound
from sunshine.core.principals import Principal
from sunshine.database.database import Transaction
from sunshine.database.statements import Statement
from sunshine.modules.tickets.rows import StoredTicketRow, TicketRow, WatcherRow
from sunshine.modules.tickets.tickets import (
    context,
    get_for_update,
    is_assignee,
    is_reporter,
    reject_merged,
    response,
    save,
    snapshot,
)
from sunshine.modules.tickets.updates import status_changes
from sunshine.modules.tickets.visibility import is_agent

_NOW = bindparam("now", type_=DateTime(timezone=True))
_DELETE = Statement(
    update(ticket).where(ticket.c.id == bindparam("row_id")).values(deleted_at=_NOW)
)


def _follow() -> Statement[WatcherRow]:
    """Build the insert of a ticket's reporter and watchers as watchers of another one."""
    source = bindparam("source", type_=Integer)
    followers = union(
        select(ticket.c.reported_by_id.label("id")).where(ticket.c.id == source),
        select(ticket_watcher.c.employee_id).where(ticket_watcher.c.ticket_id == source),
    ).subquery()
    into = bindparam("into", type_=Integer)
    rows = select(into.label("ticket_id"), followers.c.id, _NOW.label("created_at"))
    names = ["ticket_id", "employee_id", "created_at"]
    added = insert(ticket_watcher).from_select(names, rows).on_conflict_do_nothing()
    return Statement(added.returning(ticket_watcher.c.employee_id), WatcherRow)


_FOLLOW = _follow()


async def close(
    tx: Transaction, id_: int, values: Mapping[str, Any], *, actor: Principal
) -> TicketRow:
    """Close a ticket from any status; its reporter may rate it at the same time.

    Conflict `already_closed`.
    """
    before = await get_for_update(tx, id_, actor=actor)
    if not (is_agent(actor) or is_reporter(actor, before) or is_assignee(actor, before)):
        raise NotAllowed
    if "satisfaction" in values and not is_reporter(actor, before):
        raise NotAllowed("Only the reporter says how satisfied they are")
    reject_merged(before)
    if before["status"] == "closed":
        raise Conflict("This ticket is closed already", code="already_closed")
    await save(
        tx, before, "ticket_closed", **values, **status_changes(tx, before, "closed", actor=actor)
    )
    return await response(tx, id_, actor=actor)


async def rate(
    tx: Transaction, id_: int, satisfaction: int, comment: str | None = None, *, actor: Principal
) -> TicketRow:
    """Record the reporter's rating: once, until the ticket is reopened.

    Conflict `not_resolved`, `already_rated`.
    """
    try:
        before = await get_for_update(tx, id_, actor=actor)
    except NotFound:  # nobody may rate a ticket that does not exist
        raise NotAllowed from None
    if not is_reporter(actor, before):
        raise NotAllowed("Only the reporter says how satisfied they are")
    reject_merged(before)
    if before["status"] not in ("resolved", "closed"):
        raise Conflict("This ticket is not resolved yet", code="not_resolved")
    if before["satisfaction"] is not None:
        raise Conflict("This ticket is rated already", code="already_rated")
    await save(
        tx, before, "ticket_rated", satisfaction=satisfaction, satisfactionComment=comment or None
    )
    return await response(tx, id_, actor=actor)


async def merge(tx: Transaction, id_: int, into: int, *, actor: Principal) -> TicketRow:
    """Close a ticket as part of another one, where the work on it continues.

    Comments stay where they are, for those who could read them; the reporter and the watchers of
    this ticket watch the other one from now on. Conflict `ticket_merged`, `into_closed`.
    """
    if id_ == into:
        raise Invalid.field("into", "is this ticket itself")
    held: dict[int, StoredTicketRow] = {}
    for each in sorted((id_, into)):  # in one order, so that two merges never wait for each other
        with suppress(NotFound):
            held[each] = await get_for_update(tx, each, actor=actor)
    if id_ not in held:
        raise NotFound
    if into not in held:
        raise Invalid.field("into", "does not exist")
    source, target = held[id_], held[into]
    reject_merged(source)
    reject_merged(target)
    if target["status"] == "closed":
        raise Conflict("The ticket to merge into is closed", code="into_closed")
    ended = (
        {} if source["status"] == "closed" else status_changes(tx, source, "closed", actor=actor)
    )
    await save(tx, source, "ticket_merged", mergedInto=into, **ended)
    watchers = [row["employee_id"] for row in await tx.all(_FOLLOW, source=id_, into=into)]
    merged = {"from": source["number"], "watchers": watchers}
    await tx.record("ticket_absorbed", "ticket", into, after=context(target) | {"merged": merged})
    return await response(tx, id_, actor=actor)


async def delete(tx: Transaction, id_: int, *, actor: Principal) -> None:
    """Hide a ticket from everybody; its row and its events stay for the audit trail."""
    before = await get_for_update(tx, id_, actor=actor)
    await tx.execute(_DELETE, row_id=id_)
    await tx.record("ticket_deleted", "ticket", id_, before=snapshot(before))
