"""What is swept away every hour: ended tokens past their end, stored answers past their day, runs
of jobs that nobody will look at. A job of sunshine/modules/registry.py."""

from datetime import timedelta

from sqlalchemy import bindparam, delete, func, select

from models import kernel
from models.jobs import job_run
from sunshine.database.database import Transaction
from sunshine.database.statements import Statement
from sunshine.modules.users import sessions, sign_ins

ANSWERS_KEPT = timedelta(hours=24)
RUNS_KEPT = 500  # of each job, and as many by hand: the timetable needs its latest, always
_OLD_ANSWERS = {
    name: Statement(delete(table).where(table.c.created_at < bindparam("before")))
    for name, table in kernel.idempotency_key.items()
}
_place = func.row_number().over(
    partition_by=(job_run.c.job, job_run.c.by_hand), order_by=job_run.c.id.desc()
)
_placed = select(job_run.c.id, _place.label("place")).subquery()
_OLD_RUNS = Statement(
    delete(job_run).where(job_run.c.id.in_(select(_placed.c.id).where(_placed.c.place > RUNS_KEPT)))
)


async def sweep(tx: Transaction) -> dict[str, int]:
    """Delete what is of no use any more in the database of `tx`; how much of what."""
    name = tx.database.name
    counts = {"answers": await tx.execute(_OLD_ANSWERS[name], before=tx.now - ANSWERS_KEPT)}
    if name == "sunshine":
        counts["tokens"] = await sessions.sweep_revoked(tx)
        counts["runs"] = await tx.execute(_OLD_RUNS)
    if name in ("sunshine", "fleet"):
        counts["networks"] = await sign_ins.sweep(tx)
    return counts
