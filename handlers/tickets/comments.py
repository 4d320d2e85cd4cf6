"""What is said about tickets, and what happened, over HTTP. Rules:
sunshine/modules/tickets/comments.py."""

from sunshine.modules.tickets import comments as rules
from sunshine.modules.tickets.schemas import COMMENT, HAPPENED, SAID
from sunshine.modules.tickets.visibility import check_file
from sunshine.web.files.attachment_spec import AttachmentSpec
from sunshine.web.files.attachments import WithAttachments
from sunshine.web.guards import body, query, requires_permission, signed_in
from sunshine.web.response_specs import conflicts, created, page
from sunshine.web.routes import Route


class TicketComments(WithAttachments):
    """The comments that one may see, and new ones."""

    filing = AttachmentSpec("ticketing", "ticket_comment", check=check_file)

    async def get(self, ticket_id: int) -> None:
        """List a ticket's comments, the first first.

        Internal ones are for agents.
        """
        database = self.db.sunshine
        self.reply_page(await rules.page(database, ticket_id, self.query, actor=self.actor))

    async def post(self, ticket_id: int) -> None:
        """Comment on a ticket.

        By reporter, assignee and agents; `internal` by agents only. The reporter's public word
        opens a resolved or closed ticket again, within 14 days. URLs of uploads in it become files
        of the ticket, which who may read the comment may open: `files`.
        """
        async with self.transaction() as tx:
            comment = await rules.add(tx, ticket_id, self.body, actor=self.actor)
            self.reply(comment, message="Comment added", status=201)


class TicketHistory(WithAttachments):
    """What happened to a ticket, as far as one may know."""

    filing = AttachmentSpec("ticketing", "ticket_comment", check=check_file, within=("comment",))

    async def get(self, ticket_id: int) -> None:
        """List what happened to a ticket, the first first.

        As far as one may know: what is internal is for agents.
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
            page(SAID),
        ],
        POST=[
            signed_in,
            requires_permission("tickets:read"),
            body(COMMENT),
            created(SAID),
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
            page(HAPPENED),
        ],
    ),
]
