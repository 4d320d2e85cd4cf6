"""Permits over HTTP. Rules: sunshine/rules/permit.py, permit_decide.py. Tables:
models/permit.py."""

from sunshine.rules import permit as rules
from sunshine.rules import permit_decide
from sunshine.schemas.permit import APPLY, DECIDE
from sunshine.web.guards import body, may, query, signed_in
from sunshine.web.handler import Handler
from sunshine.web.routes import Route


class PermitApplication(Handler):
    """A request for a permit."""

    async def post(self) -> None:
        """Ask for some hours of a day."""
        async with self.transaction() as tx:
            permit = await rules.apply(tx, self.body, actor=self.actor)
            self.reply(permit, message="Permit application submitted", status=201)


class Permits(Handler):
    """Permits within the caller's reach."""

    async def get(self) -> None:
        """A page, the latest first."""
        self.reply_page(await rules.page(self.db.sunshine, self.query, actor=self.actor))


class Permit(Handler):
    """One permit."""

    async def get(self, permit_id: int) -> None:
        """The permit."""
        self.reply(await rules.find(self.db.sunshine, permit_id, actor=self.actor))


class PermitQueue(Handler):
    """Permits that wait for the caller."""

    async def get(self) -> None:
        """A page, the earliest day first."""
        self.reply_page(await permit_decide.queue(self.db.sunshine, self.query, actor=self.actor))


class PermitDecision(Handler):
    """An approver's yes or no."""

    async def post(self, permit_id: int) -> None:
        """Approve or reject."""
        async with self.transaction() as tx:
            permit = await permit_decide.decide(tx, permit_id, **self.body, actor=self.actor)
            self.reply(permit, message=f"Permit {permit['status']}")


class PermitCancellation(Handler):
    """A permit withdrawn."""

    async def post(self, permit_id: int) -> None:
        """Cancel."""
        async with self.transaction() as tx:
            permit = await permit_decide.cancel(tx, permit_id, actor=self.actor)
            self.reply(permit, message="Permit cancelled")


routes = [
    Route(
        "/api/permit",
        Permits,
        GET=[signed_in, may("permit:self"), query(rules.listing.schema)],
    ),
    Route(
        "/api/permit/apply",
        PermitApplication,
        POST=[signed_in, may("permit:self"), body(APPLY)],
    ),
    Route("/api/permit/{permit_id}", Permit, GET=[signed_in, may("permit:self")]),
    Route(
        "/api/permit/{permit_id}/cancel",
        PermitCancellation,
        POST=[signed_in, may("permit:self")],
    ),
    Route(
        "/api/permit/approval",
        PermitQueue,
        GET=[signed_in, may("permit:approve"), query(rules.listing.schema)],
    ),
    Route(
        "/api/permit/approval/{permit_id}",
        PermitDecision,
        POST=[signed_in, may("permit:approve"), body(DECIDE)],
    ),
]
