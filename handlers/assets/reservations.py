"""Reservations of assets over HTTP. Rules: sunshine/modules/assets/reservations.py."""

from sunshine.modules.assets import reservations as rules
from sunshine.modules.assets.schemas import RESERVATION, RESERVE
from sunshine.web.guards import body, query, requires_permission, signed_in
from sunshine.web.handler import Handler
from sunshine.web.response_specs import conflicts, created, ok_message, page
from sunshine.web.routes import Route


class Reservations(Handler):
    """The reservations of an asset."""

    async def get(self, asset_id: int) -> None:
        """List an asset's reservations.

        Employees see their own, managers their team's, those who assign assets all of them.
        """
        database = self.db.sunshine
        self.reply_page(await rules.page(database, asset_id, self.query, actor=self.actor))

    async def post(self, asset_id: int) -> None:
        """Reserve an asset.

        For oneself, unless `employeeId` names somebody else. Reservations of one asset cannot
        overlap: 409.
        """
        async with self.transaction() as tx:
            row = await rules.reserve(tx, asset_id, self.body, actor=self.actor)
            self.reply(row, message="Asset reserved", status=201)


class Reservation(Handler):
    """One reservation."""

    async def delete(self, asset_id: int, reservation_id: int) -> None:
        """Cancel a reservation.

        One's own, or any by those who assign assets.
        """
        async with self.transaction() as tx:
            await rules.cancel(tx, asset_id, reservation_id, actor=self.actor)
            self.reply(message="Reservation cancelled")


RESERVES = requires_permission("assets:read", "assets:assign", "assets:manage")

routes = [
    Route(
        "/api/asset-management/inventory/{asset_id}/reservations",
        Reservations,
        GET=[signed_in, RESERVES, query(rules.listing.schema), page(RESERVATION)],
        POST=[
            signed_in,
            RESERVES,
            body(RESERVE),
            created(RESERVATION),
            conflicts("asset_not_active", "asset_reserved"),
        ],
    ),
    Route(
        "/api/asset-management/inventory/{asset_id}/reservations/{reservation_id}",
        Reservation,
        DELETE=[signed_in, RESERVES, ok_message],
    ),
]
