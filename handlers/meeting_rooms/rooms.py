"""Meeting rooms over HTTP. Rules: sunshine/modules/meeting_rooms/rooms.py."""

from sunshine.modules.meeting_rooms import availability
from sunshine.modules.meeting_rooms.rooms import rooms
from sunshine.modules.meeting_rooms.schemas import AVAILABILITY, CHANGE, CREATE, DAY, ROOM
from sunshine.web.guards import body, query, requires_permission, signed_in
from sunshine.web.handler import Handler
from sunshine.web.records import Record, Records
from sunshine.web.response_specs import conflicts, created, item, ok_message, page
from sunshine.web.routes import Route


class MeetingRooms(Records):
    """All rooms.

    The filter `capacity` is a minimum, `facilities` a comma-separated list of which a room has all.
    A room with bookings to come cannot be deleted: 409. Names are unique.
    """

    records = rooms


class MeetingRoom(Record):
    """One room."""

    records = rooms


class Availability(Handler):
    """The availability of a room on a day."""

    async def get(self, id_: int) -> None:
        """Get a room's availability on a day.

        When it is booked and when it is free, without titles; today by default.
        """
        day = self.query.get("date")
        self.reply(await availability.availability(self.db.sunshine, id_, day))


SEES = requires_permission("rooms:book")
MANAGES = requires_permission("rooms:manage")

routes = [
    Route(
        "/api/meeting-rooms",
        MeetingRooms,
        GET=[signed_in, SEES, query(rooms.listing.schema), page(ROOM)],
        POST=[
            signed_in,
            MANAGES,
            body(CREATE),
            created(ROOM),
            conflicts("meeting_room_name_taken"),
        ],
    ),
    Route(
        "/api/meeting-rooms/{id_}",
        MeetingRoom,
        GET=[signed_in, SEES, item(ROOM)],
        PUT=[signed_in, MANAGES, body(CHANGE), item(ROOM), conflicts("meeting_room_name_taken")],
        DELETE=[signed_in, MANAGES, ok_message, conflicts("in_use")],
    ),
    Route(
        "/api/meeting-rooms/{id_}/availability",
        Availability,
        GET=[signed_in, SEES, query(DAY), item(AVAILABILITY)],
    ),
]
