"""The inventory over HTTP. Rules: sunshine/modules/assets/inventory.py. Tables:
models/assets.py."""

from sunshine.formats import qr_labels
from sunshine.modules.assets import inventory as rules
from sunshine.modules.assets.schemas import ASSET, CHANGE, CREATE
from sunshine.web.files import serving
from sunshine.web.guards import body, query, requires_permission, signed_in
from sunshine.web.handler import Handler
from sunshine.web.response_specs import conflicts, created, file, item, ok_message, page
from sunshine.web.routes import Route


class Assets(Handler):
    """What the company owns."""

    async def get(self) -> None:
        """List assets.

        What one holds oneself, the team's for managers, all for HR, admins and `assets:manage`;
        those three see the cost too.
        """
        self.reply_page(await rules.page(self.db.sunshine, self.query, actor=self.actor))

    async def post(self) -> None:
        """Create an asset.

        Code and serial number are unique among assets that are not deleted, in any case.
        `category`, `location` and `vendor` are keys of the configuration. `bookValue` falls in a
        straight line as the category says.
        """
        async with self.transaction() as tx:
            asset = await rules.create(tx, self.body)
            self.reply(asset, message="Asset created", status=201)


class Asset(Handler):
    """One asset."""

    async def get(self, asset_id: int) -> None:
        """Get an asset.

        What one holds oneself, the team's for managers, all for HR, admins and `assets:manage`;
        those three see the cost too.
        """
        self.reply(await rules.find(self.db.sunshine, asset_id, actor=self.actor))

    async def put(self, asset_id: int) -> None:
        """Change an asset.

        One that somebody holds is not retired, one in maintenance is not changed to another state:
        409.
        """
        async with self.transaction() as tx:
            asset = await rules.change(tx, asset_id, self.body)
            self.reply(asset, message="Asset updated")

    async def delete(self, asset_id: int) -> None:
        """Delete an asset.

        Unless somebody holds it: 409. Its history stays.
        """
        async with self.transaction() as tx:
            await rules.delete(tx, asset_id)
            self.reply(message="Asset deleted")


class Label(Handler):
    """A label to print."""

    async def get(self, asset_id: int) -> None:
        """Get an asset's label.

        Its code as a QR code with its name, an SVG picture to print.
        """
        asset = await rules.find(self.db.sunshine, asset_id, actor=self.actor)
        self.set_header("Content-Type", "image/svg+xml")
        self.set_header("Content-Security-Policy", serving.IMAGE)
        self.write(qr_labels.svg(asset["assetCode"], asset["name"]))


MANAGES = requires_permission("assets:manage")
READS = requires_permission("assets:read", "assets:manage")

routes = [
    Route(
        "/api/asset-management/inventory",
        Assets,
        GET=[signed_in, READS, query(rules.listing.schema), page(ASSET)],
        POST=[
            signed_in,
            MANAGES,
            body(CREATE),
            created(ASSET),
            conflicts("asset_code_taken", "serial_number_taken"),
        ],
    ),
    Route(
        "/api/asset-management/inventory/{asset_id}",
        Asset,
        GET=[signed_in, READS, item(ASSET)],
        PUT=[
            signed_in,
            MANAGES,
            body(CHANGE),
            item(ASSET),
            conflicts(
                "asset_code_taken", "serial_number_taken", "asset_assigned", "asset_in_maintenance"
            ),
        ],
        DELETE=[signed_in, MANAGES, ok_message, conflicts("asset_assigned", "in_use")],
    ),
    Route(
        "/api/asset-management/inventory/{asset_id}/label.svg",
        Label,
        GET=[signed_in, READS, file("image/svg+xml")],
    ),
]
