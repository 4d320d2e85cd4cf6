"""Reservations of assets over HTTP. Rules: sunshine/rules/asset_reservations.py."""

from sunshine.rules import asset_reservations as rules
from sunshine.schemas.assets import RESERVE
from sunshine.web.guards import body, may, query, signed_in
from sunshine.web.handler import Handler
from sunshine.web.routes import Route


class Reservations(Handler):
    """Who gets an asset when."""

    async def get(self, asset_id: int) -> None:
        """A page of those the caller may see."""
        database = self.db.sunshine
        self.reply_page(await rules.page(database, asset_id, self.query, actor=self.actor))

    async def post(self, asset_id: int) -> None:
        """Reserve it for some days."""
        async with self.transaction() as tx:
            row = await rules.reserve(tx, asset_id, self.body, actor=self.actor)
            self.reply(row, message="Asset reserved", status=201)


class Reservation(Handler):
    """One reservation."""

    async def delete(self, asset_id: int, reservation_id: int) -> None:
        """Give the days free again."""
        async with self.transaction() as tx:
            await rules.cancel(tx, asset_id, reservation_id, actor=self.actor)
            self.reply(message="Reservation cancelled")


RESERVES = may("assets:read", "assets:assign", "assets:manage")

routes = [
    Route(
        "/api/asset-management/inventory/{asset_id}/reservations",
        Reservations,
        GET=[signed_in, RESERVES, query(rules.listing.schema)],
        POST=[signed_in, RESERVES, body(RESERVE)],
    ),
    Route(
        "/api/asset-management/inventory/{asset_id}/reservations/{reservation_id}",
        Reservation,
        DELETE=[signed_in, RESERVES],
    ),
]
