"""Leave balances over HTTP. Rules: sunshine/modules/leave/ledger.py. Tables: models/leave.py."""

from sunshine.modules.leave import ledger as rules
from sunshine.modules.leave.schemas import BALANCE, BALANCES_OF_YEAR, ENTRY
from sunshine.web.guards import query, requires_permission, signed_in
from sunshine.web.handler import Handler
from sunshine.web.response_specs import item, page
from sunshine.web.routes import Route


class LeaveBalance(Handler):
    """An employee's balances of a year."""

    async def get(self, employee_id: int) -> None:
        """Get an employee's balances of a year.

        Of the current year by default. `remaining` is `total` less `used`, `available` is
        `remaining` less `pending`. A balance is the sum of a ledger, never a counter.
        """
        database = self.db.sunshine
        year = self.query.get("year")
        self.reply(await rules.balance(database, employee_id, year=year, actor=self.actor))


class LeaveEntries(Handler):
    """The ledger behind an employee's balances."""

    async def get(self, employee_id: int) -> None:
        """List the ledger behind an employee's balances, the latest first.

        Days that were allocated, carried over, taken, given back or adjusted, or have expired.
        """
        self.reply_page(
            await rules.page(self.db.sunshine, employee_id, self.query, actor=self.actor)
        )


routes = [
    Route(
        "/api/leave/balance/{employee_id}",
        LeaveBalance,
        GET=[signed_in, requires_permission("leave:self"), query(BALANCE), item(BALANCES_OF_YEAR)],
    ),
    Route(
        "/api/leave/balance/{employee_id}/entries",
        LeaveEntries,
        GET=[
            signed_in,
            requires_permission("leave:self"),
            query(rules.entries.schema),
            page(ENTRY),
        ],
    ),
]
