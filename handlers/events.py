"""The audit trail over HTTP. Rules: sunshine/rules/events.py. Tables: models/kernel.py."""

from sunshine.rules import events as rules
from sunshine.web.guards import may, query, signed_in
from sunshine.web.handler import Handler
from sunshine.web.routes import Route


class Events(Handler):
    """What happened, who did it, before and after."""

    async def get(self) -> None:
        """A page of one database's events, the latest first; `since` goes forward."""
        database = self.db[self.query["database"]]
        self.reply_page(await rules.page(database, self.query))


routes = [Route("/api/events", Events, GET=[signed_in, may("events:read"), query(rules.SCHEMA)])]
