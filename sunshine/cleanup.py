"""What is swept away every hour: ended tokens past their end, stored answers past their day."""

from datetime import timedelta

import structlog
from sqlalchemy import bindparam, delete

from models import kernel
from sunshine.clock import Clock
from sunshine.db import Databases
from sunshine.errors import Unavailable
from sunshine.people import System
from sunshine.rules import auth
from sunshine.statements import Statement

log = structlog.get_logger("sunshine.cleanup")

INTERVAL = timedelta(hours=1)
ANSWERS_KEPT = timedelta(hours=24)
_OLD_ANSWERS = {
    name: Statement(delete(table).where(table.c.created_at < bindparam("before")))
    for name, table in kernel.idempotency_key.items()
}


async def sweep(databases: Databases, clock: Clock) -> None:
    """Delete what is of no use any more; two processes at once do no harm."""
    try:
        await auth.sweep_revoked(databases.sunshine, clock())
        for name, database in databases.items():
            async with database.transaction(System()) as tx:
                await tx.run(_OLD_ANSWERS[name], before=clock() - ANSWERS_KEPT)
    except Unavailable as error:  # the next hour will do
        log.warning("cleanup put off", reason=error.message)
