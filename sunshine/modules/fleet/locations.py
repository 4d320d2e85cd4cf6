"""Where drivers are and have been. Tables: models/fleet.py.

A point that comes late is kept and never moves the last-known place; one that comes twice is kept
once. Points come in bursts when a phone finds its way back: one statement takes them all.
"""

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from math import asin, cos, radians, sin, sqrt
from typing import Any

from sqlalchemy import (
    Boolean,
    DateTime,
    Double,
    bindparam,
    cast,
    func,
    literal_column,
    select,
)
from sqlalchemy.dialects.postgresql import JSONB, insert

from models.fleet import driver, driver_location, driver_position
from sunshine.core.errors import Conflict, Invalid, NotFound
from sunshine.core.principals import Principal
from sunshine.database.database import Database, Transaction
from sunshine.database.pages import ListQuery, Page
from sunshine.database.statements import Row, Statement
from sunshine.modules.fleet.drivers import check_reach
from sunshine.modules.fleet.schemas import TRACK

AHEAD = timedelta(minutes=5)
BATCH = 1000  # points at once of a track that is streamed
FASTEST = 300 / 3.6  # m/s: nothing in a fleet drives faster

_l = driver_location.c
_p = driver_position.c
_DRIVER = Statement(
    select(
        driver.c.id, driver.c.status, _p.at, _p.latitude, _p.longitude
    )
    .select_from(driver.outerjoin(driver_position, _p.driver_id == driver.c.id))
    .where(driver.c.id == bindparam("id"), driver.c.deleted_at.is_(None))
    # Whoever ends or suspends a driver waits, or is seen.
    .with_for_update(of=driver, key_share=True, read=True)
)  # fmt: skip


def _store() -> Statement[Any]:
    """All points of a burst, and the last-known place where the newest of them is newer."""
    sent = func.jsonb_array_elements(bindparam("points", type_=JSONB), type_=JSONB).column_valued(
        "sent"
    )
    points = (
        select(
            cast(sent[0].astext, DateTime(timezone=True)).label("at"),
            cast(sent[1].astext, Double).label("latitude"),
            cast(sent[2].astext, Double).label("longitude"),
            cast(sent[3].astext, Boolean).label("flagged"),
        )
        .cte("points")
    )  # fmt: skip
    who = bindparam("driver", type_=_l.driver_id.type)
    now = bindparam("now", type_=_l.recorded_at.type)
    names = ["driver_id", "at", "latitude", "longitude", "flagged", "recorded_at"]
    kept = (
        insert(driver_location)
        .from_select(
            names,
            select(who, points.c.at, points.c.latitude, points.c.longitude, points.c.flagged, now),
        )
        .on_conflict_do_nothing()
        .returning(_l.at, _l.latitude, _l.longitude, _l.flagged)
        .cte("kept")
    )
    newest = (
        select(who, kept.c.at, kept.c.latitude, kept.c.longitude, now)
        .where(~kept.c.flagged)
        .order_by(kept.c.at.desc())
        .limit(1)
    )
    placing = insert(driver_position).from_select(
        ["driver_id", "at", "latitude", "longitude", "recorded_at"], newest
    )
    fields = ("at", "latitude", "longitude", "recorded_at")
    placed = (
        placing.on_conflict_do_update(
            index_elements=[_p.driver_id],
            set_={name: placing.excluded[name] for name in fields},
            where=placing.excluded.at > _p.at,
        )
        .returning(_p.at)
        .cte("placed")
    )
    return Statement(
        select(
            select(func.count()).select_from(kept).scalar_subquery().label("kept"),
            select(func.count()).select_from(placed).scalar_subquery().label("moved"),
        )
    )


_STORE = _store()
# Asked for over and over, by maps: benchmarks/tracks.py watches what it costs.
LAST = Statement(
    select(
        _p.driver_id.label("driverId"),
        _p.latitude,
        _p.longitude,
        _p.at.label("timestamp"),
        _p.recorded_at.label("recordedAt"),
    )
    .select_from(driver.outerjoin(driver_position, _p.driver_id == driver.c.id))
    .where(driver.c.id == bindparam("id"), driver.c.deleted_at.is_(None))
)
_TRACK = select(
    _l.at.label("timestamp"),
    _l.latitude,
    _l.longitude,
    _l.flagged,
    _l.recorded_at.label("recordedAt"),
).where(_l.driver_id == bindparam("driver"))
_BETWEEN = {
    "from": _l.at >= bindparam("from", type_=_l.at.type),
    "to": _l.at <= bindparam("to", type_=_l.at.type),
    "after": _l.at > bindparam("after", type_=_l.at.type),
}
listing = ListQuery(
    _TRACK,
    key=_l.at,
    schema=TRACK,
    filters=_BETWEEN,
    sort={"timestamp": _l.at},
    default_sort="timestamp",
)
# A batch of the track, after the point that the one before it ended with.
_BATCH = Statement(
    _TRACK.where(
        _l.at > func.coalesce(bindparam("after", type_=_l.at.type), literal_column("'-infinity'")),
        _l.at >= func.coalesce(bindparam("from", type_=_l.at.type), literal_column("'-infinity'")),
        _l.at <= func.coalesce(bindparam("to", type_=_l.at.type), literal_column("'infinity'")),
    )
    .order_by(_l.at)
    .limit(BATCH)
)


async def report(
    tx: Transaction, driver_id: int, points: Sequence[Mapping[str, Any]], *, actor: Principal
) -> Row:
    """Take points, in any order: `{received, kept, flagged, moved}`.

    `kept` leaves out those known already, `flagged` are faster than anything drives and never
    become the last-known place. Future points and 0/0, where broken receivers are, are Invalid.
    """
    check_reach(actor, driver_id)
    found = await tx.one_or_none(_DRIVER, id=driver_id)
    if found is None:
        raise NotFound
    if found["status"] != "active":
        raise Conflict("The driver is not active", code="driver_not_active")
    for point in points:
        _check(point, tx)
    rows = _flagged(sorted(points, key=lambda point: point["timestamp"]), found)
    stored = await tx.one(_STORE, driver=driver_id, points=rows)
    told = {
        "received": len(rows),
        "kept": stored["kept"],
        "flagged": sum(row[3] for row in rows),
        "moved": bool(stored["moved"]),
    }
    last = dict(zip(("timestamp", "latitude", "longitude"), rows[-1], strict=False))
    await tx.record("driver_located", "driver", driver_id, after={**told, "last": last})
    return told


async def last(database: Database, driver_id: int, *, actor: Principal) -> Row | None:
    """The last-known place; None when the driver was never seen."""
    check_reach(actor, driver_id)
    row = await database.one_or_none(LAST, id=driver_id)
    if row is None:
        raise NotFound
    return row if row["timestamp"] else None


async def page(
    database: Database, driver_id: int, query: Mapping[str, Any], *, actor: Principal
) -> Page:
    """A page of the track, the earliest first; `cursor` is the timestamp of the last one seen."""
    await last(database, driver_id, actor=actor)
    asked = {"after" if name == "cursor" else name: value for name, value in query.items()}
    is_forward = query.get("sort", "timestamp") == "timestamp"
    if "after" in asked:
        if not is_forward:
            raise Invalid.field("cursor", "goes with sort=timestamp only")
        asked["page"] = 1
    found = await listing.page(database, asked, driver=driver_id)
    is_full = is_forward and len(found.rows) == found.per_page
    return replace(found, next_cursor=_cursor(found.rows[-1]) if is_full else None)


async def track(
    database: Database, driver_id: int, query: Mapping[str, Any], *, actor: Principal
) -> AsyncIterator[list[Row]]:
    """The whole track in batches, however long it is; the reader may take as long as they like.

    Each batch is a read of its own: no connection waits for a slow reader.
    """
    await last(database, driver_id, actor=actor)
    between = {"from": query.get("from"), "to": query.get("to")}
    return _batches(database, driver=driver_id, **between)


async def _batches(database: Database, **values: Any) -> AsyncIterator[list[Row]]:
    after: datetime | None = None
    while rows := await database.all(_BATCH, after=after, **values):
        yield rows
        after = rows[-1]["timestamp"]


def _cursor(row: Row) -> str:
    at: datetime = row["timestamp"]
    return at.isoformat().replace("+00:00", "Z")


def _check(point: Mapping[str, Any], tx: Transaction) -> None:
    if point["timestamp"] > tx.now + AHEAD:
        raise Invalid.field("timestamp", "is in the future")
    if point["latitude"] == 0 and point["longitude"] == 0:
        raise Invalid.field("latitude", "0/0 is where broken receivers are")


def _flagged(points: list[Mapping[str, Any]], before: Row) -> list[list[Any]]:
    """Each as [timestamp, latitude, longitude, whether it was reached faster than one drives]."""
    at, latitude, longitude = before["at"], before["latitude"], before["longitude"]
    rows = []
    for point in points:
        flagged = False
        if at is not None and point["timestamp"] > at:
            way = metres(latitude, longitude, point["latitude"], point["longitude"])
            flagged = way > FASTEST * (point["timestamp"] - at).total_seconds() + 100
        rows.append([point["timestamp"], point["latitude"], point["longitude"], flagged])
        if not flagged and (at is None or point["timestamp"] > at):
            at, latitude, longitude = rows[-1][:3]
    return rows


def metres(latitude: float, longitude: float, latitude2: float, longitude2: float) -> float:
    """The way between two points along the earth's surface."""
    a, b = radians(latitude), radians(latitude2)
    half = sin((b - a) / 2) ** 2
    half += cos(a) * cos(b) * sin(radians(longitude2 - longitude) / 2) ** 2
    return 2 * 6_371_000 * asin(min(1.0, sqrt(half)))
