"""Holidays over HTTP. Rules: sunshine/rules/holidays.py. Tables: models/leave.py."""

from sunshine.rules import holidays as rules
from sunshine.schemas.holidays import CHANGE, CREATE
from sunshine.web.guards import body, may, query, signed_in
from sunshine.web.handler import Handler
from sunshine.web.routes import Route


class Holidays(Handler):
    """The company's holidays."""

    async def get(self) -> None:
        """A page."""
        self.reply_page(await rules.holidays.listing.page(self.db.sunshine, self.query))

    async def post(self) -> None:
        """A new holiday."""
        async with self.transaction() as tx:
            holiday = await rules.create(tx, self.body)
            self.reply(holiday, message="Holiday created", status=201)


class Holiday(Handler):
    """One holiday."""

    async def get(self, id_: int) -> None:
        """The holiday."""
        self.reply(await rules.holidays.find(self.db.sunshine, id_))

    async def put(self, id_: int) -> None:
        """Merge what is sent."""
        async with self.transaction() as tx:
            holiday = await rules.change(tx, id_, self.body)
            self.reply(holiday, message="Holiday updated")

    async def delete(self, id_: int) -> None:
        """Remove it and all that it did."""
        async with self.transaction() as tx:
            await rules.delete(tx, id_)
            self.reply(message="Holiday deleted")


routes = [
    Route(
        "/api/leave/holidays",
        Holidays,
        GET=[signed_in, may("leave:self"), query(rules.holidays.listing.schema)],
        POST=[signed_in, may("leave:collective"), body(CREATE)],
    ),
    Route(
        "/api/leave/holidays/{id_}",
        Holiday,
        GET=[signed_in, may("leave:self")],
        PUT=[signed_in, may("leave:collective"), body(CHANGE)],
        DELETE=[signed_in, may("leave:collective")],
    ),
]
