"""A room's calendar over HTTP. Rules: sunshine/modules/meeting_rooms/calendar_feed.py."""

from sunshine.modules.leave.schemas import FEED
from sunshine.modules.meeting_rooms import calendar_feed as rules
from sunshine.modules.meeting_rooms.rooms import rooms
from sunshine.web.calendar_feeds import send_calendar
from sunshine.web.guards import feed_reader, requires_permission, signed_in
from sunshine.web.handler import Handler
from sunshine.web.response_specs import file, item, not_modified
from sunshine.web.routes import Route


class RoomCalendar(Handler):
    """The URL of a room's calendar feed."""

    async def get(self, id_: int) -> None:
        """Get the URL of a room's calendar.

        A calendar subscribes to it. Anybody who has the URL can read the feed: it is as secret as a
        password, and ends with it.
        """
        await rooms.find(self.db.sunshine, id_)
        path = f"/api/meeting-rooms/{id_}/calendar.ics"
        self.reply({"url": self.application.feeds.url(path, self.actor)})


class RoomCalendarFeed(Handler):
    """The calendar feed of a room."""

    deadline = 60.0

    async def get(self, id_: int) -> None:
        """Read a room's calendar.

        Its bookings as iCalendar, for callers with the token of the feed's URL or signed in.
        """
        name, entries = await rules.calendar(self.db.sunshine, id_)
        await send_calendar(self, name, entries)


routes = [
    Route(
        "/api/meeting-rooms/{id_}/calendar",
        RoomCalendar,
        GET=[signed_in, requires_permission("rooms:book"), item(FEED)],
    ),
    Route(
        "/api/meeting-rooms/{id_}/calendar.ics",
        RoomCalendarFeed,
        GET=[feed_reader, requires_permission("rooms:book"), file("text/calendar"), not_modified],
    ),
]
