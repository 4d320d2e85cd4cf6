"""Maintenance of assets: an open one takes its asset out of use. Tables: models/assets.py."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import bindparam, insert, select, update

from models.assets import asset, asset_maintenance
from sunshine.core.errors import Conflict, Invalid, NotFound, violations
from sunshine.database.database import Database, Transaction
from sunshine.database.pages import ListQuery, Page
from sunshine.database.records import merging, record_change, stamped
from sunshine.database.statements import IdRow, Statement
from sunshine.modules.assets.history import append_history
from sunshine.modules.assets.inventory import changed, check_exists, get_for_update
from sunshine.modules.assets.rows import AssetRow, MaintenanceRow

violations(
    {
        "asset_maintenance_open_key": Conflict(
            "The asset is in maintenance", code="asset_in_maintenance"
        ),
        "asset_maintenance_dates_check": Invalid.field(
            "completedOn", "must not be before startedOn"
        ),
    }
)
FIELDS = {
    "type": asset_maintenance.c.type,
    "vendor": asset_maintenance.c.vendor,
    "cost": asset_maintenance.c.cost,
    "startedOn": asset_maintenance.c.started_on,
    "completedOn": asset_maintenance.c.completed_on,
    "notes": asset_maintenance.c.notes,
}
_rows = select(
    asset_maintenance.c.id,
    asset_maintenance.c.asset_id.label("assetId"),
    *(column.label(name) for name, column in FIELDS.items()),
    asset_maintenance.c.created_at.label("createdAt"),
    asset_maintenance.c.updated_at.label("updatedAt"),
).where(asset_maintenance.c.asset_id == bindparam("asset"))
listing = ListQuery(
    _rows,
    key=asset_maintenance.c.id,
    sort={"startedOn": asset_maintenance.c.started_on},
    default_sort="-startedOn",
    row=MaintenanceRow,
)
_GET = Statement(_rows.where(asset_maintenance.c.id == bindparam("id")), MaintenanceRow)
_INSERT = Statement(
    insert(asset_maintenance)
    .values({column: bindparam(name, type_=column.type) for name, column in FIELDS.items()})
    .values(
        asset_id=bindparam("asset"), **{c.name: v for c, v in stamped(asset_maintenance).items()}
    )
    .returning(asset_maintenance.c.id),
    IdRow,
)
_UPDATE = merging(asset_maintenance, FIELDS)
_SET_STATUS = Statement(
    update(asset)
    .where(asset.c.id == bindparam("id"))
    .values(status=bindparam("status"), updated_at=bindparam("now"))
)


async def page(database: Database, asset_id: int, query: Mapping[str, Any]) -> Page[MaintenanceRow]:
    """Return a page of an asset's maintenance, the latest first; NotFound."""
    await check_exists(database, asset_id)
    return await listing.page(database, query, asset=asset_id)


async def begin(tx: Transaction, asset_id: int, values: Mapping[str, Any]) -> MaintenanceRow:
    """Begin maintenance, or record it after the fact with `completedOn`.

    Conflict `asset_in_maintenance` while another one is open; `asset_not_active` when retired.
    """
    before = await get_for_update(tx, asset_id)
    if before["status"] == "retired":
        raise _retired()
    full = dict.fromkeys(FIELDS) | dict(values)
    made = await tx.one(_INSERT, asset=asset_id, **full)
    row = await tx.one(_GET, asset=asset_id, id=made["id"])
    await tx.record("asset_maintenance_created", "asset_maintenance", row["id"], after=row)
    await append_history(tx, asset_id, "maintenance_started", notes=row["type"])
    if row["completedOn"] is None:
        await _set_status(tx, before, is_open=True)
    else:  # recorded after the fact: another one may be open
        await append_history(tx, asset_id, "maintenance_completed", notes=row["type"])
    return row


async def change(
    tx: Transaction, asset_id: int, id_: int, values: Mapping[str, Any]
) -> MaintenanceRow:
    """Merge fields into a maintenance; `completedOn` ends it, null reopens it; NotFound."""
    asset_before = await get_for_update(tx, asset_id)
    before = await tx.one_or_none(_GET, asset=asset_id, id=id_)
    if before is None:
        raise NotFound
    merged = {**before, **values}
    full = {name: merged[name] for name in FIELDS}
    was_open, is_open = before["completedOn"] is None, full["completedOn"] is None
    if is_open and asset_before["status"] == "retired":
        raise _retired()
    await tx.execute(_UPDATE, row_id=id_, **full)
    after = await tx.one(_GET, asset=asset_id, id=id_)
    await record_change(tx, "asset_maintenance", before, after)
    if was_open != is_open:
        what = "maintenance_started" if is_open else "maintenance_completed"
        await append_history(tx, asset_id, what, notes=after["type"])
        await _set_status(tx, asset_before, is_open=is_open)
    return after


def _retired() -> Conflict:
    return Conflict("The asset is retired", code="asset_not_active")


async def _set_status(tx: Transaction, before: AssetRow, *, is_open: bool) -> None:
    """Set the status of an asset by whether it has an open maintenance."""
    await tx.execute(_SET_STATUS, id=before["id"], status="maintenance" if is_open else "active")
    await changed(tx, before)
