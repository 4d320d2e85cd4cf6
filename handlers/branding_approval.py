"""Branding approval over HTTP. Rules: sunshine/modules/branding_approval/requests.py,
sunshine/modules/branding_approval/reviews.py.

Tables: models/branding_approval.py.
"""

from sunshine.modules.branding_approval import requests as rules
from sunshine.modules.branding_approval import reviews
from sunshine.modules.branding_approval.schemas import LISTED, REQUEST, REVIEW, REVISE, SUBMIT
from sunshine.web.files.attachment_spec import AttachmentSpec
from sunshine.web.files.attachments import WithAttachments
from sunshine.web.guards import body, query, requires_permission, signed_in
from sunshine.web.response_specs import conflicts, created, item, page
from sunshine.web.routes import Route


class _Branding(WithAttachments):
    filing = AttachmentSpec(
        "branding-approval", "branding_revision", within=("history",), check=rules.check_file
    )


class BrandingRequests(_Branding):
    """Requests for approval."""

    async def get(self) -> None:
        """List requests for approval.

        Those that the caller submitted or is an approver of; all with `branding:manage`.
        `awaiting=true` lists those that await the caller's vote.
        """
        self.reply_page(await rules.page(self.db.sunshine, self.query, actor=self.actor))

    async def post(self) -> None:
        """Ask for approval of a design.

        `requestedBy` defaults to the caller. Approvers are employees with an active account other
        than the requester. With `mode` `all` (the default) all of them must approve, with `any` one
        is enough.
        """
        async with self.transaction() as tx:
            request = await rules.submit(tx, self.body, actor=self.actor)
            self.reply(request, message="Submitted for approval", status=201)


class BrandingRequest(_Branding):
    """One request, with all its revisions and votes."""

    async def get(self, request_id: int) -> None:
        """Get a request for approval.

        With all its revisions and their votes.
        """
        self.reply(await rules.find(self.db.sunshine, request_id, actor=self.actor))

    async def put(self, request_id: int) -> None:
        """Submit the next revision.

        Only the requester may, after a revision was requested: 409 `no_revision_requested`
        otherwise. The request is pending again and all approvers vote again; earlier votes stay in
        the history.
        """
        async with self.transaction() as tx:
            request = await reviews.revise(tx, request_id, self.body, actor=self.actor)
            self.reply(request, message="Revision submitted for approval")


class BrandingReview(_Branding):
    """An approver's vote."""

    async def post(self, request_id: int) -> None:
        """Vote on a request.

        Once per approver and revision, never on your own request. One `reject` ends it.
        `request_revision` needs `revisionNotes`. An admin may override the approvers, which the
        history shows. `revision` is the one that was reviewed: 409 `revised` when there is a newer
        one.
        """
        async with self.transaction() as tx:
            request = await reviews.review(tx, request_id, self.body, actor=self.actor)
            self.reply(request, message="Review recorded")


routes = [
    Route(
        "/api/branding-approval",
        BrandingRequests,
        GET=[
            signed_in,
            requires_permission("branding:submit"),
            query(rules.listing.schema),
            page(LISTED),
        ],
        POST=[signed_in, requires_permission("branding:submit"), body(SUBMIT), created(REQUEST)],
    ),
    Route(
        "/api/branding-approval/{request_id}",
        BrandingRequest,
        GET=[signed_in, requires_permission("branding:submit"), item(REQUEST)],
        PUT=[
            signed_in,
            requires_permission("branding:submit"),
            body(REVISE),
            item(REQUEST),
            conflicts("no_revision_requested"),
        ],
    ),
    Route(
        "/api/branding-approval/{request_id}/review",
        BrandingReview,
        POST=[
            signed_in,
            requires_permission("branding:submit"),
            body(REVIEW),
            item(REQUEST),
            conflicts("already_decided", "already_reviewed", "revised"),
        ],
    ),
]
