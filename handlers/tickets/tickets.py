"""Tickets over HTTP. Rules: sunshine/modules/tickets. Tables: models/tickets.py."""

from sunshine.modules.tickets import closing, updates, watchers
from sunshine.modules.tickets import tickets as rules
from sunshine.modules.tickets.schemas import ASSIGN, CHANGE, CREATE, TICKET
from sunshine.modules.tickets.visibility import check_file
from sunshine.web.files.attachment_spec import AttachmentSpec
from sunshine.web.files.attachments import WithAttachments
from sunshine.web.guards import body, query, requires_permission, signed_in
from sunshine.web.response_specs import conflicts, created, item, ok_message, page
from sunshine.web.routes import Route


class TicketEndpoint(WithAttachments):
    """An endpoint whose payload or answer is a ticket."""

    filing = AttachmentSpec("ticketing", "ticket", check=check_file, notes="ticket_comment.comment")


class Tickets(TicketEndpoint):
    """The tickets that the caller may see, and new ones."""

    async def get(self) -> None:
        """List tickets, the latest first.

        Callers see the tickets that they reported, are assigned to or watch, managers those of the
        team, callers with `tickets:agent` all. `search` looks at numbers, titles, descriptions and
        the comments that the caller may read.
        """
        self.reply_page(await rules.page(self.db.sunshine, self.query, actor=self.actor))

    async def post(self) -> None:
        """Report a problem.

        Employees report in their own name, agents in anybody's. The priority decides when the first
        response and the resolution are due, in business hours.
        """
        async with self.transaction() as tx:
            ticket = await rules.create(tx, self.body, actor=self.actor)
            self.reply(ticket, message="Ticket created", status=201)


class Ticket(TicketEndpoint):
    """One ticket."""

    async def get(self, ticket_id: int) -> None:
        """Get a ticket.

        Callers see the tickets that they reported, are assigned to or watch, managers those of the
        team, callers with `tickets:agent` all. Only agents see and count internal comments.
        """
        self.reply(await rules.find(self.db.sunshine, ticket_id, actor=self.actor))

    async def put(self, ticket_id: int) -> None:
        """Change a ticket.

        The reporter changes title and description while it is open; the assignee `status`, and
        `notes`, which becomes an internal comment; agents every field. The status goes from open to
        in_progress, resolved and closed; other transitions are 409. With `version`, a change made
        meanwhile is 409.
        """
        async with self.transaction() as tx:
            ticket = await updates.change(tx, ticket_id, self.body, actor=self.actor)
            self.reply(ticket, message="Ticket updated")

    async def delete(self, ticket_id: int) -> None:
        """Delete a ticket.

        Nobody sees it any more; its row and its events stay for the audit trail.
        """
        async with self.transaction() as tx:
            await closing.delete(tx, ticket_id, actor=self.actor)
            self.reply(message="Ticket deleted")


class TicketAssignment(TicketEndpoint):
    """The employee whom a ticket is assigned to."""

    async def post(self, ticket_id: int) -> None:
        """Assign a ticket.

        It is assigned to an active employee or, with null, to nobody.
        """
        async with self.transaction() as tx:
            ticket = await updates.change(tx, ticket_id, self.body, actor=self.actor)
            self.reply(ticket, message="Ticket assigned")


class TicketWatching(TicketEndpoint):
    """Whether the caller watches a ticket."""

    async def post(self, ticket_id: int) -> None:
        """Watch a ticket.

        Watchers see the ticket, and receive its events over the socket.
        """
        async with self.transaction() as tx:
            ticket = await watchers.watch(tx, ticket_id, actor=self.actor)
            self.reply(ticket, message="Ticket watched")

    async def delete(self, ticket_id: int) -> None:
        """Stop watching a ticket.

        Repeated calls succeed.
        """
        async with self.transaction() as tx:
            await watchers.unwatch(tx, ticket_id, actor=self.actor)
            self.reply(message="Ticket no longer watched")


routes = [
    Route(
        "/api/tickets",
        Tickets,
        GET=[
            signed_in,
            requires_permission("tickets:read"),
            query(rules.LISTINGS[True].schema),
            page(TICKET),
        ],
        POST=[signed_in, requires_permission("tickets:create"), body(CREATE), created(TICKET)],
    ),
    Route(
        "/api/tickets/{ticket_id}",
        Ticket,
        GET=[signed_in, requires_permission("tickets:read"), item(TICKET)],
        PUT=[
            signed_in,
            requires_permission("tickets:read"),
            body(CHANGE),
            item(TICKET),
            conflicts(
                "changed_meanwhile", "illegal_transition", "ticket_merged", "ticket_not_open"
            ),
        ],
        DELETE=[signed_in, requires_permission("tickets:delete"), ok_message],
    ),
    Route(
        "/api/tickets/{ticket_id}/assign",
        TicketAssignment,
        POST=[
            signed_in,
            requires_permission("tickets:agent"),
            body(ASSIGN),
            item(TICKET),
            conflicts("ticket_merged"),
        ],
    ),
    Route(
        "/api/tickets/{ticket_id}/watch",
        TicketWatching,
        POST=[
            signed_in,
            requires_permission("tickets:read"),
            item(TICKET),
            conflicts("ticket_merged"),
        ],
        DELETE=[signed_in, requires_permission("tickets:read"), ok_message],
    ),
]
