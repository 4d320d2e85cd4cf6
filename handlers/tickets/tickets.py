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
    """What answers with a ticket, or takes one."""

    filing = AttachmentSpec("ticketing", "ticket", check=check_file, notes="ticket_comment.comment")


class Tickets(TicketEndpoint):
    """The tickets that one may see, and new ones."""

    async def get(self) -> None:
        """List tickets, the latest first.

        Those one reported, solves or watches, the team's for managers, all with `tickets:agent`.
        `search` looks at numbers, titles, descriptions, and the comments one may read.
        """
        self.reply_page(await rules.page(self.db.sunshine, self.query, actor=self.actor))

    async def post(self) -> None:
        """Report a problem.

        In one's own name; agents in anybody's. The priority says when the first response and the
        solution are due, in business hours.
        """
        async with self.transaction() as tx:
            ticket = await rules.create(tx, self.body, actor=self.actor)
            self.reply(ticket, message="Ticket created", status=201)


class Ticket(TicketEndpoint):
    """One ticket."""

    async def get(self, ticket_id: int) -> None:
        """Get a ticket.

        Those one reported, solves or watches, the team's for managers, all with `tickets:agent`.
        Internal comments are neither shown nor counted to those who are no agents.
        """
        self.reply(await rules.find(self.db.sunshine, ticket_id, actor=self.actor))

    async def put(self, ticket_id: int) -> None:
        """Change a ticket.

        The reporter: title, description, category and attachments while it is open. The assignee:
        `status`, and `notes`, which becomes an internal comment. Agents everything. From open over
        in_progress and resolved to closed: other moves are 409. With `version` a change made
        meanwhile is 409.
        """
        async with self.transaction() as tx:
            ticket = await updates.change(tx, ticket_id, self.body, actor=self.actor)
            self.reply(ticket, message="Ticket updated")

    async def delete(self, ticket_id: int) -> None:
        """Delete a ticket.

        It is out of everybody's sight; row and events stay for the record.
        """
        async with self.transaction() as tx:
            await closing.delete(tx, ticket_id, actor=self.actor)
            self.reply(message="Ticket deleted")


class TicketAssignment(TicketEndpoint):
    """Who solves it."""

    async def post(self, ticket_id: int) -> None:
        """Assign a ticket.

        To an active employee, or with null to nobody.
        """
        async with self.transaction() as tx:
            ticket = await updates.change(tx, ticket_id, self.body, actor=self.actor)
            self.reply(ticket, message="Ticket assigned")


class TicketWatching(TicketEndpoint):
    """Whether one is told what happens to it."""

    async def post(self, ticket_id: int) -> None:
        """Watch a ticket.

        One sees it and is told over the socket what happens to it.
        """
        async with self.transaction() as tx:
            ticket = await watchers.watch(tx, ticket_id, actor=self.actor)
            self.reply(ticket, message="Ticket watched")

    async def delete(self, ticket_id: int) -> None:
        """Watch a ticket no more.

        Asked twice it is fine.
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
