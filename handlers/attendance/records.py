"""Attendance over HTTP. Rules: sunshine/modules/attendance. Tables: models/attendance.py."""

from collections.abc import Mapping
from typing import Any, TypeVar

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

R = TypeVar("R", bound=Mapping[str, Any])
PHOTOS = ("checkInPhoto", "checkOutPhoto")


class Attendances(Handler):
    """The attendance records that the caller may see."""

    async def get(self) -> None:
        """List attendance, the latest days first.

        Employees see their own records, managers the team's, HR and admins all. Only the employee,
        HR and admins see positions and photos; photo URLs expire after 15 minutes. `status=late`
        finds records that are present and late.
        """
        page = await records.page(self.db.sunshine, self.query, actor=self.actor)
        self.reply_page(page.with_rows(with_urls(self, page.rows, *PHOTOS)))


class Attendance(Handler):
    """One attendance record: a stay, or a day away."""

    async def get(self, id_: int) -> None:
        """Get an attendance record.

        Employees see their own records, managers the team's, HR and admins all. Only the employee,
        HR and admins see positions and photos; photo URLs expire after 15 minutes.
        """
        row = await records.find(self.db.sunshine, id_, actor=self.actor)
        self.reply(with_photos(self, row))

    async def put(self, id_: int) -> None:
        """Correct an attendance record.

        Shift, lateness and minutes are computed again. The audit trail keeps the old values.
        """
        async with self.transaction() as tx:
            row = await correct(tx, id_, self.body)
            self.reply(with_photos(self, row), message="Attendance corrected")


def with_photos(handler: Handler, row: R) -> R:
    """Return a record with URLs that open its photos."""
    return with_urls(handler, [row], *PHOTOS)[0]


class Locations(Records):
    """All locations where people may check in.

    A location is a point and a radius in metres. Its timezone decides which day it is there. One
    where somebody is placed cannot be deleted: 409.
    """

    records = locations


class Location(Record):
    """One location."""

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
