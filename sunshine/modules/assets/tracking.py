"""Where an asset is, who holds it, and how it came there. Tables: models/assets.py."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import bindparam, desc, exists, select, update

from models.assets import asset, asset_config, asset_history
from models.employees import employee
from sunshine.core.errors import Invalid, NotAllowed
from sunshine.core.principals import Principal
from sunshine.database.database import Database, Transaction
from sunshine.database.statements import Row, Statement
from sunshine.modules.assets.config import find_id, id_of
from sunshine.modules.assets.history import remember
from sunshine.modules.assets.inventory import current, locked, scope_of, seen
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
    .limit(MOST)
)
# A place that is told late is history.
_PLACE = Statement(
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


async def track(database: Database, asset_id: int, *, actor: Principal) -> Row:
    """`{asset, current {holder, location, since}, history}`, what was told last first.

    `since` is when it last changed hands or was last seen somewhere.
    """
    found = await seen(database, asset_id, actor=actor, today=database.today)
    history = await database.all(_HISTORY, asset=asset_id)
    return {"asset": _shown(found), "current": _present(found, history), "history": history}


async def report(
    tx: Transaction, asset_id: int, values: Mapping[str, Any], *, actor: Principal
) -> Row:
    """Somebody says where it is: HR and asset managers of anything, others of what they hold.

    A place that is not known yet is made by those who may describe assets. What is told late, of
    before it was seen elsewhere, is kept and moves nothing. Answers where the asset is now.
    """
    at: datetime = values.get("timestamp", tx.now)
    if at > tx.now + timedelta(minutes=5):
        raise Invalid.field("timestamp", "is in the future")
    if scope_of(actor) != "all":
        employee_of(actor)
        own = await seen(tx, asset_id, actor=actor, today=tx.today)
        if own["assignedTo"] != actor.employee_id:
            raise NotAllowed
    before = await locked(tx, asset_id)
    place = {name: values.get(name) for name in ("latitude", "longitude", "notes")}
    location = await _location(tx, values["location"], actor) if "location" in values else None
    await remember(tx, asset_id, "moved", at=at, location_id=location, **place)
    if location is not None:
        await tx.execute(_PLACE, id=asset_id, location=location, at=at)
    after = await current(tx, asset_id)
    moved = {"location": after["location"], "at": at, **place}
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


def _present(found: Row, history: list[Row]) -> Row:
    moves = [line["at"] for line in history if line["what"] in ("assigned", "returned", "moved")]
    holder = None
    if found["assignedTo"] is not None:
        holder = {"employeeId": found["assignedTo"], "name": found["assignedToName"]}
    return {
        "holder": holder,
        "location": found["location"],
        "since": max(moves, default=found["createdAt"]),
    }


def _shown(found: Row) -> Row:
    names = ("id", "assetCode", "name", "category", "status")
    return {name: found[name] for name in names}
