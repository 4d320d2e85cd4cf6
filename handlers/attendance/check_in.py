"""Check-in and check-out over HTTP. Rules: sunshine/modules/attendance/check_in.py,
sunshine/modules/attendance/check_out.py."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from handlers.attendance.records import with_photos
from sunshine.core.errors import Conflict
from sunshine.database.database import Transaction
from sunshine.files import images
from sunshine.files.attachments import change
from sunshine.modules.attendance.check_in import check_in
from sunshine.modules.attendance.check_out import check_out
from sunshine.modules.attendance.claims import KeepPhoto
from sunshine.modules.attendance.schemas import ATTENDANCE, CHECK
from sunshine.web.guards import body, requires_permission, signed_in
from sunshine.web.handler import Handler
from sunshine.web.response_specs import conflicts, created, errors, item
from sunshine.web.routes import Route


class _Clock(Handler):
    """What check-in and check-out share: a photo that is stored if the record is."""

    @asynccontextmanager
    async def recording(self) -> AsyncIterator[tuple[Transaction, KeepPhoto]]:
        """Open a transaction; yield it with the function that stores the photo of the request."""
        photo = await images.check(self.body.get("photo"))
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
                conflict.data = with_photos(self, conflict.data)
            raise


class CheckIn(_Clock):
    """A check-in."""

    async def post(self) -> None:
        """Check in.

        An employee has one open check-in: another one is refused with 409 and the open record in
        `data`; an exact repeat of it gets that record with 200. `timestamp` may be 5 minutes ahead
        and `ATTENDANCE_MAX_BACKDATE_MINUTES` back; HR and admins may give any time, for others too.
        Outside the allowed locations a check-in is marked for review, or refused where
        `GEOFENCE_ENFORCE` is on.
        """
        async with self.recording() as (tx, keep_photo):
            row, is_new = await check_in(tx, self.body, actor=self.actor, keep_photo=keep_photo)
            status = 201 if is_new else 200
            self.reply(with_photos(self, row), message="Checked in", status=status)


class CheckOut(_Clock):
    """A check-out."""

    async def post(self) -> None:
        """Check out.

        It closes the open record, whatever its day; without one it is refused with 409.
        """
        async with self.recording() as (tx, keep_photo):
            row = await check_out(tx, self.body, actor=self.actor, keep_photo=keep_photo)
            self.reply(with_photos(self, row), message="Checked out")


routes = [
    Route(
        "/api/attendance/check-in",
        CheckIn,
        POST=[
            signed_in,
            requires_permission("attendance:self", "attendance:record:any"),
            body(CHECK),
            item(ATTENDANCE),
            created(ATTENDANCE),
            errors(403, "outside_geofence"),
            conflicts("already_checked_in", "attendance_overlap", "employee_inactive"),
        ],
    ),
    Route(
        "/api/attendance/check-out",
        CheckOut,
        POST=[
            signed_in,
            requires_permission("attendance:self", "attendance:record:any"),
            body(CHECK),
            item(ATTENDANCE),
            conflicts("attendance_overlap", "not_checked_in"),
        ],
    ),
]
