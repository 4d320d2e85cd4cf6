"""The watchers of tickets: they keep seeing a ticket, and their sockets receive its events."""

from sqlalchemy import DateTime, bindparam, delete
from sqlalchemy.dialects.postgresql import insert

from models.tickets import ticket_watcher
from sunshine.core.principals import Principal
from sunshine.database.database import Transaction
from sunshine.database.statements import Statement
from sunshine.modules.scope import employee_of
from sunshine.modules.tickets.rows import StoredTicketRow, TicketRow
from sunshine.modules.tickets.tickets import context, get_for_update, reject_merged, response

_ADD = Statement(
    insert(ticket_watcher)
    .values(
        ticket_id=bindparam("ticket"),
        employee_id=bindparam("employee"),
        created_at=bindparam("now", type_=DateTime(timezone=True)),
    )
    .on_conflict_do_nothing()
)
_REMOVE = Statement(
    delete(ticket_watcher).where(
        ticket_watcher.c.ticket_id == bindparam("ticket"),
        ticket_watcher.c.employee_id == bindparam("employee"),
    )
)


async def watch(tx: Transaction, id_: int, *, actor: Principal) -> TicketRow:
    """Watch a ticket that the caller may see; repeated calls change nothing."""
    row = await _get_visible(tx, id_, actor)
    reject_merged(row)
    await _set(tx, _ADD, "ticket_watched", row, actor)
    return await response(tx, id_, actor=actor)


async def unwatch(tx: Transaction, id_: int, *, actor: Principal) -> None:
    """Stop watching a ticket; callers who saw it only as watchers see it no longer."""
    row = await _get_visible(tx, id_, actor)
    await _set(tx, _REMOVE, "ticket_unwatched", row, actor)


async def _get_visible(tx: Transaction, id_: int, actor: Principal) -> StoredTicketRow:
    """Lock and return a ticket that the caller sees; NoEmployee for callers without one."""
    row = await get_for_update(tx, id_, actor=actor)
    await response(tx, id_, actor=actor)
    employee_of(actor)
    return row


async def _set(
    tx: Transaction,
    statement: Statement[object],
    type_: str,
    row: StoredTicketRow,
    actor: Principal,
) -> None:
    """Add or remove the caller as a watcher; an event where that changes anything."""
    if await tx.execute(statement, ticket=row["id"], employee=actor.employee_id):
        after = context(row) | {"employeeId": actor.employee_id}
        await tx.record(type_, "ticket", row["id"], after=after)
