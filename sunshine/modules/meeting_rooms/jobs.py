"""Release rooms after no-shows. A job of sunshine/modules/registry.py."""

from datetime import timedelta

from sqlalchemy import bindparam, func, update

from models.meeting_rooms import meeting_room_booking
from sunshine.database.database import Transaction
from sunshine.database.statements import IdRow, Statement
from sunshine.jobs.runner import Job
from sunshine.jobs.schedules import Every
from sunshine.modules.meeting_rooms.rooms import IS_BOOKED

_b = meeting_room_booking.c
_instant = _b.starts_at.type
_DAY = timedelta(days=1)  # no meeting is longer
_RELEASE = Statement(
    update(meeting_room_booking)
    .where(
        IS_BOOKED,
        _b.checked_in_at.is_(None),
        _b.starts_at > bindparam("day_ago", type_=_instant),
        _b.ends_at > bindparam("now"),
        # A booking made or changed after its start counts from then.
        func.greatest(_b.starts_at, _b.updated_at) < bindparam("before", type_=_instant),
    )
    .values(status="released", updated_at=bindparam("now"))
    .returning(_b.id),
    IdRow,
)


async def release_no_shows(tx: Transaction) -> dict[str, int]:
    """Release the bookings that began more than `ROOM_NO_SHOW_MINUTES` ago without a check-in, and
    return how many; 0 minutes mean never."""
    wait = tx.policy.room_no_show
    if wait is None:
        return {"released": 0}
    rows = await tx.all(_RELEASE, day_ago=tx.now - _DAY, before=tx.now - wait)
    was, is_ = {"status": "booked"}, {"status": "released"}
    released = [(row["id"], was, is_) for row in rows]
    await tx.record_all("meeting_room_released", "meeting_room_booking", released)
    return {"released": len(rows)}


JOBS = (Job("room-no-shows", "Give rooms free that nobody came to", Every(5), release_no_shows),)
