"""How tickets end, over HTTP. Rules: sunshine/modules/tickets/closing.py."""

from handlers.tickets.tickets import TicketEndpoint
from sunshine.modules.tickets import closing as rules
from sunshine.modules.tickets.schemas import CLOSE, MERGE, RATE, TICKET
from sunshine.web.guards import body, requires_permission, signed_in
from sunshine.web.response_specs import conflicts, item
from sunshine.web.routes import Route


class TicketClosing(TicketEndpoint):
    """The end of a ticket."""

    async def post(self, ticket_id: int) -> None:
        """Close a ticket.

        By reporter, assignee or agents, saying how it was resolved. `satisfaction` counts from the
        reporter only: 403 from others. Closed already is 409.
        """
        async with self.transaction() as tx:
            ticket = await rules.close(tx, ticket_id, self.body, actor=self.actor)
            self.reply(ticket, message="Ticket closed")


class TicketRating(TicketEndpoint):
    """The reporter's word on how it went."""

    async def post(self, ticket_id: int) -> None:
        """Rate how a ticket went.

        1 to 5 by its reporter, once, when it is resolved or closed.
        """
        async with self.transaction() as tx:
            ticket = await rules.rate(tx, ticket_id, **self.body, actor=self.actor)
            self.reply(ticket, message="Thank you")


class TicketMerging(TicketEndpoint):
    """Two tickets about one thing."""

    async def post(self, ticket_id: int) -> None:
        """Merge a ticket into another one.

        It is closed; what was said stays where it was said, and its reporter and watchers watch the
        other one.
        """
        async with self.transaction() as tx:
            ticket = await rules.merge(tx, ticket_id, **self.body, actor=self.actor)
            self.reply(ticket, message="Ticket merged")


routes = [
    Route(
        "/api/tickets/{ticket_id}/close",
        TicketClosing,
        POST=[
            signed_in,
            requires_permission("tickets:read"),
            body(CLOSE),
            item(TICKET),
            conflicts("already_closed", "ticket_merged"),
        ],
    ),
    Route(
        "/api/tickets/{ticket_id}/rating",
        TicketRating,
        POST=[
            signed_in,
            requires_permission("tickets:read"),
            body(RATE),
            item(TICKET),
            conflicts("already_rated", "not_resolved", "ticket_merged"),
        ],
    ),
    Route(
        "/api/tickets/{ticket_id}/merge",
        TicketMerging,
        POST=[
            signed_in,
            requires_permission("tickets:agent"),
            body(MERGE),
            item(TICKET),
            conflicts("ticket_merged", "into_closed"),
        ],
    ),
]
