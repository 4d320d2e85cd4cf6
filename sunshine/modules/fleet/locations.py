"""Last-known positions and tracks of drivers. Tables: models/fleet.py.

A late point is stored and never moves the last-known position; a repeated point is stored once.
A phone that is back online sends its points in a burst: one statement stores them all.
"""

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from math import asin, cos, radians, sin, sqrt
from typing import Any, NamedTuple

from sqlalchemy import BigInteger, Integer, bindparam, func, literal_column, select, text
from sqlalchemy.dialects.postgresql import JSONB

from models.fleet import driver, driver_location, driver_position
from sunshine.core.errors import Conflict, Invalid, NotFound
from sunshine.core.principals import Principal
from sunshine.database.database import Database, Transaction
from sunshine.database.pages import ListQuery, Page
from sunshine.database.statements import Statement
from sunshine.modules.fleet.drivers import require_access
from sunshine.modules.fleet.rows import LastPointRow, PointRow, PositionRow, ReceivedRow, StoredRow
from sunshine.modules.fleet.schemas import TRACK

AHEAD = timedelta(minutes=5)
BATCH = 1000  # points per read of a streamed track
FASTEST = 300 / 3.6  # m/s: nothing in a fleet drives faster


class _Point(NamedTuple):
    at: datetime
    latitude: float
    longitude: float


_l = driver_location.c
_p = driver_position.c
_DRIVER = Statement(
    select(driver.c.id, driver.c.status, _p.at, _p.latitude, _p.longitude)
    .select_from(driver.outerjoin(driver_position, _p.driver_id == driver.c.id))
    .where(driver.c.id == bindparam("id"), driver.c.deleted_at.is_(None))
    # Deleting or suspending the driver waits for the report, or is seen by it.
    .with_for_update(of=driver, key_share=True, read=True),
    LastPointRow,
)


# All points of a burst, and the last-known position where the newest of them is newer.
_STORE = Statement(
    text(
        """
        WITH points AS (
            SELECT (sent ->> 0)::timestamptz AS at,
                   (sent ->> 1)::double precision AS latitude,
                   (sent ->> 2)::double precision AS longitude,
                   (sent ->> 3)::boolean AS flagged
            FROM jsonb_array_elements(:points) AS sent
        ), kept AS (
            INSERT INTO driver_location
                (driver_id, at, latitude, longitude, flagged, recorded_at)
            SELECT :driver, at, latitude, longitude, flagged, :now FROM points
            ON CONFLICT DO NOTHING
            RETURNING at, latitude, longitude, flagged
        ), moved AS (
            INSERT INTO driver_position AS position
                (driver_id, at, latitude, longitude, recorded_at)
            SELECT :driver, at, latitude, longitude, :now
            FROM kept WHERE NOT flagged
            ORDER BY at DESC LIMIT 1
            ON CONFLICT (driver_id) DO UPDATE
            SET at = excluded.at, latitude = excluded.latitude,
                longitude = excluded.longitude, recorded_at = excluded.recorded_at
            WHERE excluded.at > position.at
            RETURNING position.at
        )
        SELECT (SELECT count(*) FROM kept) AS kept, (SELECT count(*) FROM moved) AS moved
        """
    )
    .bindparams(
        bindparam("points", type_=JSONB),
        bindparam("driver", type_=Integer),
        bindparam("now", type_=_l.recorded_at.type),
    )
    .columns(kept=BigInteger, moved=BigInteger),
    StoredRow,
)
# Maps ask for it over and over: benchmarks/tracks.py watches its cost.
LAST = Statement(
    select(
        _p.driver_id.label("driverId"),
        _p.latitude,
        _p.longitude,
        _p.at.label("timestamp"),
        _p.recorded_at.label("recordedAt"),
    )
    .select_from(driver.outerjoin(driver_position, _p.driver_id == driver.c.id))
    .where(driver.c.id == bindparam("id"), driver.c.deleted_at.is_(None)),
    PositionRow,
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
    row=PointRow,
)
# A batch of the track: what comes after the last point of the batch before.
_BATCH = Statement(
    _TRACK.where(
        _l.at > func.coalesce(bindparam("after", type_=_l.at.type), literal_column("'-infinity'")),
        _l.at >= func.coalesce(bindparam("from", type_=_l.at.type), literal_column("'-infinity'")),
        _l.at <= func.coalesce(bindparam("to", type_=_l.at.type), literal_column("'infinity'")),
    )
    .order_by(_l.at)
    .limit(BATCH),
    PointRow,
)


async def report(
    tx: Transaction, driver_id: int, points: Sequence[Mapping[str, Any]], *, actor: Principal
) -> ReceivedRow:
    """Store points, in any order, and move the last-known position.

    Return `{received, kept, flagged, moved}`: `kept` excludes points that are known already;
    `flagged` ones are faster than anything drives and never become the last-known position.
    Invalid for points in the future and for 0/0, where broken receivers are; Conflict
    `driver_not_active`.
    """
    require_access(actor, driver_id)
    driver_ = await tx.one_or_none(_DRIVER, id=driver_id)
    if driver_ is None:
        raise NotFound
    if driver_["status"] != "active":
        raise Conflict("The driver is not active", code="driver_not_active")
    for point in points:
        _check(point, tx)
    rows = _flagged(sorted(points, key=lambda point: point["timestamp"]), driver_)
    stored = await tx.one(_STORE, driver=driver_id, points=rows)
    received = ReceivedRow(
        received=len(rows),
        kept=stored["kept"],
        flagged=sum(row[3] for row in rows),
        moved=bool(stored["moved"]),
    )
    newest = dict(zip(("timestamp", "latitude", "longitude"), rows[-1], strict=False))
    await tx.record("driver_located", "driver", driver_id, after={**received, "last": newest})
    return received


async def last(database: Database, driver_id: int, *, actor: Principal) -> PositionRow | None:
    """Return the last-known position, None before the first report; NotFound."""
    require_access(actor, driver_id)
    row = await database.one_or_none(LAST, id=driver_id)
    if row is None:
        raise NotFound
    return row if row["timestamp"] else None


async def page(
    database: Database, driver_id: int, query: Mapping[str, Any], *, actor: Principal
) -> Page[PointRow]:
    """Return a page of the track, the earliest first; `cursor` is the last timestamp seen."""
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
) -> AsyncIterator[list[PointRow]]:
    """Return the whole track in batches, whatever its length and the reader's speed.

    Each batch is a read of its own: no connection waits for a slow reader.
    """
    await last(database, driver_id, actor=actor)
    between = {"from": query.get("from"), "to": query.get("to")}
    return _batches(database, driver=driver_id, **between)


async def _batches(database: Database, **values: Any) -> AsyncIterator[list[PointRow]]:
    after: datetime | None = None
    while rows := await database.all(_BATCH, after=after, **values):
        yield rows
        after = rows[-1]["timestamp"]


def _cursor(row: PointRow) -> str:
    return row["timestamp"].isoformat().replace("+00:00", "Z")


def _check(point: Mapping[str, Any], tx: Transaction) -> None:
    if point["timestamp"] > tx.now + AHEAD:
        raise Invalid.field("timestamp", "is in the future")
    if point["latitude"] == 0 and point["longitude"] == 0:
        raise Invalid.field("latitude", "0/0 is where broken receivers are")


def _flagged(points: list[Mapping[str, Any]], before: LastPointRow) -> list[list[Any]]:
    """Return each point as [timestamp, latitude, longitude, whether it is too fast to be true]."""
    at, latitude, longitude = before["at"], before["latitude"], before["longitude"]
    known = None
    if at is not None and latitude is not None and longitude is not None:
        known = _Point(at, latitude, longitude)
    rows = []
    for each in points:
        point = _Point(each["timestamp"], each["latitude"], each["longitude"])
        flagged = known is not None and _is_too_fast(known, point)
        rows.append([*point, flagged])
        if not flagged and (known is None or point.at > known.at):
            known = point
    return rows


def _is_too_fast(before: _Point, point: _Point) -> bool:
    """Whether a later point is farther than FASTEST allows, 100 m of error granted."""
    if point.at <= before.at:
        return False
    distance = metres(before.latitude, before.longitude, point.latitude, point.longitude)
    return distance > FASTEST * (point.at - before.at).total_seconds() + 100


def metres(latitude: float, longitude: float, latitude2: float, longitude2: float) -> float:
    """Return the great-circle distance in metres of two points in degrees (haversine)."""
    a, b = radians(latitude), radians(latitude2)
    half = sin((b - a) / 2) ** 2
    half += cos(a) * cos(b) * sin(radians(longitude2 - longitude) / 2) ** 2
    return 2 * 6_371_000 * asin(min(1.0, sqrt(half)))
