"""Maintenance of assets over HTTP. Rules: sunshine/modules/assets/maintenance.py."""

from sunshine.modules.assets import maintenance as rules
from sunshine.modules.assets.schemas import CHANGE_MAINTENANCE, DONE_MAINTENANCE, MAINTENANCE
from sunshine.web.guards import body, query, requires_permission, signed_in
from sunshine.web.handler import Handler
from sunshine.web.response_specs import conflicts, created, item, page
from sunshine.web.routes import Route


class Maintenances(Handler):
    """The maintenance of an asset."""

    async def get(self, asset_id: int) -> None:
        """List an asset's maintenance, the latest first.

        For HR, admins and `assets:manage`.
        """
        page = await rules.page(self.db.sunshine, asset_id, self.query)
        self.reply_page(page)

    async def post(self, asset_id: int) -> None:
        """Begin maintenance of an asset.

        The asset is in maintenance until `completedOn`; one at a time: 409. With `completedOn` it
        is recorded after the fact.
        """
        async with self.transaction() as tx:
            row = await rules.begin(tx, asset_id, self.body)
            self.reply(row, message="Maintenance created", status=201)


class Maintenance(Handler):
    """One maintenance."""

    async def put(self, asset_id: int, maintenance_id: int) -> None:
        """Change or end maintenance.

        `completedOn` ends it, and the asset is active again.
        """
        async with self.transaction() as tx:
            row = await rules.change(tx, asset_id, maintenance_id, self.body)
            self.reply(row, message="Maintenance updated")


# HR, admins and asset managers: `assets:assign` alone does not cover repairs.
MAINTAINS = requires_permission("assets:manage", "assets:read:all")

routes = [
    Route(
        "/api/asset-management/inventory/{asset_id}/maintenance",
        Maintenances,
        GET=[signed_in, MAINTAINS, query(rules.listing.schema), page(DONE_MAINTENANCE)],
        POST=[
            signed_in,
            MAINTAINS,
            body(MAINTENANCE),
            created(DONE_MAINTENANCE),
            conflicts("asset_in_maintenance", "asset_not_active"),
        ],
    ),
    Route(
        "/api/asset-management/inventory/{asset_id}/maintenance/{maintenance_id}",
        Maintenance,
        PUT=[
            signed_in,
            MAINTAINS,
            body(CHANGE_MAINTENANCE),
            item(DONE_MAINTENANCE),
            conflicts("asset_in_maintenance", "asset_not_active"),
        ],
    ),
]
