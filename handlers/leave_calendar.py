"""The calendar of leave over HTTP. Rules: sunshine/rules/leave_calendar.py."""

from sunshine.rules import leave_calendar as rules
from sunshine.web.feeds import send_calendar
from sunshine.web.guards import feed_reader, may, signed_in
from sunshine.web.handler import Handler
from sunshine.web.routes import Route

FEED = "/api/leave/calendar.ics"


class LeaveCalendar(Handler):
    """Where one's own calendar subscribes."""

    async def get(self) -> None:
        """The URL. Whoever has it reads the feed: it is as secret as a password."""
        self.reply({"url": self.application.feeds.url(FEED, self.actor)})


class LeaveCalendarFeed(Handler):
    """What the calendar reads there."""

    deadline = 60.0

    async def get(self) -> None:
        """The calendar."""
        entries = await rules.entries(self.db.sunshine, actor=self.actor)
        await send_calendar(self, rules.NAME, entries)


routes = [
    Route("/api/leave/calendar", LeaveCalendar, GET=[signed_in, may("leave:self")]),
    Route(FEED, LeaveCalendarFeed, GET=[feed_reader, may("leave:self")]),
]
