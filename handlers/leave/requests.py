"""Requests for leave over HTTP. Rules: sunshine/modules/leave/requests.py,
sunshine/modules/leave/decisions.py. Tables: models/leave.py."""

from sunshine.modules.leave import decisions
from sunshine.modules.leave import requests as rules
from sunshine.modules.leave.schemas import APPLY, DECIDE, LEAVE, WARNED
from sunshine.web.files.attachment_spec import AttachmentSpec
from sunshine.web.files.attachments import WithAttachments
from sunshine.web.guards import body, query, requires_permission, signed_in
from sunshine.web.response_specs import conflicts, created, errors, item, page
from sunshine.web.routes import Route


class _Leave(WithAttachments):
    filing = AttachmentSpec("employee/leave", "leave", check=rules.check_file)


class LeaveApplication(_Leave):
    """An application for leave."""

    async def post(self) -> None:
        """Apply for leave.

        `employeeId` defaults to the caller; HR and admins apply for others too. A request takes the
        working days of that employee, without holidays; one without any is refused with 400. One
        that overlaps leave, a permit or recorded attendance of the employee, or takes more days
        than are available, is refused with 409. Only HR and admins enter collective leave.
        `halfDay` is for single days. `warnings` list what else is on these days.
        """
        async with self.transaction() as tx:
            leave = await rules.apply(tx, self.body, actor=self.actor)
            self.reply(leave, message="Leave application submitted", status=201)


class Leaves(_Leave):
    """The requests that the caller may see."""

    async def get(self) -> None:
        """List leave, the latest first.

        Employees see their own, managers the team's, HR and admins all: with reason and documents,
        which nobody else sees. `startDate` and `endDate` find the leave that overlaps these days.
        """
        self.reply_page(await rules.page(self.db.sunshine, self.query, actor=self.actor))


class Leave(_Leave):
    """One request."""

    async def get(self, leave_id: int) -> None:
        """Get a leave request.

        Employees see their own, managers the team's, HR and admins all: with reason and documents,
        which nobody else sees.
        """
        self.reply(await rules.find(self.db.sunshine, leave_id, actor=self.actor))


class LeaveHistory(_Leave):
    """An employee's requests."""

    async def get(self, employee_id: int) -> None:
        """List an employee's leave, the latest first.

        Employees see their own, managers the team's, HR and admins all: with reason and documents,
        which nobody else sees.
        """
        self.reply_page(
            await rules.history(self.db.sunshine, employee_id, self.query, actor=self.actor)
        )


class LeaveQueue(_Leave):
    """The requests that await the caller's decision."""

    async def get(self) -> None:
        """List the leave requests that await the caller's decision, the most urgent first.

        The team's for managers, everybody's for HR and admins, never the caller's own.
        """
        self.reply_page(await decisions.queue(self.db.sunshine, self.query, actor=self.actor))


class LeaveDecision(_Leave):
    """An approver's decision."""

    async def post(self, leave_id: int) -> None:
        """Approve or reject leave.

        Managers decide for their team, HR and admins for everybody, nobody for themselves. A
        request that is not pending is refused with 409. Rejecting needs `notes`. A request that
        nobody decides by its deadline is rejected automatically.
        """
        async with self.transaction() as tx:
            leave = await decisions.decide(tx, leave_id, **self.body, actor=self.actor)
            self.reply(leave, message=f"Leave {leave['status']}")


class LeaveCancellation(_Leave):
    """The cancellation of a request."""

    async def post(self, leave_id: int) -> None:
        """Cancel leave and give its days back.

        It must be pending, or approved and not begun; else 409.
        """
        async with self.transaction() as tx:
            leave = await decisions.cancel(tx, leave_id, actor=self.actor)
            self.reply(leave, message="Leave cancelled")


routes = [
    Route(
        "/api/leave",
        Leaves,
        GET=[
            signed_in,
            requires_permission("leave:self"),
            query(rules.listing.schema),
            page(LEAVE),
            errors(404),
        ],
    ),
    Route(
        "/api/leave/apply",
        LeaveApplication,
        POST=[
            signed_in,
            requires_permission("leave:self"),
            body(APPLY),
            created(WARNED),
            errors(400, "no_working_days"),
            errors(404),
            conflicts(
                "leave_overlap",
                "permit_overlap",
                "attendance_recorded",
                "employee_inactive",
                "insufficient_balance",
            ),
        ],
    ),
    Route(
        "/api/leave/{leave_id}",
        Leave,
        GET=[signed_in, requires_permission("leave:self"), item(LEAVE)],
    ),
    Route(
        "/api/leave/{leave_id}/cancel",
        LeaveCancellation,
        POST=[
            signed_in,
            requires_permission("leave:self"),
            item(LEAVE),
            conflicts("already_decided", "leave_begun"),
        ],
    ),
    Route(
        "/api/leave/approval",
        LeaveQueue,
        GET=[
            signed_in,
            requires_permission("leave:approve"),
            query(rules.listing.schema),
            page(LEAVE),
            errors(404),
        ],
    ),
    Route(
        "/api/leave/approval/{leave_id}",
        LeaveDecision,
        POST=[
            signed_in,
            requires_permission("leave:approve"),
            body(DECIDE),
            item(WARNED),
            conflicts("already_decided", "attendance_recorded", "insufficient_balance"),
        ],
    ),
    Route(
        "/api/leave/history/{employee_id}",
        LeaveHistory,
        GET=[
            signed_in,
            requires_permission("leave:self"),
            query(rules.listing.schema),
            page(LEAVE),
        ],
    ),
]
