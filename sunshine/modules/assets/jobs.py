"""Warranties about to end: told once each, also after downtime. Tables: models/assets.py."""

from datetime import time, timedelta

from sqlalchemy import Date, bindparam, update

from models.assets import asset
from sunshine.database.database import Transaction
from sunshine.database.statements import Statement
from sunshine.jobs.runner import Job
from sunshine.jobs.schedules import Daily

AHEAD = timedelta(days=30)
_TELL = Statement(
    update(asset)
    .where(
        asset.c.warranty_until <= bindparam("until", type_=Date),
        asset.c.warranty_told.is_distinct_from(asset.c.warranty_until),
        asset.c.status != "retired",
        asset.c.deleted_at.is_(None),
    )
    .values(warranty_told=asset.c.warranty_until)
    .returning(asset.c.id, asset.c.asset_code, asset.c.name, asset.c.warranty_until)
)


async def remind_of_warranties(tx: Transaction) -> dict[str, int]:
    """An event `asset_warranty_ending` for each warranty that ends within 30 days or has ended."""
    told = await tx.all(_TELL, until=tx.today + AHEAD)
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
            for row in told
        ],
    )
    return {"warranties": len(told)}


JOBS = (
    Job(
        "asset-reminders",
        "Remind of warranties about to end",
        Daily(time(6, 0)),
        remind_of_warranties,
    ),
)
