"""Remind of expiring warranties: once each, after downtime too. Tables: models/assets.py."""

from datetime import time, timedelta

from sqlalchemy import Date, bindparam, update

from models.assets import asset
from sunshine.database.database import Transaction
from sunshine.database.statements import Statement
from sunshine.jobs.runner import Job
from sunshine.jobs.schedules import Daily
from sunshine.modules.assets.rows import WarrantyRow

AHEAD = timedelta(days=30)
_MARK_REMINDED = Statement(
    update(asset)
    .where(
        asset.c.warranty_until <= bindparam("until", type_=Date),
        asset.c.warranty_told.is_distinct_from(asset.c.warranty_until),
        asset.c.status != "retired",
        asset.c.deleted_at.is_(None),
    )
    .values(warranty_told=asset.c.warranty_until)
    .returning(asset.c.id, asset.c.asset_code, asset.c.name, asset.c.warranty_until),
    WarrantyRow,
)


async def remind_of_warranties(tx: Transaction) -> dict[str, int]:
    """Record an event `asset_warranty_ending` for each warranty that expires within 30 days or has
    expired; return how many."""
    due = await tx.all(_MARK_REMINDED, until=tx.today + AHEAD)
    await tx.record_all(
        "asset_warranty_ending",
        "asset",
        [
            (
                row["id"],
                None,
                {
                    "assetCode": row["asset_code"],
                    "name": row["name"],
                    "warrantyUntil": row["warranty_until"],
                },
            )
            for row in due
        ],
    )
    return {"warranties": len(due)}


JOBS = (
    Job(
        "asset-reminders",
        "Remind of warranties about to end",
        Daily(time(6, 0)),
        remind_of_warranties,
    ),
)
