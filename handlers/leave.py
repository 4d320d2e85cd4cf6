"""Leave over HTTP. Rules: sunshine/rules/leave.py, leave_decide.py, leave_ledger.py. Tables:
models/leave.py."""

from sunshine.rules import leave as rules
from sunshine.rules import leave_decide, leave_ledger
from sunshine.schemas.leave import APPLY, BALANCE, DECIDE
from sunshine.web.claims import Filed, Filing
from sunshine.web.guards import body, may, query, signed_in
from sunshine.web.handler import Handler
from sunshine.web.routes import Route


class _Leave(Filed):
    filing = Filing("employee/leave", ("documents",), check=rules.check_file)


class LeaveApplication(_Leave):
    """A request for leave."""

    async def post(self) -> None:
        """Ask for days; `warnings` say what else is on then."""
        async with self.transaction() as tx:
            leave = await rules.apply(tx, self.body, actor=self.actor)
            self.reply(leave, message="Leave application submitted", status=201)


class Leaves(_Leave):
    """Requests within the caller's reach."""

    async def get(self) -> None:
        """A page, the latest first."""
        self.reply_page(await rules.page(self.db.sunshine, self.query, actor=self.actor))


class Leave(_Leave):
    """One request."""

    async def get(self, leave_id: int) -> None:
        """The request."""
        self.reply(await rules.find(self.db.sunshine, leave_id, actor=self.actor))


class LeaveHistory(_Leave):
    """An employee's requests."""

    async def get(self, employee_id: int) -> None:
        """A page, the latest first."""
        self.reply_page(
            await rules.history(self.db.sunshine, employee_id, self.query, actor=self.actor)
        )


class LeaveBalance(Handler):
    """An employee's days of a year."""

    async def get(self, employee_id: int) -> None:
        """What there is, what is used, what is left."""
        database = self.db.sunshine
        year = self.query.get("year")
        self.reply(await leave_ledger.balance(database, employee_id, year=year, actor=self.actor))


class LeaveEntries(Handler):
    """The ledger behind an employee's balances."""

    async def get(self, employee_id: int) -> None:
        """A page, the latest first."""
        self.reply_page(
            await leave_ledger.page(self.db.sunshine, employee_id, self.query, actor=self.actor)
        )


class LeaveQueue(_Leave):
    """Requests that wait for the caller."""

    async def get(self) -> None:
        """A page, the most urgent first."""
        self.reply_page(await leave_decide.queue(self.db.sunshine, self.query, actor=self.actor))


class LeaveDecision(_Leave):
    """An approver's yes or no."""

    async def post(self, leave_id: int) -> None:
        """Approve or reject."""
        async with self.transaction() as tx:
            leave = await leave_decide.decide(tx, leave_id, **self.body, actor=self.actor)
            self.reply(leave, message=f"Leave {leave['status']}")


class LeaveCancellation(_Leave):
    """A request withdrawn."""

    async def post(self, leave_id: int) -> None:
        """Cancel; what it took comes back."""
        async with self.transaction() as tx:
            leave = await leave_decide.cancel(tx, leave_id, actor=self.actor)
            self.reply(leave, message="Leave cancelled")


routes = [
    Route(
        "/api/leave",
        Leaves,
        GET=[signed_in, may("leave:self"), query(rules.listing.schema)],
    ),
    Route(
        "/api/leave/apply",
        LeaveApplication,
        POST=[signed_in, may("leave:self"), body(APPLY)],
    ),
    Route("/api/leave/{leave_id}", Leave, GET=[signed_in, may("leave:self")]),
    Route(
        "/api/leave/{leave_id}/cancel",
        LeaveCancellation,
        POST=[signed_in, may("leave:self")],
    ),
    Route(
        "/api/leave/approval",
        LeaveQueue,
        GET=[signed_in, may("leave:approve"), query(rules.listing.schema)],
    ),
    Route(
        "/api/leave/approval/{leave_id}",
        LeaveDecision,
        POST=[signed_in, may("leave:approve"), body(DECIDE)],
    ),
    Route(
        "/api/leave/history/{employee_id}",
        LeaveHistory,
        GET=[signed_in, may("leave:self"), query(rules.listing.schema)],
    ),
    Route(
        "/api/leave/balance/{employee_id}",
        LeaveBalance,
        GET=[signed_in, may("leave:self"), query(BALANCE)],
    ),
    Route(
        "/api/leave/balance/{employee_id}/entries",
        LeaveEntries,
        GET=[signed_in, may("leave:self"), query(leave_ledger.entries.schema)],
    ),
]
