"""What happens to leave by itself: requests past their deadline, a new year's days, what lapses.

Each verb does all that is due as of `tx.today` and not done yet; run by sunshine/jobs.py.
"""

from collections import Counter
from collections.abc import Iterable

from sqlalchemy import bindparam, func, literal, select, update

from models.employees import employee
from models.leave import leave, leave_entry
from sunshine.db import Transaction
from sunshine.rules import leave_ledger as ledger
from sunshine.rules import leave_people as people
from sunshine.statements import Statement

_is_overdue = (leave.c.status == "pending", leave.c.deadline < bindparam("today"))
_OVERDUE = Statement(select(leave.c.employee_id.distinct().label("id")).where(*_is_overdue))
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
_ACTIVE = Statement(
    select(employee.c.id).where(employee.c.deleted_at.is_(None), employee.c.status == "active")
)
_CARRIED = Statement(
    select(leave_entry.c.employee_id.distinct().label("id")).where(
        leave_entry.c.kind == "carry_forward",
        leave_entry.c.days > 0,
        leave_entry.c.year.between(bindparam("first"), bindparam("last")),
    )
)
_YEARLY = frozenset({"allocation", "carry_forward", "taken"})
_LAPSE = frozenset({"expiry"})


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
    kinds = await _bring_up(tx, await _ids(tx, _ACTIVE), tx.today.year, _YEARLY)
    return {
        "allocated": kinds["allocation"],
        "carriedForward": kinds["carry_forward"] // 2,
        "charged": kinds["taken"],
    }


async def expire(tx: Transaction) -> dict[str, int]:
    """Let lapse what was carried over and not used in time, last year's and this year's."""
    first, last = tx.today.year - 1, tx.today.year
    carriers = await _ids(tx, _CARRIED, first=first, last=last)
    kinds = await _bring_up(tx, carriers, last, _LAPSE)
    return {"expired": kinds["expiry"]}


async def _bring_up(
    tx: Transaction, employees: Iterable[int], year: int, kinds: frozenset[str]
) -> Counter[str]:
    """Write what is lacking, by kind. Only those are locked whose ledger lacks something: most
    nights that is nobody's."""
    _, lacking = await ledger.work_out(tx, employees, year, year, kinds)
    behind = {entry.employee_id for entry in lacking}
    await people.lock(tx, behind)
    _, written = await ledger.bring_up(tx, behind, year, year, kinds)
    return Counter(entry.kind for entry in written)


async def _ids(tx: Transaction, statement: Statement, **values: object) -> list[int]:
    return [row["id"] for row in await tx.all(statement, **values)]
