"""The leave calendar over HTTP. Rules: sunshine/modules/leave/calendar_feed.py."""

from sunshine.modules.leave import calendar_feed as rules
from sunshine.modules.leave.schemas import FEED
from sunshine.web.calendar_feeds import send_calendar
from sunshine.web.guards import feed_reader, requires_permission, signed_in
from sunshine.web.handler import Handler
from sunshine.web.response_specs import file, item, not_modified
from sunshine.web.routes import Route

PATH = "/api/leave/calendar.ics"


class LeaveCalendar(Handler):
    """The URL of the caller's leave calendar."""

    async def get(self) -> None:
        """Get the URL of the caller's leave calendar.

        Calendar programs subscribe to it. Anybody who has the URL can read the feed: it is as
        secret as a password, and a change of password ends it.
        """
        self.reply({"url": self.application.feeds.url(PATH, self.actor)})


class LeaveCalendarFeed(Handler):
    """The feed that calendar programs read."""

    deadline = 60.0

    async def get(self) -> None:
        """Read the leave calendar.

        Holidays and the approved leave that its owner may see, as iCalendar. Needs the token in the
        feed's URL, or signing in.
        """
        entries = await rules.entries(self.db.sunshine, actor=self.actor)
        await send_calendar(self, rules.NAME, entries)


routes = [
    Route(
        "/api/leave/calendar",
        LeaveCalendar,
        GET=[signed_in, requires_permission("leave:self"), item(FEED)],
    ),
    Route(
        PATH,
        LeaveCalendarFeed,
        GET=[feed_reader, requires_permission("leave:self"), file("text/calendar"), not_modified],
    ),
]
