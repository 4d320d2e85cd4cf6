"""Attendance over HTTP. Rules: sunshine/rules/attendance*.py. Tables: models/attendance.py."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

from sunshine import pictures
from sunshine.db import Transaction
from sunshine.errors import Conflict
from sunshine.files import change
from sunshine.rules import attendance_records as records
from sunshine.rules.attendance import locations
from sunshine.rules.attendance_check_in import check_in
from sunshine.rules.attendance_check_out import check_out
from sunshine.rules.attendance_claims import KeepPhoto
from sunshine.rules.attendance_corrections import correct
from sunshine.schemas.attendance import CHANGE_LOCATION, CHECK, CORRECT, CREATE_LOCATION
from sunshine.web.files import with_urls
from sunshine.web.guards import body, may, query, signed_in
from sunshine.web.handler import Handler
from sunshine.web.records import Record, Records
from sunshine.web.routes import Route

PHOTOS = ("checkInPhoto", "checkOutPhoto")


class Attendances(Handler):
    """Who was there when."""

    async def get(self) -> None:
        """A page, the latest days first."""
        page = await records.page(self.db.sunshine, self.query, actor=self.actor)
        self.reply_page(replace(page, rows=with_urls(self, page.rows, *PHOTOS)))


class Attendance(Handler):
    """One stay, or one day away."""

    async def get(self, id_: int) -> None:
        """The record."""
        row = await records.find(self.db.sunshine, id_, actor=self.actor)
        self.reply(_with_urls(self, row))

    async def put(self, id_: int) -> None:
        """Put it right."""
        async with self.transaction() as tx:
            row = await correct(tx, id_, self.body)
            self.reply(_with_urls(self, row), message="Attendance corrected")


class _Clock(Handler):
    """What coming and leaving share: a photo that is kept if the record is."""

    @asynccontextmanager
    async def recording(self) -> AsyncIterator[tuple[Transaction, KeepPhoto]]:
        """A transaction, and what stores the photo that was sent."""
        photo = await pictures.check(self.body.get("photo"))
        try:
            async with change(self.application.storage) as files, self.transaction() as tx:

                async def keep() -> str | None:
                    if photo is None:
                        return None
                    folder = "employee/attendance"
                    return await files.keep(tx, folder, photo.content, photo.suffix)

                yield tx, keep
        except Conflict as conflict:
            if conflict.data is not None:
                conflict.data = _with_urls(self, conflict.data)
            raise


class CheckIn(_Clock):
    """Somebody comes."""

    async def post(self) -> None:
        """A new record; 200 for the one that says exactly this already."""
        async with self.recording() as (tx, keep_photo):
            row, is_new = await check_in(tx, self.body, actor=self.actor, keep_photo=keep_photo)
            status = 201 if is_new else 200
            self.reply(_with_urls(self, row), message="Checked in", status=status)


class CheckOut(_Clock):
    """Somebody leaves."""

    async def post(self) -> None:
        """The open record, closed."""
        async with self.recording() as (tx, keep_photo):
            row = await check_out(tx, self.body, actor=self.actor, keep_photo=keep_photo)
            self.reply(_with_urls(self, row), message="Checked out")


def _with_urls(handler: Handler, row: dict[str, Any]) -> dict[str, Any]:
    return with_urls(handler, [row], *PHOTOS)[0]


class Locations(Records):
    """All places where people may check in."""

    records = locations


class Location(Record):
    """One place."""

    records = locations


routes = [
    Route(
        "/api/attendance",
        Attendances,
        GET=[signed_in, may("attendance:self", "attendance:read"), query(records.listing.schema)],
    ),
    Route(
        "/api/attendance/{id_}",
        Attendance,
        GET=[signed_in, may("attendance:self", "attendance:read")],
        PUT=[signed_in, may("attendance:record:any"), body(CORRECT)],
    ),
    Route(
        "/api/attendance/check-in",
        CheckIn,
        POST=[signed_in, may("attendance:self", "attendance:record:any"), body(CHECK)],
    ),
    Route(
        "/api/attendance/check-out",
        CheckOut,
        POST=[signed_in, may("attendance:self", "attendance:record:any"), body(CHECK)],
    ),
    Route(
        "/api/attendance/locations",
        Locations,
        GET=[signed_in, may("shifts:read"), query(locations.listing.schema)],
        POST=[signed_in, may("locations:write"), body(CREATE_LOCATION)],
    ),
    Route(
        "/api/attendance/locations/{id_}",
        Location,
        GET=[signed_in, may("shifts:read")],
        PUT=[signed_in, may("locations:write"), body(CHANGE_LOCATION)],
        DELETE=[signed_in, may("locations:write")],
    ),
]
