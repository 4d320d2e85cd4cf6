"""The jobs of leave: requests past their deadline, the days of a new year, days that expire.

Each does all that is due as of `tx.today` and not done yet. Run by sunshine/jobs/runner.py.
"""

from collections import Counter
from collections.abc import Iterable
from datetime import time

from sqlalchemy import bindparam, func, literal, literal_column, select, update

from models.employees import employee
from models.leave import leave, leave_entry
from sunshine.database.database import Transaction
from sunshine.database.statements import IdRow, Statement
from sunshine.jobs.runner import Job
from sunshine.jobs.schedules import Daily
from sunshine.modules.employees import locking
from sunshine.modules.leave import ledger
from sunshine.modules.leave.rows import RejectedLeave

_is_overdue = (leave.c.status == "pending", leave.c.deadline < bindparam("today"))
_OVERDUE = Statement(select(leave.c.employee_id.label("id")).where(*_is_overdue), IdRow)
_REJECT = Statement(
    update(leave)
    .where(*_is_overdue)
    .values(
        status="rejected",
        decided_by="system",
        decided_at=bindparam("now", type_=leave.c.decided_at.type),
        updated_at=bindparam("now", type_=leave.c.updated_at.type),
        notes=func.concat("Not decided by ", leave.c.deadline, literal(", the deadline")),
    )
    .returning(leave.c.id, leave.c.notes),
    RejectedLeave,
)
_active = select(employee.c.id).where(
    employee.c.deleted_at.is_(None), employee.c.status == "active"
)
_ACTIVE = Statement(_active, IdRow)
_CARRIERS = Statement(
    _active.where(
        employee.c.id.in_(
            select(leave_entry.c.employee_id).where(
                leave_entry.c.kind == literal_column("'carry_forward'"),
                leave_entry.c.days > literal_column("0"),
                leave_entry.c.year >= bindparam("since"),
            )
        )
    ),
    IdRow,
)
_COUNTED = {
    "allocation": "allocated",
    "carry_forward": "carriedForward",
    "taken": "charged",
    "expiry": "expired",
}
_YEARLY = frozenset(_COUNTED) - {"expiry"}


async def auto_reject(tx: Transaction) -> dict[str, int]:
    """Reject the requests that nobody decided in time, which frees their days."""
    await locking.lock(tx, await _ids(tx, _OVERDUE, today=tx.today))
    rows = await tx.all(_REJECT, today=tx.today)
    before = {"status": "pending"}
    after = {"status": "rejected", "decidedBy": "system"}
    await tx.record_all(
        "leave_rejected",
        "leave",
        [(row["id"], before, after | {"notes": row["notes"]}) for row in rows],
    )
    return {"rejected": len(rows)}


async def allocate(tx: Transaction) -> dict[str, int]:
    """Allocate this year's days to every active employee, with those carried over.

    Employees who came later are charged the collective holidays ahead.
    """
    return await _post_due_entries(tx, await _ids(tx, _ACTIVE), _YEARLY)


async def expire(tx: Transaction) -> dict[str, int]:
    """Expire the days carried over into last year and this year that were not used in time."""
    carriers = await _ids(tx, _CARRIERS, since=tx.today.year - 1)
    return await _post_due_entries(tx, carriers, ledger.ALL_KINDS)


async def _post_due_entries(
    tx: Transaction, employees: Iterable[int], kinds: frozenset[str]
) -> dict[str, int]:
    """Write the entries that are due this year; return how many balances that changed, by kind.

    Only employees with due entries are locked: on most nights nobody.
    """
    year = tx.today.year
    _, due = await ledger.due_entries(tx, employees, year, year, kinds)
    behind = {entry.employee_id for entry in due}
    await locking.lock(tx, behind)
    _, written = await ledger.post_due_entries(tx, behind, year, year, kinds)
    # Days carried over are two entries: one in each year.
    counts = Counter(e.kind for e in written if e.kind != "carry_forward" or e.days > 0)
    return {_COUNTED[kind]: counts[kind] for kind in _COUNTED if kind in kinds}


async def _ids(tx: Transaction, statement: Statement[IdRow], **values: object) -> list[int]:
    return [row["id"] for row in await tx.all(statement, **values)]


JOBS = (
    Job(
        "leave-auto-rejection",
        "Reject leave that nobody decided in time",
        Daily(time(0, 5)),
        auto_reject,
    ),
    Job("leave-allocation", "Allocate the year's leave to everybody", Daily(time(0, 10)), allocate),
    Job("leave-expiry", "Expire leave that was carried over", Daily(time(0, 15)), expire),
)
