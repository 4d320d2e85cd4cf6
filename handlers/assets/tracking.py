"""Tracking assets over HTTP. Rules: sunshine/modules/assets/tracking.py."""

from sunshine.modules.assets import tracking as rules
from sunshine.modules.assets.schemas import PLACE, REPORT_PLACE, TRACKING
from sunshine.web.guards import body, requires_permission, signed_in
from sunshine.web.handler import Handler
from sunshine.web.response_specs import created, item
from sunshine.web.routes import Route


class Tracking(Handler):
    """Where an asset is and has been."""

    async def get(self, asset_id: int) -> None:
        """Track an asset.

        Its holder and location, since when, and its history, the latest first.
        """
        self.reply(await rules.track(self.db.sunshine, asset_id, actor=self.actor))

    async def post(self, asset_id: int) -> None:
        """Report where an asset is.

        Its holder does, or those who see all assets. A location of the configuration, or
        coordinates; `timestamp` is now by default.
        """
        async with self.transaction() as tx:
            moved = await rules.report(tx, asset_id, self.body, actor=self.actor)
            self.reply(moved, message="Location recorded", status=201)


READS = requires_permission("assets:read", "assets:manage")

routes = [
    Route(
        "/api/asset-management/tracking/{asset_id}",
        Tracking,
        GET=[signed_in, READS, item(TRACKING)],
        POST=[signed_in, READS, body(REPORT_PLACE), created(PLACE)],
    ),
]
