"""Changes of tickets: who may change which fields, which status may follow which, who is assigned.

The end of tickets (close, rate, merge, delete): closing.py. The steps of a change: tickets.py.
"""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import bindparam, select

from models.employees import employee
from sunshine.core.errors import Conflict, Invalid, NotAllowed
from sunshine.core.principals import Principal
from sunshine.database.database import Transaction
from sunshine.database.statements import IdRow, Statement
from sunshine.modules.tickets import comments
from sunshine.modules.tickets.due_dates import reschedule, resume
from sunshine.modules.tickets.rows import StoredTicketRow, TicketFields, TicketRow
from sunshine.modules.tickets.tickets import (
    get_for_update,
    is_assignee,
    is_reporter,
    reject_merged,
    response,
    save,
)
from sunshine.modules.tickets.visibility import is_agent

REPORTER_FIELDS = frozenset({"title", "description"})
ASSIGNEE_FIELDS = frozenset({"status", "notes"})
RUNNING = ("open", "in_progress")
FORWARD = frozenset(
    {
        ("open", "in_progress"),
        ("in_progress", "resolved"),
        *((status, "closed") for status in ("open", "in_progress", "resolved")),
    }
)
# Back to the queue, and not resolved after all. Only a reporter's comment reopens a closed ticket.
BACK = frozenset({("in_progress", "open"), ("resolved", "in_progress")})

# A deactivation of the employee waits for the assignment, or the assignment for it.
_ACTIVE = Statement(
    select(employee.c.id)
    .where(
        employee.c.id == bindparam("id"),
        employee.c.deleted_at.is_(None),
        employee.c.status == "active",
    )
    .with_for_update(key_share=True, read=True),
    IdRow,
)


async def change(
    tx: Transaction, id_: int, values: Mapping[str, Any], *, actor: Principal
) -> TicketRow:
    """Merge values into a ticket; NotAllowed for fields that the caller may not change.

    `notes` become an internal comment. Conflict `illegal_transition` for a status that cannot
    follow the present one; `changed_meanwhile` where `version` is no longer the ticket's.
    """
    before = await get_for_update(tx, id_, actor=actor)
    given = {name: value for name, value in values.items() if name not in ("notes", "version")}
    _check_fields(actor, before, given.keys() | values.keys() & {"notes"})
    reject_merged(before)
    if values.get("version", before["version"]) != before["version"]:
        raise Conflict(
            "Somebody else changed this ticket meanwhile",
            code="changed_meanwhile",
            data=await response(tx, id_, actor=actor),
        )
    if given.keys() & REPORTER_FIELDS and not is_agent(actor) and before["status"] != "open":
        raise Conflict("Only open tickets are reworded; add a comment", code="ticket_not_open")
    if given.get("assignedTo") not in (None, before["assignedTo"]):
        await _check_assignee(tx, given["assignedTo"])
    await save(tx, before, "ticket_updated", **await _with_consequences(tx, before, given, actor))
    if "notes" in values:
        await comments.add_note(tx, id_, values["notes"], actor=actor)
    return await response(tx, id_, actor=actor)


def status_changes(
    tx: Transaction, before: StoredTicketRow, status: str, *, actor: Principal
) -> dict[str, Any]:
    """Return the fields that a new status sets: when it was reached, and the first response.

    Conflict and NotAllowed as for the transition.
    """
    _check_transition(actor, before["status"], status)
    changes: dict[str, Any] = {"status": status}
    if status == "resolved":
        changes["resolvedAt"] = tx.now
    if status == "closed":
        changes["closedAt"] = tx.now
    if not is_reporter(actor, before):
        changes["firstRespondedAt"] = before["firstRespondedAt"] or tx.now
    return changes


def _check_transition(actor: Principal, now: str, then: str) -> None:
    """Raise Conflict unless `then` may follow `now`; NotAllowed to move back, except for agents."""
    if (now, then) in BACK:
        if not is_agent(actor):
            raise NotAllowed("Only agents move a ticket back")
    elif (now, then) not in FORWARD:
        raise Conflict(
            f"A ticket cannot go from {now} to {then}",
            code="illegal_transition",
            data={"from": now, "to": then},
        )


def _check_fields(actor: Principal, row: TicketFields, names: set[str]) -> None:
    """Raise NotAllowed for fields of a ticket that the caller may not change."""
    if is_agent(actor):
        return
    allowed: frozenset[str] = frozenset()
    if is_reporter(actor, row):
        allowed |= REPORTER_FIELDS
    if is_assignee(actor, row):
        allowed |= ASSIGNEE_FIELDS
    if not allowed:
        raise NotAllowed
    if names - allowed:
        raise NotAllowed(f"Of this ticket you may change {', '.join(sorted(allowed))}")


async def _check_assignee(tx: Transaction, employee_id: int) -> None:
    """Raise Invalid unless the id is that of an active employee, who stays so until the end."""
    if await tx.one_or_none(_ACTIVE, id=employee_id) is None:
        raise Invalid.field("assignedTo", "is no active employee")


async def _with_consequences(
    tx: Transaction, before: StoredTicketRow, given: Mapping[str, Any], actor: Principal
) -> dict[str, Any]:
    """Return the given fields with those that follow from them: instants and due dates."""
    changes = dict(given)
    priority = given.get("priority", before["priority"])
    status = given.get("status", before["status"])
    if status != before["status"]:
        changes |= status_changes(tx, before, status, actor=actor)
    if status in RUNNING and before["status"] not in RUNNING:
        changes |= await resume(tx, before, priority)
    elif status in RUNNING and priority != before["priority"]:
        changes |= await reschedule(tx, before, priority)
    return changes
