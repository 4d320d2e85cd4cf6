"""Checking in to meetings. Rooms of no-shows are released by jobs.py."""

from datetime import timedelta

from sqlalchemy import bindparam, update

from models.meeting_rooms import meeting_room_booking
from sunshine.core.errors import Conflict, NotAllowed, NotFound
from sunshine.core.principals import Principal
from sunshine.database.database import Transaction
from sunshine.database.records import record_change
from sunshine.database.statements import Statement
from sunshine.modules.meeting_rooms.bookings import BY_ID, ENTITY, require_upcoming, seen_by
from sunshine.modules.meeting_rooms.rooms import IS_BOOKED
from sunshine.modules.meeting_rooms.rows import BookingRow
from sunshine.modules.scope import employee_of

BEFORE = timedelta(minutes=15)

_b = meeting_room_booking.c
_CHECK_IN = Statement(
    update(meeting_room_booking)
    .where(
        _b.id == bindparam("id"),
        IS_BOOKED,
        _b.checked_in_at.is_(None),
        _b.starts_at <= bindparam("soon", type_=_b.starts_at.type),
        _b.ends_at > bindparam("now"),
    )
    .values(checked_in_at=bindparam("now"), updated_at=bindparam("now"))
)


async def check_in(tx: Transaction, id_: int, *, actor: Principal) -> BookingRow:
    """Check in to a meeting, once, from 15 minutes before its start until its end; repeated, it
    changes nothing.

    The organizer, attendees and holders of `rooms:manage` may; NotAllowed. Conflict `too_early`,
    `booking_past`, `booking_cancelled`, `booking_released`.
    """
    seen = seen_by(tx.database, actor)
    before = await tx.one_or_none(BY_ID, id=id_, **seen)
    manages = actor.may("rooms:manage")
    if not manages:
        employee_of(actor)
    takes_part = before and actor.employee_id in (before["organizer"], *before["attendees"])
    if not (takes_part or manages):
        raise NotAllowed
    if before is None:
        raise NotFound
    changed = await tx.execute(_CHECK_IN, id=id_, soon=tx.now + BEFORE)
    after = await tx.one(BY_ID, id=id_, **seen)
    if changed:
        await record_change(tx, ENTITY, before, after, "meeting_room_checked_in")
        return after
    require_upcoming(tx, after)
    if after["checkedInAt"] is None:
        raise Conflict("Check-in begins 15 minutes before the start", code="too_early")
    return after
