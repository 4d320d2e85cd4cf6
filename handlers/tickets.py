"""Tickets over HTTP. Rules: sunshine/rules/tickets*.py. Tables: models/tickets.py."""

from sunshine.rules import tickets as rules
from sunshine.rules import tickets_change, tickets_comments, tickets_end, tickets_watch
from sunshine.rules.tickets_policy import check_file
from sunshine.schemas.tickets import ASSIGN, CHANGE, CLOSE, COMMENT, CREATE, MERGE, RATE
from sunshine.web.claims import Filed, Filing
from sunshine.web.guards import body, may, query, signed_in
from sunshine.web.handler import Handler
from sunshine.web.routes import Route


class _Tickets(Filed):
    filing = Filing("ticketing", ("attachments",), check=check_file)


class Tickets(_Tickets):
    """The tickets that one may see, and new ones."""

    async def get(self) -> None:
        """A page, the latest first."""
        self.reply_page(await rules.page(self.db.sunshine, self.query, actor=self.actor))

    async def post(self) -> None:
        """A new ticket."""
        async with self.transaction() as tx:
            ticket = await rules.create(tx, self.body, actor=self.actor)
            self.reply(ticket, message="Ticket created", status=201)


class Ticket(_Tickets):
    """One ticket."""

    async def get(self, ticket_id: int) -> None:
        """The ticket."""
        self.reply(await rules.find(self.db.sunshine, ticket_id, actor=self.actor))

    async def put(self, ticket_id: int) -> None:
        """Merge what is sent."""
        async with self.transaction() as tx:
            ticket = await tickets_change.change(tx, ticket_id, self.body, actor=self.actor)
            self.reply(ticket, message="Ticket updated")

    async def delete(self, ticket_id: int) -> None:
        """Take it out of sight."""
        async with self.transaction() as tx:
            await tickets_end.delete(tx, ticket_id, actor=self.actor)
            self.reply(message="Ticket deleted")


class TicketAssignment(_Tickets):
    """Who solves it."""

    async def post(self, ticket_id: int) -> None:
        """Somebody, or with null nobody."""
        async with self.transaction() as tx:
            ticket = await tickets_change.change(tx, ticket_id, self.body, actor=self.actor)
            self.reply(ticket, message="Ticket assigned")


class TicketClosing(_Tickets):
    """The end of a ticket."""

    async def post(self, ticket_id: int) -> None:
        """Close it, saying how it was resolved."""
        async with self.transaction() as tx:
            ticket = await tickets_end.close(tx, ticket_id, self.body, actor=self.actor)
            self.reply(ticket, message="Ticket closed")


class TicketRating(_Tickets):
    """The reporter's word on how it went."""

    async def post(self, ticket_id: int) -> None:
        """1 to 5, once."""
        async with self.transaction() as tx:
            ticket = await tickets_end.rate(tx, ticket_id, **self.body, actor=self.actor)
            self.reply(ticket, message="Thank you")


class TicketMerging(_Tickets):
    """Two tickets about one thing."""

    async def post(self, ticket_id: int) -> None:
        """Close this one as part of `into`."""
        async with self.transaction() as tx:
            ticket = await tickets_end.merge(tx, ticket_id, **self.body, actor=self.actor)
            self.reply(ticket, message="Ticket merged")


class TicketWatching(_Tickets):
    """Whether one is told what happens to it."""

    async def post(self, ticket_id: int) -> None:
        """Watch it."""
        async with self.transaction() as tx:
            ticket = await tickets_watch.watch(tx, ticket_id, actor=self.actor)
            self.reply(ticket, message="Ticket watched")

    async def delete(self, ticket_id: int) -> None:
        """Watch it no more."""
        async with self.transaction() as tx:
            await tickets_watch.unwatch(tx, ticket_id, actor=self.actor)
            self.reply(message="Ticket no longer watched")


class TicketComments(Handler):
    """The comments that one may see, and new ones."""

    async def get(self, ticket_id: int) -> None:
        """A page, the first first."""
        database = self.db.sunshine
        self.reply_page(
            await tickets_comments.page(database, ticket_id, self.query, actor=self.actor)
        )

    async def post(self, ticket_id: int) -> None:
        """Say something."""
        async with self.transaction() as tx:
            comment = await tickets_comments.add(tx, ticket_id, self.body, actor=self.actor)
            self.reply(comment, message="Comment added", status=201)


class TicketHistory(Handler):
    """What happened to a ticket, as far as one may know."""

    async def get(self, ticket_id: int) -> None:
        """A page, the first first."""
        database = self.db.sunshine
        self.reply_page(
            await tickets_comments.history(database, ticket_id, self.query, actor=self.actor)
        )


routes = [
    Route(
        "/api/tickets",
        Tickets,
        GET=[signed_in, may("tickets:read"), query(rules.LISTINGS[True].schema)],
        POST=[signed_in, may("tickets:create"), body(CREATE)],
    ),
    Route(
        "/api/tickets/{ticket_id}",
        Ticket,
        GET=[signed_in, may("tickets:read")],
        PUT=[signed_in, may("tickets:read"), body(CHANGE)],
        DELETE=[signed_in, may("tickets:delete")],
    ),
    Route(
        "/api/tickets/{ticket_id}/assign",
        TicketAssignment,
        POST=[signed_in, may("tickets:agent"), body(ASSIGN)],
    ),
    Route(
        "/api/tickets/{ticket_id}/close",
        TicketClosing,
        POST=[signed_in, may("tickets:read"), body(CLOSE)],
    ),
    Route(
        "/api/tickets/{ticket_id}/rating",
        TicketRating,
        POST=[signed_in, may("tickets:read"), body(RATE)],
    ),
    Route(
        "/api/tickets/{ticket_id}/merge",
        TicketMerging,
        POST=[signed_in, may("tickets:agent"), body(MERGE)],
    ),
    Route(
        "/api/tickets/{ticket_id}/watch",
        TicketWatching,
        POST=[signed_in, may("tickets:read")],
        DELETE=[signed_in, may("tickets:read")],
    ),
    Route(
        "/api/tickets/{ticket_id}/comments",
        TicketComments,
        GET=[signed_in, may("tickets:read"), query(tickets_comments.comments.schema)],
        POST=[signed_in, may("tickets:read"), body(COMMENT)],
    ),
    Route(
        "/api/tickets/{ticket_id}/history",
        TicketHistory,
        GET=[signed_in, may("tickets:read"), query(tickets_comments.events.schema)],
    ),
]
