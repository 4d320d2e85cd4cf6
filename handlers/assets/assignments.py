"""Who holds assets, over HTTP. Rules: sunshine/modules/assets/assignments.py."""

from sunshine.modules.assets import assignments as rules
from sunshine.modules.assets.schemas import ASSET, ASSIGN, RETURN
from sunshine.web.guards import body, requires_permission, signed_in
from sunshine.web.handler import Handler
from sunshine.web.response_specs import conflicts, item
from sunshine.web.routes import Route


class Assignment(Handler):
    """Handing an asset out."""

    async def post(self, asset_id: int) -> None:
        """Hand an asset out.

        To an active employee, when the asset is active and nobody else holds it or has reserved it
        for that day: 409 otherwise. Of many who ask at once one gets it.
        """
        async with self.transaction() as tx:
            asset = await rules.assign(tx, asset_id, **self.body)
            self.reply(asset, message="Asset assigned")


class Return(Handler):
    """Taking an asset back."""

    async def post(self, asset_id: int) -> None:
        """Take an asset back.

        From whoever holds it; nobody: 409. Not before it was handed out.
        """
        async with self.transaction() as tx:
            asset = await rules.give_back(tx, asset_id, **self.body)
            self.reply(asset, message="Asset returned")


HANDS_OUT = requires_permission("assets:assign", "assets:manage")

routes = [
    Route(
        "/api/asset-management/inventory/{asset_id}/assign",
        Assignment,
        POST=[
            signed_in,
            HANDS_OUT,
            body(ASSIGN),
            item(ASSET),
            conflicts("asset_assigned", "asset_not_active", "asset_reserved"),
        ],
    ),
    Route(
        "/api/asset-management/inventory/{asset_id}/return",
        Return,
        POST=[signed_in, HANDS_OUT, body(RETURN), item(ASSET), conflicts("asset_not_assigned")],
    ),
]
