"""Maintenance and reservations of assets over HTTP.

Rules: sunshine/rules/asset_maintenance.py, asset_reservations.py. Tables: models/assets.py.
"""

from sunshine.rules import asset_maintenance, asset_reservations
from sunshine.schemas.assets import CHANGE_MAINTENANCE, MAINTENANCE, RESERVE
from sunshine.web.guards import body, may, query, signed_in
from sunshine.web.handler import Handler
from sunshine.web.routes import Route


class Maintenances(Handler):
    """What was done to an asset."""

    async def get(self, asset_id: int) -> None:
        """A page, the latest first."""
        page = await asset_maintenance.page(self.db.sunshine, asset_id, self.query)
        self.reply_page(page)

    async def post(self, asset_id: int) -> None:
        """Maintenance begins, or is noted after the fact."""
        async with self.transaction() as tx:
            row = await asset_maintenance.begin(tx, asset_id, self.body)
            self.reply(row, message="Maintenance created", status=201)


class Maintenance(Handler):
    """One maintenance."""

    async def put(self, asset_id: int, maintenance_id: int) -> None:
        """Merge what is sent; `completedOn` ends it."""
        async with self.transaction() as tx:
            row = await asset_maintenance.change(tx, asset_id, maintenance_id, self.body)
            self.reply(row, message="Maintenance updated")


class Reservations(Handler):
    """Who gets an asset when."""

    async def get(self, asset_id: int) -> None:
        """A page of those the caller may see."""
        database = self.db.sunshine
        self.reply_page(
            await asset_reservations.page(database, asset_id, self.query, actor=self.actor)
        )

    async def post(self, asset_id: int) -> None:
        """Reserve it for some days."""
        async with self.transaction() as tx:
            row = await asset_reservations.reserve(tx, asset_id, self.body, actor=self.actor)
            self.reply(row, message="Asset reserved", status=201)


class Reservation(Handler):
    """One reservation."""

    async def delete(self, asset_id: int, reservation_id: int) -> None:
        """Give the days free again."""
        async with self.transaction() as tx:
            await asset_reservations.cancel(tx, asset_id, reservation_id, actor=self.actor)
            self.reply(message="Reservation cancelled")


# HR, admins and asset managers: who may hand assets out only may not write off their repair.
CARES = may("assets:manage", "assets:read:all")
RESERVES = may("assets:read", "assets:assign", "assets:manage")

routes = [
    Route(
        "/api/asset-management/inventory/{asset_id}/maintenance",
        Maintenances,
        GET=[signed_in, CARES, query(asset_maintenance.listing.schema)],
        POST=[signed_in, CARES, body(MAINTENANCE)],
    ),
    Route(
        "/api/asset-management/inventory/{asset_id}/maintenance/{maintenance_id}",
        Maintenance,
        PUT=[signed_in, CARES, body(CHANGE_MAINTENANCE)],
    ),
    Route(
        "/api/asset-management/inventory/{asset_id}/reservations",
        Reservations,
        GET=[signed_in, RESERVES, query(asset_reservations.listing.schema)],
        POST=[signed_in, RESERVES, body(RESERVE)],
    ),
    Route(
        "/api/asset-management/inventory/{asset_id}/reservations/{reservation_id}",
        Reservation,
        DELETE=[signed_in, RESERVES],
    ),
]
