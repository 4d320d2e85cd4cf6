"""Coming and leaving over HTTP. Rules: sunshine/modules/attendance/check_in.py,
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
    """What coming and leaving share: a photo that is kept if the record is."""

    @asynccontextmanager
    async def recording(self) -> AsyncIterator[tuple[Transaction, KeepPhoto]]:
        """A transaction, and what stores the photo that was sent."""
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
    """Somebody comes."""

    async def post(self) -> None:
        """Check in.

        One open check-in per employee: another is 409 with the open record in `data`; the same one
        again is answered with 200. Claims of the employee: at most 5 minutes ahead and
        `ATTENDANCE_MAX_BACKDATE_MINUTES` back; HR and admins date freely for others. Outside the
        allowed places it is flagged, or refused where `GEOFENCE_ENFORCE` is on.
        """
        async with self.recording() as (tx, keep_photo):
            row, is_new = await check_in(tx, self.body, actor=self.actor, keep_photo=keep_photo)
            status = 201 if is_new else 200
            self.reply(with_photos(self, row), message="Checked in", status=status)


class CheckOut(_Clock):
    """Somebody leaves."""

    async def post(self) -> None:
        """Check out.

        Closes the open record, whatever its day. None open: 409.
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
