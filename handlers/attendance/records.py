"""Attendance over HTTP. Rules: sunshine/modules/attendance. Tables: models/attendance.py."""

from dataclasses import replace
from typing import Any

from sunshine.modules.attendance import records
from sunshine.modules.attendance.corrections import correct
from sunshine.modules.attendance.locations import locations
from sunshine.modules.attendance.schemas import (
    ATTENDANCE,
    CHANGE_LOCATION,
    CORRECT,
    CREATE_LOCATION,
    LOCATION,
)
from sunshine.web.files.serving import with_urls
from sunshine.web.guards import body, query, requires_permission, signed_in
from sunshine.web.handler import Handler
from sunshine.web.records import Record, Records
from sunshine.web.response_specs import conflicts, created, item, ok_message, page
from sunshine.web.routes import Route

PHOTOS = ("checkInPhoto", "checkOutPhoto")


class Attendances(Handler):
    """Who was there when."""

    async def get(self) -> None:
        """List attendance, the latest days first.

        Own records, the team's for managers, all for HR and admins. Positions and photos are shown
        to oneself, HR and admins; photo URLs open for 15 minutes. `status=late` means present and
        late.
        """
        page = await records.page(self.db.sunshine, self.query, actor=self.actor)
        self.reply_page(replace(page, rows=with_urls(self, page.rows, *PHOTOS)))


class Attendance(Handler):
    """One stay, or one day away."""

    async def get(self, id_: int) -> None:
        """Get an attendance record.

        Own records, the team's for managers, all for HR and admins. Positions and photos are shown
        to oneself, HR and admins; photo URLs open for 15 minutes.
        """
        row = await records.find(self.db.sunshine, id_, actor=self.actor)
        self.reply(with_photos(self, row))

    async def put(self, id_: int) -> None:
        """Correct an attendance record.

        The shift, lateness and minutes are worked out anew. The old values stay in the audit trail.
        """
        async with self.transaction() as tx:
            row = await correct(tx, id_, self.body)
            self.reply(with_photos(self, row), message="Attendance corrected")


def with_photos(handler: Handler, row: dict[str, Any]) -> dict[str, Any]:
    """The record with URLs that open its photos."""
    return with_urls(handler, [row], *PHOTOS)[0]


class Locations(Records):
    """All places where people may check in.

    Where people may check in: a point and a radius in metres. The timezone decides which day it is
    there. One where somebody is placed stays: 409.
    """

    records = locations


class Location(Record):
    """One place."""

    records = locations


routes = [
    Route(
        "/api/attendance",
        Attendances,
        GET=[
            signed_in,
            requires_permission("attendance:self", "attendance:read"),
            query(records.listing.schema),
            page(ATTENDANCE),
        ],
    ),
    Route(
        "/api/attendance/{id_}",
        Attendance,
        GET=[
            signed_in,
            requires_permission("attendance:self", "attendance:read"),
            item(ATTENDANCE),
        ],
        PUT=[
            signed_in,
            requires_permission("attendance:record:any"),
            body(CORRECT),
            item(ATTENDANCE),
            conflicts("already_checked_in", "attendance_day_marked", "attendance_overlap"),
        ],
    ),
    Route(
        "/api/attendance/locations",
        Locations,
        GET=[
            signed_in,
            requires_permission("shifts:read"),
            query(locations.listing.schema),
            page(LOCATION),
        ],
        POST=[
            signed_in,
            requires_permission("locations:write"),
            body(CREATE_LOCATION),
            created(LOCATION),
            conflicts("location_name_taken"),
        ],
    ),
    Route(
        "/api/attendance/locations/{id_}",
        Location,
        GET=[signed_in, requires_permission("shifts:read"), item(LOCATION)],
        PUT=[
            signed_in,
            requires_permission("locations:write"),
            body(CHANGE_LOCATION),
            item(LOCATION),
            conflicts("location_name_taken"),
        ],
        DELETE=[signed_in, requires_permission("locations:write"), ok_message, conflicts("in_use")],
    ),
]
