"""Watching a ticket: those who may see it keep seeing it, and are told what happens."""

from typing import Any

from sqlalchemy import DateTime, bindparam, delete
from sqlalchemy.dialects.postgresql import insert

from models.tickets import ticket_watcher
from sunshine.core.principals import Principal
from sunshine.database.database import Transaction
from sunshine.database.statements import Row, Statement
from sunshine.modules.scope import employee_of
from sunshine.modules.tickets.tickets import context, keep_merged, locked, shown

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


async def watch(tx: Transaction, id_: int, *, actor: Principal) -> Row:
    """Watch a ticket that one may see; twice is once."""
    row = await _seen(tx, id_, actor)
    keep_merged(row)
    await _set(tx, _ADD, "ticket_watched", row, actor)
    return await shown(tx, id_, actor=actor)


async def unwatch(tx: Transaction, id_: int, *, actor: Principal) -> None:
    """Watch it no more, whether one did or not; who saw it for that alone sees it no more."""
    row = await _seen(tx, id_, actor)
    await _set(tx, _REMOVE, "ticket_unwatched", row, actor)


async def _seen(tx: Transaction, id_: int, actor: Principal) -> Row:
    row = await locked(tx, id_, actor=actor)
    await shown(tx, id_, actor=actor)
    employee_of(actor)
    return row


async def _set(
    tx: Transaction, statement: Statement[Any], type_: str, row: Row, actor: Principal
) -> None:
    if await tx.execute(statement, ticket=row["id"], employee=actor.employee_id):
        after = context(row) | {"employeeId": actor.employee_id}
        await tx.record(type_, "ticket", row["id"], after=after)
