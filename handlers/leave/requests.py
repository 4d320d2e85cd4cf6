"""Leave over HTTP. Rules: sunshine/modules/leave/requests.py, sunshine/modules/leave/decisions.py.
Tables: models/leave.py."""

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
    """A request for leave."""

    async def post(self) -> None:
        """Apply for leave.

        For oneself where `employeeId` is not said. Working days of that employee without holidays
        are taken; none is 400. Overlap with own leave or recorded attendance, and more than is
        available, is 409. Collective leave is for HR and admins. `halfDay` is for single days.
        `warnings` say what else is on then.
        """
        async with self.transaction() as tx:
            leave = await rules.apply(tx, self.body, actor=self.actor)
            self.reply(leave, message="Leave application submitted", status=201)


class Leaves(_Leave):
    """Requests within the caller's reach."""

    async def get(self) -> None:
        """List leave, the latest first.

        One's own, the team's for managers, all for HR and admins. Reason and documents are for
        oneself and those who decide. `startDate` and `endDate` find what touches these days.
        """
        self.reply_page(await rules.page(self.db.sunshine, self.query, actor=self.actor))


class Leave(_Leave):
    """One request."""

    async def get(self, leave_id: int) -> None:
        """Get a leave request.

        One's own, the team's for managers, all for HR and admins. Reason and documents are for
        oneself and those who decide.
        """
        self.reply(await rules.find(self.db.sunshine, leave_id, actor=self.actor))


class LeaveHistory(_Leave):
    """An employee's requests."""

    async def get(self, employee_id: int) -> None:
        """List an employee's leave, the latest first.

        One's own, the team's for managers, all for HR and admins. Reason and documents are for
        oneself and those who decide.
        """
        self.reply_page(
            await rules.history(self.db.sunshine, employee_id, self.query, actor=self.actor)
        )


class LeaveQueue(_Leave):
    """Requests that wait for the caller."""

    async def get(self) -> None:
        """List the leave requests that wait for the caller, the most urgent first.

        Of the team for managers, of everybody for HR and admins, never one's own.
        """
        self.reply_page(await decisions.queue(self.db.sunshine, self.query, actor=self.actor))


class LeaveDecision(_Leave):
    """An approver's yes or no."""

    async def post(self, leave_id: int) -> None:
        """Approve or reject leave.

        Managers for their team, HR and admins for all, nobody their own. Only what is pending: 409.
        Rejecting needs `notes`. What nobody decides by the deadline is rejected by itself.
        """
        async with self.transaction() as tx:
            leave = await decisions.decide(tx, leave_id, **self.body, actor=self.actor)
            self.reply(leave, message=f"Leave {leave['status']}")


class LeaveCancellation(_Leave):
    """A request withdrawn."""

    async def post(self, leave_id: int) -> None:
        """Cancel leave; what it took comes back.

        While it is pending, or approved and not begun: 409 otherwise.
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
