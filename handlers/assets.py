"""The inventory over HTTP. Rules: sunshine/rules/assets.py. Tables: models/assets.py."""

from sunshine import labels
from sunshine.rules import asset_holding, asset_tracking
from sunshine.rules import assets as rules
from sunshine.rules.asset_config import config
from sunshine.schemas.assets import (
    ASSIGN,
    CHANGE,
    CHANGE_CONFIG,
    CREATE,
    CREATE_CONFIG,
    REPORT_PLACE,
    RETURN,
)
from sunshine.web.guards import body, may, query, signed_in
from sunshine.web.handler import Handler
from sunshine.web.records import Record, Records
from sunshine.web.routes import Route


class Configs(Records):
    """Categories, locations, vendors."""

    records = config


class Config(Record):
    """One of them."""

    records = config


class Assets(Handler):
    """What the company owns."""

    async def get(self) -> None:
        """A page of what the caller may see."""
        self.reply_page(await rules.page(self.db.sunshine, self.query, actor=self.actor))

    async def post(self) -> None:
        """A new asset."""
        async with self.transaction() as tx:
            asset = await rules.create(tx, self.body)
            self.reply(asset, message="Asset created", status=201)


class Asset(Handler):
    """One asset."""

    async def get(self, asset_id: int) -> None:
        """The asset, its cost for those who may see it."""
        self.reply(await rules.find(self.db.sunshine, asset_id, actor=self.actor))

    async def put(self, asset_id: int) -> None:
        """Merge what is sent."""
        async with self.transaction() as tx:
            asset = await rules.change(tx, asset_id, self.body)
            self.reply(asset, message="Asset updated")

    async def delete(self, asset_id: int) -> None:
        """Take it out of the inventory, unless somebody holds it."""
        async with self.transaction() as tx:
            await rules.delete(tx, asset_id)
            self.reply(message="Asset deleted")


class Assignment(Handler):
    """Handing an asset out."""

    async def post(self, asset_id: int) -> None:
        """To an employee, when it is active and free."""
        async with self.transaction() as tx:
            asset = await asset_holding.assign(tx, asset_id, **self.body)
            self.reply(asset, message="Asset assigned")


class Return(Handler):
    """Taking an asset back."""

    async def post(self, asset_id: int) -> None:
        """From whoever holds it."""
        async with self.transaction() as tx:
            asset = await asset_holding.give_back(tx, asset_id, **self.body)
            self.reply(asset, message="Asset returned")


class Label(Handler):
    """A label to print."""

    async def get(self, asset_id: int) -> None:
        """The asset's code as a QR code, an SVG picture."""
        asset = await rules.find(self.db.sunshine, asset_id, actor=self.actor)
        self.set_header("Content-Type", "image/svg+xml")
        self.set_header("Content-Security-Policy", "sandbox")
        self.write(labels.svg(asset["assetCode"], asset["name"]))


class Tracking(Handler):
    """Where an asset is and has been."""

    async def get(self, asset_id: int) -> None:
        """`{asset, current {holder, location, since}, history}`."""
        self.reply(await asset_tracking.track(self.db.sunshine, asset_id, actor=self.actor))

    async def post(self, asset_id: int) -> None:
        """Somebody saw it there."""
        async with self.transaction() as tx:
            moved = await asset_tracking.report(tx, asset_id, self.body, actor=self.actor)
            self.reply(moved, message="Location recorded", status=201)


MANAGES = may("assets:manage")
HANDS_OUT = may("assets:assign", "assets:manage")
READS = may("assets:read", "assets:manage")

routes = [
    Route(
        "/api/asset-management/config",
        Configs,
        GET=[signed_in, READS, query(config.listing.schema)],
        POST=[signed_in, MANAGES, body(CREATE_CONFIG)],
    ),
    Route(
        "/api/asset-management/config/{id_}",
        Config,
        GET=[signed_in, READS],
        PUT=[signed_in, MANAGES, body(CHANGE_CONFIG)],
        DELETE=[signed_in, MANAGES],
    ),
    Route(
        "/api/asset-management/inventory",
        Assets,
        GET=[signed_in, READS, query(rules.listing.schema)],
        POST=[signed_in, MANAGES, body(CREATE)],
    ),
    Route(
        "/api/asset-management/inventory/{asset_id}",
        Asset,
        GET=[signed_in, READS],
        PUT=[signed_in, MANAGES, body(CHANGE)],
        DELETE=[signed_in, MANAGES],
    ),
    Route(
        "/api/asset-management/inventory/{asset_id}/assign",
        Assignment,
        POST=[signed_in, HANDS_OUT, body(ASSIGN)],
    ),
    Route(
        "/api/asset-management/inventory/{asset_id}/return",
        Return,
        POST=[signed_in, HANDS_OUT, body(RETURN)],
    ),
    Route(
        "/api/asset-management/inventory/{asset_id}/label.svg",
        Label,
        GET=[signed_in, READS],
    ),
    Route(
        "/api/asset-management/tracking/{asset_id}",
        Tracking,
        GET=[signed_in, READS],
        POST=[signed_in, READS, body(REPORT_PLACE)],
    ),
]
