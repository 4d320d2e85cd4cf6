"""The end of tickets over HTTP. Rules: sunshine/modules/tickets/closing.py."""

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

        The reporter, the assignee and agents close it, with its `resolution`. `satisfaction` is for
        the reporter only: 403 from others. A ticket that is closed already is 409.
        """
        async with self.transaction() as tx:
            ticket = await rules.close(tx, ticket_id, self.body, actor=self.actor)
            self.reply(ticket, message="Ticket closed")


class TicketRating(TicketEndpoint):
    """The reporter's rating."""

    async def post(self, ticket_id: int) -> None:
        """Rate a ticket.

        Its reporter rates it from 1 to 5, once, when it is resolved or closed.
        """
        async with self.transaction() as tx:
            ticket = await rules.rate(tx, ticket_id, **self.body, actor=self.actor)
            self.reply(ticket, message="Thank you")


class TicketMerging(TicketEndpoint):
    """The merging of two tickets about one problem."""

    async def post(self, ticket_id: int) -> None:
        """Merge a ticket into another one.

        The ticket is closed. Its comments stay where they are, and its reporter and watchers watch
        the other one.
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
