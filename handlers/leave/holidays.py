"""Holidays over HTTP. Rules: sunshine/modules/leave/holidays.py. Tables: models/leave.py."""

from sunshine.modules.leave import holidays as rules
from sunshine.modules.leave.holidays_schemas import CHANGE, CREATE, HOLIDAY
from sunshine.web.guards import body, query, requires_permission, signed_in
from sunshine.web.handler import Handler
from sunshine.web.response_specs import conflicts, created, item, ok_message, page
from sunshine.web.routes import Route


class Holidays(Handler):
    """The company's holidays."""

    async def get(self) -> None:
        """List holidays.

        `year` and `kind` filter them.
        """
        self.reply_page(await rules.holidays.listing.page(self.db.sunshine, self.query))

    async def post(self) -> None:
        """Create a holiday.

        There is one per date. A collective holiday takes a day from everybody's annual leave,
        unless `deductsAnnual` is false. Leave taken on that day is given back.
        """
        async with self.transaction() as tx:
            holiday = await rules.create(tx, self.body)
            self.reply(holiday, message="Holiday created", status=201)


class Holiday(Handler):
    """One holiday."""

    async def get(self, id_: int) -> None:
        """Get a holiday.

        Its effects on balances are in the ledger's entries.
        """
        self.reply(await rules.holidays.find(self.db.sunshine, id_))

    async def put(self, id_: int) -> None:
        """Change a holiday.

        Its effects on leave are undone and applied again.
        """
        async with self.transaction() as tx:
            holiday = await rules.change(tx, id_, self.body)
            self.reply(holiday, message="Holiday updated")

    async def delete(self, id_: int) -> None:
        """Delete a holiday and undo its effects.

        Days that a collective holiday took are given back; leave on that day counts again.
        """
        async with self.transaction() as tx:
            await rules.delete(tx, id_)
            self.reply(message="Holiday deleted")


routes = [
    Route(
        "/api/leave/holidays",
        Holidays,
        GET=[
            signed_in,
            requires_permission("leave:self"),
            query(rules.holidays.listing.schema),
            page(HOLIDAY),
        ],
        POST=[
            signed_in,
            requires_permission("leave:collective"),
            body(CREATE),
            created(HOLIDAY),
            conflicts("holiday_date_taken"),
        ],
    ),
    Route(
        "/api/leave/holidays/{id_}",
        Holiday,
        GET=[signed_in, requires_permission("leave:self"), item(HOLIDAY)],
        PUT=[
            signed_in,
            requires_permission("leave:collective"),
            body(CHANGE),
            item(HOLIDAY),
            conflicts("holiday_date_taken"),
        ],
        DELETE=[signed_in, requires_permission("leave:collective"), ok_message],
    ),
]
