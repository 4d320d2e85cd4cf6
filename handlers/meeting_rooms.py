"""Meeting rooms over HTTP. Rules: sunshine/rules/meeting_rooms.py."""

from sunshine.rules import meeting_room_slots
from sunshine.rules.meeting_rooms import rooms
from sunshine.schemas.meeting_rooms import CHANGE, CREATE, DAY
from sunshine.web.guards import body, may, query, signed_in
from sunshine.web.handler import Handler
from sunshine.web.records import Record, Records
from sunshine.web.routes import Route


class MeetingRooms(Records):
    """All rooms."""

    records = rooms


class MeetingRoom(Record):
    """One room."""

    records = rooms


class Availability(Handler):
    """A room's day."""

    async def get(self, id_: int) -> None:
        """When it is taken and when it is free."""
        day = self.query.get("date")
        self.reply(await meeting_room_slots.availability(self.db.sunshine, id_, day))


SEES = may("rooms:book")
MANAGES = may("rooms:manage")

routes = [
    Route(
        "/api/meeting-rooms",
        MeetingRooms,
        GET=[signed_in, SEES, query(rooms.listing.schema)],
        POST=[signed_in, MANAGES, body(CREATE)],
    ),
    Route(
        "/api/meeting-rooms/{id_}",
        MeetingRoom,
        GET=[signed_in, SEES],
        PUT=[signed_in, MANAGES, body(CHANGE)],
        DELETE=[signed_in, MANAGES],
    ),
    Route(
        "/api/meeting-rooms/{id_}/availability",
        Availability,
        GET=[signed_in, SEES, query(DAY)],
    ),
]
