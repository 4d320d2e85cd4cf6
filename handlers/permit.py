"""Permits over HTTP. Rules: sunshine/modules/permit/requests.py,
sunshine/modules/permit/decisions.py. Tables: models/permit.py."""

from sunshine.modules.permit import decisions
from sunshine.modules.permit import requests as rules
from sunshine.modules.permit.schemas import APPLY, DECIDE, PERMIT
from sunshine.web.guards import body, query, requires_permission, signed_in
from sunshine.web.handler import Handler
from sunshine.web.response_specs import conflicts, created, errors, item, page
from sunshine.web.routes import Route


class PermitApplication(Handler):
    """A request for a permit."""

    async def post(self) -> None:
        """Apply for a permit: some hours of a day.

        For oneself where `employeeId` is not said. At most 8 hours, the end after the start.
        Overlap with own permits or leave is 409.
        """
        async with self.transaction() as tx:
            permit = await rules.apply(tx, self.body, actor=self.actor)
            self.reply(permit, message="Permit application submitted", status=201)


class Permits(Handler):
    """Permits within the caller's reach."""

    async def get(self) -> None:
        """List permits, the latest first.

        One's own, the team's for managers, all for HR and admins. The reason of a sick permit is
        for oneself and those who decide.
        """
        self.reply_page(await rules.page(self.db.sunshine, self.query, actor=self.actor))


class Permit(Handler):
    """One permit."""

    async def get(self, permit_id: int) -> None:
        """Get a permit.

        One's own, the team's for managers, all for HR and admins. The reason of a sick permit is
        for oneself and those who decide.
        """
        self.reply(await rules.find(self.db.sunshine, permit_id, actor=self.actor))


class PermitQueue(Handler):
    """Permits that wait for the caller."""

    async def get(self) -> None:
        """List the permits that wait for the caller, the earliest day first.

        Of the team for managers, of everybody for HR and admins, never one's own.
        """
        self.reply_page(await decisions.queue(self.db.sunshine, self.query, actor=self.actor))


class PermitDecision(Handler):
    """An approver's yes or no."""

    async def post(self, permit_id: int) -> None:
        """Approve or reject a permit.

        Managers for their team, HR and admins for all, nobody their own. Only what is pending: 409.
        Rejecting needs `notes`. An approved one excuses lateness and leaving early; `official`
        counts as worked.
        """
        async with self.transaction() as tx:
            permit = await decisions.decide(tx, permit_id, **self.body, actor=self.actor)
            self.reply(permit, message=f"Permit {permit['status']}")


class PermitCancellation(Handler):
    """A permit withdrawn."""

    async def post(self, permit_id: int) -> None:
        """Cancel a permit.

        While it is pending, or approved and not begun: 409 otherwise.
        """
        async with self.transaction() as tx:
            permit = await decisions.cancel(tx, permit_id, actor=self.actor)
            self.reply(permit, message="Permit cancelled")


routes = [
    Route(
        "/api/permit",
        Permits,
        GET=[
            signed_in,
            requires_permission("permit:self"),
            query(rules.listing.schema),
            page(PERMIT),
            errors(404),
        ],
    ),
    Route(
        "/api/permit/apply",
        PermitApplication,
        POST=[
            signed_in,
            requires_permission("permit:self"),
            body(APPLY),
            created(PERMIT),
            errors(404),
            conflicts("permit_overlap", "leave_overlap", "employee_inactive"),
        ],
    ),
    Route(
        "/api/permit/{permit_id}",
        Permit,
        GET=[signed_in, requires_permission("permit:self"), item(PERMIT)],
    ),
    Route(
        "/api/permit/{permit_id}/cancel",
        PermitCancellation,
        POST=[
            signed_in,
            requires_permission("permit:self"),
            item(PERMIT),
            conflicts("already_decided", "permit_begun"),
        ],
    ),
    Route(
        "/api/permit/approval",
        PermitQueue,
        GET=[
            signed_in,
            requires_permission("permit:approve"),
            query(rules.listing.schema),
            page(PERMIT),
        ],
    ),
    Route(
        "/api/permit/approval/{permit_id}",
        PermitDecision,
        POST=[
            signed_in,
            requires_permission("permit:approve"),
            body(DECIDE),
            item(PERMIT),
            conflicts("already_decided", "leave_overlap"),
        ],
    ),
]
