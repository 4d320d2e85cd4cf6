"""The comments and the history of tickets over HTTP. Rules:
sunshine/modules/tickets/comments.py."""

from sunshine.modules.tickets import comments as rules
from sunshine.modules.tickets.schemas import COMMENT, TICKET_COMMENT, TICKET_EVENT
from sunshine.modules.tickets.visibility import check_file
from sunshine.web.files.attachment_spec import AttachmentSpec
from sunshine.web.files.attachments import WithAttachments
from sunshine.web.guards import body, query, requires_permission, signed_in
from sunshine.web.response_specs import conflicts, created, page
from sunshine.web.routes import Route


class TicketComments(WithAttachments):
    """The comments that the caller may see, and new ones."""

    filing = AttachmentSpec("ticketing", "ticket_comment", check=check_file)

    async def get(self, ticket_id: int) -> None:
        """List a ticket's comments, oldest first.

        Internal comments are for agents.
        """
        database = self.db.sunshine
        self.reply_page(await rules.page(database, ticket_id, self.query, actor=self.actor))

    async def post(self, ticket_id: int) -> None:
        """Comment on a ticket.

        The reporter, the assignee and agents comment; `internal` is for agents only. A public
        comment of the reporter reopens a resolved or closed ticket within 14 days. URLs of uploads
        in the text become files of the ticket, listed in `files`, for everybody who may read the
        comment.
        """
        async with self.transaction() as tx:
            comment = await rules.add(tx, ticket_id, self.body, actor=self.actor)
            self.reply(comment, message="Comment added", status=201)


class TicketHistory(WithAttachments):
    """The events of a ticket that the caller may see."""

    filing = AttachmentSpec("ticketing", "ticket_comment", check=check_file, within=("comment",))

    async def get(self, ticket_id: int) -> None:
        """List the events of a ticket, oldest first.

        Internal comments and events are for agents.
        """
        database = self.db.sunshine
        self.reply_page(await rules.history(database, ticket_id, self.query, actor=self.actor))


routes = [
    Route(
        "/api/tickets/{ticket_id}/comments",
        TicketComments,
        GET=[
            signed_in,
            requires_permission("tickets:read"),
            query(rules.comments.schema),
            page(TICKET_COMMENT),
        ],
        POST=[
            signed_in,
            requires_permission("tickets:read"),
            body(COMMENT),
            created(TICKET_COMMENT),
            conflicts("ticket_merged"),
        ],
    ),
    Route(
        "/api/tickets/{ticket_id}/history",
        TicketHistory,
        GET=[
            signed_in,
            requires_permission("tickets:read"),
            query(rules.events.schema),
            page(TICKET_EVENT),
        ],
    ),
]
