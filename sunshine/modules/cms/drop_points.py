"""Drop points: where they are, what they offer, and whether they are open now.

Who sees and changes them: visibility.py. Tables: models/cms.py.
"""

from collections.abc import Mapping
from math import asin, cos, degrees, radians, sin
from typing import Any

from sqlalchemy import (
    Boolean,
    ColumnElement,
    DateTime,
    Double,
    Interval,
    Numeric,
    Text,
    and_,
    bindparam,
    case,
    cast,
    exists,
    func,
    literal_column,
    or_,
    select,
)
from sqlalchemy.dialects.postgresql import JSONB

from models.cms import drop_point
from sunshine.core.principals import Principal
from sunshine.database.database import Database
from sunshine.database.distances import EARTH_RADIUS, distance
from sunshine.database.pages import ListQuery, Page, contains
from sunshine.modules.cms.content import Content, contains_word, time_parameters
from sunshine.modules.cms.rows import DropPointRow, NearbyDropPointRow
from sunshine.modules.cms.schemas import DROP_POINT_FILTERS
from sunshine.modules.cms.visibility import PUBLISHERS, Rights

DEFAULT_RADIUS = 25.0  # km

_p = drop_point.c
# The point's own date and time, without a timezone.
_LOCAL = func.timezone(
    func.coalesce(_p.timezone, bindparam("zone", type_=Text)),
    bindparam("now", type_=DateTime(timezone=True)),
)
_TIME = func.to_char(_LOCAL, literal_column("'HH24:MI'"))


def _has_hours(days_ago: int) -> ColumnElement[bool]:
    """Return the condition that the point opened on that day and has not closed since."""
    day = _LOCAL - literal_column(f"interval '{days_ago} days'", Interval)
    name = func.to_char(day, literal_column("'dy'"))
    of_day = _p.opening_hours.op("->", return_type=JSONB)(name)
    hours = func.jsonb_array_elements(of_day, type_=JSONB).column_valued("hours")
    begins, ends = hours[0].astext, hours[1].astext
    # Hours that do not end later than they begin end on the next day.
    overnight = ends <= begins
    in_hours = and_(overnight, ends > _TIME)
    if days_ago == 0:
        in_hours = and_(begins <= _TIME, or_(overnight, ends > _TIME))
    return exists(select(hours).where(in_hours))


_IS_OPEN = case((_p.opening_hours.is_not(None), or_(_has_hours(0), _has_hours(1))))
_lat, _lng = bindparam("lat", type_=Double), bindparam("lng", type_=Double)
_METRES = distance((_p.latitude, _p.longitude), (_lat, _lng))
_west, _east = bindparam("west", type_=Double), bindparam("east", type_=Double)
_FILTERS = {
    "active": _p.active == bindparam("active"),
    "open": bindparam("open", type_=Boolean) == _IS_OPEN,
    "service": contains_word(_p.services, "service"),
    "search": or_(contains(func.lower(_p.name)), contains(func.lower(_p.address))),
}
# A box around the circle first, because the index is on latitude and longitude.
_AROUND = {
    "lat": _p.latitude.between(bindparam("south", type_=Double), bindparam("north", type_=Double)),
    "lng": or_(
        _p.longitude.between(_west, _east),
        and_(_west > _east, or_(_p.longitude >= _west, _p.longitude <= _east)),
    ),
    "radiusKm": bindparam("radiusKm", type_=Double) * literal_column("1000") >= _METRES,
}
_SORT = {"name": _p.name}


class DropPoints(Content[DropPointRow]):
    """Drop points, which can be listed by their distance."""

    async def page(
        self, database: Database, query: Mapping[str, Any], *, actor: Principal
    ) -> Page[DropPointRow]:
        """Return the page of drop points that `query` asks for and the actor may see.

        With `lat` and `lng`, those within `radiusKm`, the nearest first, with `distanceKm`.
        """
        if "lat" not in query:
            return await super().page(database, query, actor=actor)
        self.rights.check_filters(actor, query)
        place = (query["lat"], query["lng"], query.get("radiusKm", DEFAULT_RADIUS))
        found = await _nearby.page(
            database,
            {**query, "radiusKm": place[2]},
            where=self.where[self.rights.visibility(actor)],
            me=actor.employee_id,
            **_box(*place),
            **time_parameters(database),
        )
        return found.with_rows([*found.rows])


def _box(latitude: float, longitude: float, radius: float) -> dict[str, float]:
    """Return the box around a circle, radius in km; `west` > `east` where it crosses 180°."""
    angle = radius * 1000 / EARTH_RADIUS * 1.0001  # slightly more, against rounding
    south, north = latitude - degrees(angle), latitude + degrees(angle)
    if south <= -90 or north >= 90:  # around a pole
        return {"south": south, "north": north, "west": -180, "east": 180}
    aside = degrees(asin(min(1, sin(angle) / cos(radians(latitude)))))
    west, east = longitude - aside, longitude + aside
    return {
        "south": south,
        "north": north,
        "west": west + 360 if west < -180 else west,
        "east": east - 360 if east > 180 else east,
    }


drop_points = DropPoints(
    drop_point,
    "Drop point",
    Rights(
        editors=PUBLISHERS,
        visible=_p.active.is_(True),
        state="active",
        draft=False,
        public=True,
    ),
    fields={
        "name": _p.name,
        "address": _p.address,
        "latitude": _p.latitude,
        "longitude": _p.longitude,
        "phone": _p.phone,
        "openingHours": _p.opening_hours,
        "services": _p.services,
        "timezone": _p.timezone,
        "active": _p.active,
    },
    shown={"isOpen": _IS_OPEN},
    defaults={"active": True, "services": []},
    schema=DROP_POINT_FILTERS,
    filters=_FILTERS,
    sort=_SORT,
    row=DropPointRow,
)
_nearby = ListQuery(
    drop_points.rows.add_columns(
        func.round(cast(_METRES / literal_column("1000"), Numeric), 3).label("distanceKm")
    ),
    key=_p.id,
    schema=DROP_POINT_FILTERS,
    filters={**_FILTERS, **_AROUND},
    sort={**_SORT, "distance": _METRES},
    default_sort="distance",
    row=NearbyDropPointRow,
)
