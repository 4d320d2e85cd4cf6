"""The hourly cleanup: revoked tokens that have expired, stored answers of a day ago, old runs of
jobs, networks of former sign-ins. A job of sunshine/modules/registry.py."""

from datetime import timedelta

from sqlalchemy import bindparam, delete, func, select

from models import kernel
from models.jobs import job_run
from sunshine.database.database import Transaction
from sunshine.database.statements import Statement
from sunshine.modules.users import sessions, sign_ins

ANSWERS_KEPT = timedelta(hours=24)
RUNS_KEPT = 500  # of each job by schedule, and as many by hand: the scheduler needs the latest one
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
    """Delete what has expired in the database of `tx`; return how many rows of each kind."""
    name = tx.database.name
    counts = {"answers": await tx.execute(_OLD_ANSWERS[name], before=tx.now - ANSWERS_KEPT)}
    if name == "sunshine":
        counts["tokens"] = await sessions.sweep_revoked(tx)
        counts["runs"] = await tx.execute(_OLD_RUNS)
    if name in ("sunshine", "fleet"):
        counts["networks"] = await sign_ins.sweep(tx)
    return counts
