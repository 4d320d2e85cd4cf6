"""Branding approval over HTTP. Rules: sunshine/rules/branding_approval.py, branding_review.py.

Tables: models/branding_approval.py.
"""

from sunshine.rules import branding_approval as rules
from sunshine.rules import branding_review
from sunshine.schemas.branding_approval import REVIEW, REVISE, SUBMIT
from sunshine.web.claims import Filed, Filing
from sunshine.web.guards import body, may, query, signed_in
from sunshine.web.routes import Route


class _Branding(Filed):
    filing = Filing("branding-approval", ("files",), within=("history",), check=rules.check_file)


class BrandingRequests(_Branding):
    """Requests for approval."""

    async def get(self) -> None:
        """A page of those the caller may see; `awaiting=true` is their queue."""
        self.reply_page(await rules.page(self.db.sunshine, self.query, actor=self.actor))

    async def post(self) -> None:
        """Ask for approval."""
        async with self.transaction() as tx:
            request = await rules.submit(tx, self.body, actor=self.actor)
            self.reply(request, message="Submitted for approval", status=201)


class BrandingRequest(_Branding):
    """One request, with all its revisions and votes."""

    async def get(self, request_id: int) -> None:
        """The request."""
        self.reply(await rules.find(self.db.sunshine, request_id, actor=self.actor))

    async def put(self, request_id: int) -> None:
        """The next revision, after one was requested."""
        async with self.transaction() as tx:
            request = await branding_review.revise(tx, request_id, self.body, actor=self.actor)
            self.reply(request, message="Revision submitted for approval")


class BrandingReview(_Branding):
    """An approver's vote."""

    async def post(self, request_id: int) -> None:
        """Approve, reject or request a revision."""
        async with self.transaction() as tx:
            request = await branding_review.review(tx, request_id, self.body, actor=self.actor)
            self.reply(request, message="Review recorded")


routes = [
    Route(
        "/api/branding-approval",
        BrandingRequests,
        GET=[signed_in, may("branding:submit"), query(rules.listing.schema)],
        POST=[signed_in, may("branding:submit"), body(SUBMIT)],
    ),
    Route(
        "/api/branding-approval/{request_id}",
        BrandingRequest,
        GET=[signed_in, may("branding:submit")],
        PUT=[signed_in, may("branding:submit"), body(REVISE)],
    ),
    Route(
        "/api/branding-approval/{request_id}/review",
        BrandingReview,
        POST=[signed_in, may("branding:submit"), body(REVIEW)],
    ),
]
