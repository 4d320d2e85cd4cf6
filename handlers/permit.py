"""Permits over HTTP. Rules: sunshine/modules/permit. Tables: models/permit.py."""

from sunshine.modules.permit import decisions
from sunshine.modules.permit import requests as rules
from sunshine.modules.permit.schemas import APPLY, DECIDE, PERMIT
from sunshine.web.guards import body, query, requires_permission, signed_in
from sunshine.web.handler import Handler
from sunshine.web.response_specs import conflicts, created, errors, item, page
from sunshine.web.routes import Route


class PermitApplication(Handler):
    """An application for a permit."""

    async def post(self) -> None:
        """Apply for a permit: some hours of a day.

        `employeeId` defaults to the caller; HR and admins apply for others too. A permit lasts at
        most 8 hours and ends after it starts. One that overlaps a permit or leave of the same
        employee is refused with 409.
        """
        async with self.transaction() as tx:
            permit = await rules.apply(tx, self.body, actor=self.actor)
            self.reply(permit, message="Permit application submitted", status=201)


class Permits(Handler):
    """The permits that the caller may see."""

    async def get(self) -> None:
        """List permits, the latest first.

        Employees see their own, managers the team's, HR and admins all: with the reason, of a sick
        permit too, which nobody else sees.
        """
        self.reply_page(await rules.page(self.db.sunshine, self.query, actor=self.actor))


class Permit(Handler):
    """One permit."""

    async def get(self, permit_id: int) -> None:
        """Get a permit.

        Employees see their own, managers the team's, HR and admins all: with the reason, of a sick
        permit too, which nobody else sees.
        """
        self.reply(await rules.find(self.db.sunshine, permit_id, actor=self.actor))


class PermitQueue(Handler):
    """The permits that await the caller's decision."""

    async def get(self) -> None:
        """List the permits that await the caller's decision, the earliest day first.

        The team's for managers, everybody's for HR and admins, never the caller's own.
        """
        self.reply_page(await decisions.queue(self.db.sunshine, self.query, actor=self.actor))


class PermitDecision(Handler):
    """An approver's decision."""

    async def post(self, permit_id: int) -> None:
        """Approve or reject a permit.

        Managers decide for their team, HR and admins for everybody, nobody for themselves. A permit
        that is not pending is refused with 409. Rejecting needs `notes`. An approved permit excuses
        lateness and leaving early; an `official` one counts as worked.
        """
        async with self.transaction() as tx:
            permit = await decisions.decide(tx, permit_id, **self.body, actor=self.actor)
            self.reply(permit, message=f"Permit {permit['status']}")


class PermitCancellation(Handler):
    """The cancellation of a permit."""

    async def post(self, permit_id: int) -> None:
        """Cancel a permit.

        It must be pending, or approved and not begun; else 409.
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
