"""Where an asset is and has been, and who holds it. Tables: models/assets.py."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import bindparam, desc, exists, select, update

from models.assets import asset, asset_config, asset_history
from models.employees import employee
from sunshine.core.errors import Invalid, NotAllowed
from sunshine.core.principals import Principal
from sunshine.database.database import Database, Transaction
from sunshine.database.statements import Statement
from sunshine.modules.assets.config import find_id, id_of
from sunshine.modules.assets.history import append_history
from sunshine.modules.assets.inventory import find, get, get_for_update, scope_of
from sunshine.modules.assets.rows import (
    AssetSummaryRow,
    HistoryRow,
    Holder,
    Position,
    Present,
    TrackedAsset,
    Tracking,
)
from sunshine.modules.scope import employee_of

MOST = 1000

_h = asset_history.c
_HISTORY = Statement(
    select(
        _h.at,
        _h.what,
        _h.employee_id.label("employeeId"),
        employee.c.name.label("employee"),
        asset_config.c.key.label("location"),
        _h.latitude,
        _h.longitude,
        _h.notes,
        _h.actor,
    )
    .select_from(
        asset_history.outerjoin(employee, employee.c.id == _h.employee_id).outerjoin(
            asset_config, asset_config.c.id == _h.location_id
        )
    )
    .where(_h.asset_id == bindparam("asset"))
    .order_by(desc(_h.id))
    .limit(MOST),
    HistoryRow,
)
# A location that is reported late belongs to the history only.
_MOVE = Statement(
    update(asset)
    .where(
        asset.c.id == bindparam("id"),
        asset.c.location_id.is_distinct_from(bindparam("location")),
        ~exists().where(
            _h.asset_id == asset.c.id, _h.what == "moved", _h.at > bindparam("at", type_=_h.at.type)
        ),
    )
    .values(location_id=bindparam("location"), updated_at=bindparam("now"))
)


async def track(database: Database, asset_id: int, *, actor: Principal) -> Tracking:
    """Return an asset, its holder and location, and up to 1,000 lines of history, the latest first.

    `since` is when it last changed hands or was last seen; errors as inventory.find.
    """
    found = await find(database, asset_id, actor=actor)
    history = await database.all(_HISTORY, asset=asset_id)
    return Tracking(asset=_tracked(found), current=_present(found, history), history=history)


async def report(
    tx: Transaction, asset_id: int, values: Mapping[str, Any], *, actor: Principal
) -> Position:
    """Record where an asset is, and return where it is now.

    HR and asset managers report any asset, others those they hold. Asset managers may name a new
    location, which is created; for others it is Invalid. A late report, of before the asset was
    seen elsewhere, is added to the history and moves nothing.
    """
    at: datetime = values.get("timestamp", tx.now)
    if at > tx.now + timedelta(minutes=5):
        raise Invalid.field("timestamp", "is in the future")
    if scope_of(actor) != "all":
        employee_of(actor)
        own = await find(tx, asset_id, actor=actor)
        if own["assignedTo"] != actor.employee_id:
            raise NotAllowed
    before = await get_for_update(tx, asset_id)
    latitude, longitude, notes = (values.get(name) for name in ("latitude", "longitude", "notes"))
    place = {"latitude": latitude, "longitude": longitude, "notes": notes}
    location = await _location(tx, values["location"], actor) if "location" in values else None
    await append_history(tx, asset_id, "moved", at=at, location_id=location, **place)
    if location is not None:
        await tx.execute(_MOVE, id=asset_id, location=location, at=at)
    after = await get(tx, asset_id)
    moved = Position(
        location=after["location"], at=at, latitude=latitude, longitude=longitude, notes=notes
    )
    await tx.record(
        "asset_moved", "asset", asset_id, before={"location": before["location"]}, after=moved
    )
    return moved


async def _location(tx: Transaction, word: str, actor: Principal) -> int:
    if actor.may("assets:manage"):
        return await id_of(tx, "location", word)
    known = await find_id(tx, "location", word)
    if known is None:
        raise Invalid.field("location", "is not a known location")
    return known


def _present(asset_: AssetSummaryRow, history: list[HistoryRow]) -> Present:
    moves = [line["at"] for line in history if line["what"] in ("assigned", "returned", "moved")]
    holder: Holder | None = None
    if asset_["assignedTo"] is not None:
        holder = Holder(employeeId=asset_["assignedTo"], name=asset_["assignedToName"])
    since = max(moves, default=asset_["createdAt"])
    return Present(holder=holder, location=asset_["location"], since=since)


def _tracked(asset_: AssetSummaryRow) -> TrackedAsset:
    return TrackedAsset(
        id=asset_["id"],
        assetCode=asset_["assetCode"],
        name=asset_["name"],
        category=asset_["category"],
        status=asset_["status"],
    )
