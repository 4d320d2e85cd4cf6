"""Drivers' locations over HTTP. Rules: sunshine/modules/fleet/locations.py."""

import time
from typing import Any

from tornado.iostream import StreamClosedError

from sunshine.core import json
from sunshine.modules.fleet import locations as rules
from sunshine.modules.fleet.rows import PointRow
from sunshine.modules.fleet.schemas import MOST_POINTS, PASSED, PLACE, POINT, RECEIVED
from sunshine.web.guards import any_principal, one_or_many, query, requires_permission
from sunshine.web.handler import Handler
from sunshine.web.response_specs import conflicts, file, item, page
from sunshine.web.routes import Route

SECONDS = 60.0  # to send the next thousand points of a track


class Location(Handler):
    """The last-known location of a driver."""

    bucket = "fleet"

    async def get(self, driver_id: int) -> None:
        """Get a driver's last-known location.

        `data` is null when the driver has never reported one. Points that no vehicle can have
        reached never become it.
        """
        position = await rules.last(self.db["fleet"], driver_id, actor=self.actor)
        self.reply_exactly({"success": True, "data": position})

    async def post(self, driver_id: int) -> None:
        """Report where a driver is: a point, or a list of up to 500.

        The last-known location moves forward in time only. Known points are not stored again;
        points that imply more than 300 km/h are flagged. A point more than 5 minutes in the future,
        or at 0/0, is 400; a driver who is not active is 409.
        """
        async with self.transaction("fleet") as tx:
            received = await rules.report(tx, driver_id, self.items, actor=self.actor)
            self.reply(received, message="Location updated")


class Locations(Location):
    """The track of a driver."""

    async def get(self, driver_id: int) -> None:
        """Get a driver's track, the earliest first.

        Continue with `cursor`; `format=geojson` streams the whole track as a FeatureCollection.
        """
        if self.query["format"] == "geojson":
            await self._stream(driver_id)
        else:
            database = self.db["fleet"]
            page = await rules.page(database, driver_id, self.query, actor=self.actor)
            self.reply_page(page)

    async def _stream(self, driver_id: int) -> None:
        batches = await rules.track(self.db["fleet"], driver_id, self.query, actor=self.actor)
        self.set_header("Content-Type", "application/geo+json")
        self.write('{"type":"FeatureCollection","features":[')
        comma = b""
        async for rows in batches:
            # A slow client may take longer than a request's deadline, as long as it keeps reading.
            self.ends = time.monotonic() + SECONDS
            self.write(comma + json.encode([_feature(row) for row in rows])[1:-1])
            comma = b","
            try:
                await self.flush()
            except StreamClosedError:  # the client has gone
                return
        self.write("]}")


def _feature(row: PointRow) -> dict[str, Any]:
    point = {"type": "Point", "coordinates": [row["longitude"], row["latitude"]]}
    properties = {"timestamp": row["timestamp"], "flagged": row["flagged"]}
    return {"type": "Feature", "geometry": point, "properties": properties}


OWN = requires_permission("fleet:read", "fleet:manage", "fleet:self")
REPORTS = requires_permission("fleet:manage", "fleet:self")

routes = [
    Route(
        "/api/fleet/drivers/{driver_id}/location",
        Location,
        GET=[any_principal, OWN, item(PLACE, nullable=True)],
        POST=[
            any_principal,
            REPORTS,
            one_or_many(POINT, MOST_POINTS),
            item(RECEIVED),
            conflicts("driver_not_active"),
        ],
    ),
    Route(
        "/api/fleet/drivers/{driver_id}/locations",
        Locations,
        GET=[
            any_principal,
            OWN,
            query(rules.listing.schema),
            page(PASSED),
            file("application/geo+json"),
        ],
        POST=[
            any_principal,
            REPORTS,
            one_or_many(POINT, MOST_POINTS),
            item(RECEIVED),
            conflicts("driver_not_active"),
        ],
    ),
]
