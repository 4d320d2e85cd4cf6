"""The calendar feed of a room: titles, never descriptions."""

from datetime import timedelta

from sqlalchemy import bindparam, select

from models.meeting_rooms import meeting_room_booking
from sunshine.database.database import Database
from sunshine.database.statements import Statement
from sunshine.identity.calendar_tokens import Entry
from sunshine.modules.meeting_rooms.rooms import IS_BOOKED, rooms
from sunshine.modules.meeting_rooms.rows import CalendarRow

BACK, AHEAD = timedelta(days=90), timedelta(days=366)

_b = meeting_room_booking.c
_BOOKINGS = Statement(
    select(_b.id, _b.title, _b.starts_at, _b.ends_at, _b.updated_at)
    .where(
        _b.room_id == bindparam("room"),
        IS_BOOKED,
        _b.starts_at.between(
            bindparam("first", type_=_b.starts_at.type), bindparam("last", type_=_b.starts_at.type)
        ),
    )
    .order_by(_b.starts_at),
    CalendarRow,
)


async def calendar(database: Database, room_id: int) -> tuple[str, list[Entry]]:
    """Return a room's name and its bookings from 3 months ago to 12 months ahead; NotFound.

    Each day of a series is an entry of its own.
    """
    room = await rooms.find(database, room_id)
    now, zone = database.clock(), database.policy.timezone
    rows = await database.all(_BOOKINGS, room=room_id, first=now - BACK, last=now + AHEAD)
    return room["name"], [
        Entry(
            f"meeting-{row['id']}",
            row["title"],
            row["starts_at"].astimezone(zone),
            row["ends_at"].astimezone(zone),
            row["updated_at"],
        )
        for row in rows
    ]
