"""What happens to leave by itself: requests past their deadline, a new year's days, what lapses.

Each verb does all that is due as of `tx.today` and not done yet; run by sunshine/jobs/runner.py.
"""

from collections import Counter
from collections.abc import Iterable
from datetime import time
from typing import Any

from sqlalchemy import bindparam, func, literal, literal_column, select, update

from models.employees import employee
from models.leave import leave, leave_entry
from sunshine.database.database import Transaction
from sunshine.database.statements import Statement
from sunshine.jobs.runner import Job
from sunshine.jobs.schedules import Daily
from sunshine.modules.leave import ledger
from sunshine.modules.leave import locking as people

_is_overdue = (leave.c.status == "pending", leave.c.deadline < bindparam("today"))
_OVERDUE = Statement(select(leave.c.employee_id.label("id")).where(*_is_overdue))
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
    .returning(leave.c.id, leave.c.notes)
)
_active = select(employee.c.id).where(
    employee.c.deleted_at.is_(None), employee.c.status == "active"
)
_ACTIVE = Statement(_active)
_CARRIERS = Statement(
    _active.where(
        employee.c.id.in_(
            select(leave_entry.c.employee_id).where(
                leave_entry.c.kind == literal_column("'carry_forward'"),
                leave_entry.c.days > literal_column("0"),
                leave_entry.c.year >= bindparam("since"),
            )
        )
    )
)
_COUNTED = {
    "allocation": "allocated",
    "carry_forward": "carriedForward",
    "taken": "charged",
    "expiry": "expired",
}
_YEARLY = frozenset(_COUNTED) - {"expiry"}


async def auto_reject(tx: Transaction) -> dict[str, int]:
    """Reject what nobody decided in time; the days are free again."""
    await people.lock(tx, await _ids(tx, _OVERDUE, today=tx.today))
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
    """Give every active employee this year's days with what is carried over, and charge those who
    came later the collective holidays ahead."""
    return await _bring_up(tx, await _ids(tx, _ACTIVE), _YEARLY)


async def expire(tx: Transaction) -> dict[str, int]:
    """Let lapse what was carried over and not used in time, last year's and this year's."""
    carriers = await _ids(tx, _CARRIERS, since=tx.today.year - 1)
    return await _bring_up(tx, carriers, ledger.ALL_KINDS)


async def _bring_up(
    tx: Transaction, employees: Iterable[int], kinds: frozenset[str]
) -> dict[str, int]:
    """Write what this year lacks; how many balances that changed. Only those are locked whose
    ledger lacks something: most nights that is nobody's."""
    year = tx.today.year
    _, lacking = await ledger.work_out(tx, employees, year, year, kinds)
    behind = {entry.employee_id for entry in lacking}
    await people.lock(tx, behind)
    _, written = await ledger.post_due_entries(tx, behind, year, year, kinds)
    # What is carried over is two entries.
    counts = Counter(e.kind for e in written if e.kind != "carry_forward" or e.days > 0)
    return {_COUNTED[kind]: counts[kind] for kind in _COUNTED if kind in kinds}


async def _ids(tx: Transaction, statement: Statement[Any], **values: object) -> list[int]:
    return [row["id"] for row in await tx.all(statement, **values)]


JOBS = (
    Job(
        "leave-auto-rejection",
        "Reject leave that nobody decided in time",
        Daily(time(0, 5)),
        auto_reject,
    ),
    Job("leave-allocation", "Give everybody the year's leave", Daily(time(0, 10)), allocate),
    Job("leave-expiry", "Let leave lapse that was carried over", Daily(time(0, 15)), expire),
)
