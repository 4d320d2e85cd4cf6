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
    """The company's assets."""

    async def get(self) -> None:
        """List assets.

        Employees see the assets they hold, managers those of their team; HR, admins and
        `assets:manage` see all of them, with the cost.
        """
        self.reply_page(await rules.page(self.db.sunshine, self.query, actor=self.actor))

    async def post(self) -> None:
        """Create an asset.

        Code and serial number are unique among assets that are not deleted, in any case.
        `category`, `location` and `vendor` are keys of the configuration. `bookValue` falls in a
        straight line, by the category's depreciation.
        """
        async with self.transaction() as tx:
            asset = await rules.create(tx, self.body)
            self.reply(asset, message="Asset created", status=201)


class Asset(Handler):
    """One asset."""

    async def get(self, asset_id: int) -> None:
        """Get an asset.

        Employees see the assets they hold, managers those of their team; HR, admins and
        `assets:manage` see all of them, with the cost.
        """
        self.reply(await rules.find(self.db.sunshine, asset_id, actor=self.actor))

    async def put(self, asset_id: int) -> None:
        """Change an asset.

        The status of an asset that is assigned or in maintenance cannot be changed: 409.
        """
        async with self.transaction() as tx:
            asset = await rules.change(tx, asset_id, self.body)
            self.reply(asset, message="Asset updated")

    async def delete(self, asset_id: int) -> None:
        """Delete an asset.

        An asset that is assigned, or reserved from today on, is 409. Its history stays.
        """
        async with self.transaction() as tx:
            await rules.delete(tx, asset_id)
            self.reply(message="Asset deleted")


class Label(Handler):
    """A label to print."""

    async def get(self, asset_id: int) -> None:
        """Get an asset's label.

        An SVG image to print: its code as a QR code, with its name.
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
