"""The audit trail over HTTP. Rules: sunshine/modules/users/audit_trail.py. Tables:
models/kernel.py."""

from sunshine.modules.users import audit_trail as rules
from sunshine.modules.users.events_schemas import EVENT
from sunshine.web.guards import query, requires_permission, signed_in
from sunshine.web.handler import Handler
from sunshine.web.response_specs import page
from sunshine.web.routes import Route


class Events(Handler):
    """What happened, who did it, before and after."""

    async def get(self) -> None:
        """Read the audit trail, the latest first.

        It is that of one database: who did what, when, and the row before and after. `since` takes
        the `seq` of an event and lists the events after it, oldest first, without gaps or repeats.
        """
        database = self.db[self.query["database"]]
        self.reply_page(await rules.page(database, self.query))


routes = [
    Route(
        "/api/events",
        Events,
        GET=[signed_in, requires_permission("events:read"), query(rules.SCHEMA), page(EVENT)],
    )
]
