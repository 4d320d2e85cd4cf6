"""Meeting rooms: plain records that cannot be deleted while they have bookings to come.

Bookings: schedule.py. When they are free: availability.py. Tables: models/meeting_rooms.py.
"""

from sqlalchemy import Text, bindparam, func, literal_column

from models.meeting_rooms import meeting_room, meeting_room_booking
from sunshine.core.errors import Conflict, Invalid, violations
from sunshine.database.pages import contains, lowered
from sunshine.database.records import Records, Reference
from sunshine.modules.meeting_rooms.rows import RoomRow
from sunshine.modules.meeting_rooms.schemas import FILTERS

violations(
    {
        "meeting_room_name_key": Conflict.field(
            "name", "A room of this name exists already", code="meeting_room_name_taken"
        ),
        "meeting_room_hours_check": Invalid.field("closesAt", "must be after opensAt"),
    }
)

_r = meeting_room.c
# A literal, not a parameter: otherwise the planner may not use the partial index.
IS_BOOKED = meeting_room_booking.c.status == literal_column("'booked'")
# `projector, whiteboard` requires both.
_wanted = func.array_remove(
    func.regexp_split_to_array(
        func.btrim(func.lower(bindparam("facilities", type_=Text))), r"\s*,\s*"
    ),
    "",
)
rooms = Records(
    meeting_room,
    fields={
        "name": _r.name,
        "capacity": _r.capacity,
        "floor": _r.floor,
        "facilities": _r.facilities,
        "location": _r.location,
        "opensAt": _r.opens_at,
        "closesAt": _r.closes_at,
        "active": _r.active,
    },
    shown={
        "opensAt": func.to_char(_r.opens_at, "HH24:MI"),
        "closesAt": func.to_char(_r.closes_at, "HH24:MI"),
    },
    uses=(
        Reference(
            "future booking",
            meeting_room_booking.c.room_id,
            where=(IS_BOOKED, meeting_room_booking.c.ends_at > bindparam("now")),
        ),
    ),
    schema=FILTERS,
    filters={
        "capacity": _r.capacity >= bindparam("capacity"),
        "floor": _r.floor == bindparam("floor"),
        "facilities": lowered(_r.facilities).op("@>")(_wanted),
        "active": _r.active == bindparam("active"),
        "search": contains(func.lower(_r.name)),
    },
    sort={"name": _r.name, "capacity": _r.capacity, "floor": _r.floor},
    row=RoomRow,
)
