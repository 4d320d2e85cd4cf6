"""A room's calendar over HTTP. Rules: sunshine/rules/meeting_room_calendar.py."""

from sunshine.rules import meeting_room_calendar as rules
from sunshine.rules.meeting_rooms import rooms
from sunshine.schemas.leave import FEED
from sunshine.web.feeds import send_calendar
from sunshine.web.guards import feed_reader, may, signed_in
from sunshine.web.handler import Handler
from sunshine.web.replies import file, one, unchanged
from sunshine.web.routes import Route


class RoomCalendar(Handler):
    """Where a calendar subscribes to a room."""

    async def get(self, id_: int) -> None:
        """Get the URL of a room's calendar.

        For a calendar to subscribe to. Whoever has it reads the feed: it is as secret as a
        password, and ends with it.
        """
        await rooms.find(self.db.sunshine, id_)
        path = f"/api/meeting-rooms/{id_}/calendar.ics"
        self.reply({"url": self.application.feeds.url(path, self.actor)})


class RoomCalendarFeed(Handler):
    """What the calendar reads there."""

    deadline = 60.0

    async def get(self, id_: int) -> None:
        """Read a room's calendar.

        Its bookings as iCalendar. By the token in the feed's URL, or signed in.
        """
        name, entries = await rules.calendar(self.db.sunshine, id_)
        await send_calendar(self, name, entries)


routes = [
    Route(
        "/api/meeting-rooms/{id_}/calendar",
        RoomCalendar,
        GET=[signed_in, may("rooms:book"), one(FEED)],
    ),
    Route(
        "/api/meeting-rooms/{id_}/calendar.ics",
        RoomCalendarFeed,
        GET=[feed_reader, may("rooms:book"), file("text/calendar"), unchanged],
    ),
]
