"""What is said about tickets, and what happened to them. Rules: sunshine/rules/tickets_comments.py.

Tables: models/tickets.py.
"""

from sunshine.rules import tickets_comments as rules
from sunshine.schemas.tickets import COMMENT
from sunshine.web.guards import body, may, query, signed_in
from sunshine.web.handler import Handler
from sunshine.web.routes import Route


class TicketComments(Handler):
    """The comments that one may see, and new ones."""

    async def get(self, ticket_id: int) -> None:
        """A page, the first first."""
        database = self.db.sunshine
        self.reply_page(await rules.page(database, ticket_id, self.query, actor=self.actor))

    async def post(self, ticket_id: int) -> None:
        """Say something."""
        async with self.transaction() as tx:
            comment = await rules.add(tx, ticket_id, self.body, actor=self.actor)
            self.reply(comment, message="Comment added", status=201)


class TicketHistory(Handler):
    """What happened to a ticket, as far as one may know."""

    async def get(self, ticket_id: int) -> None:
        """A page, the first first."""
        database = self.db.sunshine
        self.reply_page(await rules.history(database, ticket_id, self.query, actor=self.actor))


routes = [
    Route(
        "/api/tickets/{ticket_id}/comments",
        TicketComments,
        GET=[signed_in, may("tickets:read"), query(rules.comments.schema)],
        POST=[signed_in, may("tickets:read"), body(COMMENT)],
    ),
    Route(
        "/api/tickets/{ticket_id}/history",
        TicketHistory,
        GET=[signed_in, may("tickets:read"), query(rules.events.schema)],
    ),
]
