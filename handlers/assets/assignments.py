"""Assigning and returning assets over HTTP. Rules: sunshine/modules/assets/assignments.py."""

from sunshine.modules.assets import assignments as rules
from sunshine.modules.assets.schemas import ASSET, ASSIGN, RETURN
from sunshine.web.guards import body, requires_permission, signed_in
from sunshine.web.handler import Handler
from sunshine.web.response_specs import conflicts, item
from sunshine.web.routes import Route


class Assignment(Handler):
    """Assigning an asset."""

    async def post(self, asset_id: int) -> None:
        """Assign an asset to an employee.

        The employee and the asset must be active, and nobody else may hold it or have reserved it
        for that day or today: 409 otherwise. Of many requests at once one succeeds.
        """
        async with self.transaction() as tx:
            asset = await rules.assign(tx, asset_id, **self.body)
            self.reply(asset, message="Asset assigned")


class Return(Handler):
    """Returning an asset."""

    async def post(self, asset_id: int) -> None:
        """Return an asset.

        Its current assignment ends; an asset that is not assigned is 409. `returnDate` is not
        before the day it was assigned.
        """
        async with self.transaction() as tx:
            asset = await rules.return_asset(tx, asset_id, **self.body)
            self.reply(asset, message="Asset returned")


ASSIGNS = requires_permission("assets:assign", "assets:manage")

routes = [
    Route(
        "/api/asset-management/inventory/{asset_id}/assign",
        Assignment,
        POST=[
            signed_in,
            ASSIGNS,
            body(ASSIGN),
            item(ASSET),
            conflicts("asset_assigned", "asset_not_active", "asset_reserved"),
        ],
    ),
    Route(
        "/api/asset-management/inventory/{asset_id}/return",
        Return,
        POST=[signed_in, ASSIGNS, body(RETURN), item(ASSET), conflicts("asset_not_assigned")],
    ),
]
