"""Categories, locations and vendors of assets over HTTP. Rules:
sunshine/modules/assets/config.py."""

from sunshine.modules.assets.config import config
from sunshine.modules.assets.schemas import CHANGE_CONFIG, CONFIG, CREATE_CONFIG
from sunshine.web.guards import body, query, requires_permission, signed_in
from sunshine.web.records import Record, Records
from sunshine.web.response_specs import conflicts, created, item, ok_message, page
from sunshine.web.routes import Route


class Configs(Records):
    """Categories, locations, vendors.

    The categories, locations and vendors that assets name by `key`, which is unique in its kind. A
    category may say how its assets depreciate: `depreciationMonths`, `residualPercent`. An entry
    that assets use cannot be deleted: 409.
    """

    records = config


class Config(Record):
    """One category, location or vendor."""

    records = config


MANAGES = requires_permission("assets:manage")
READS = requires_permission("assets:read", "assets:manage")

routes = [
    Route(
        "/api/asset-management/config",
        Configs,
        GET=[signed_in, READS, query(config.listing.schema), page(CONFIG)],
        POST=[
            signed_in,
            MANAGES,
            body(CREATE_CONFIG),
            created(CONFIG),
            conflicts("asset_config_key_taken"),
        ],
    ),
    Route(
        "/api/asset-management/config/{id_}",
        Config,
        GET=[signed_in, READS, item(CONFIG)],
        PUT=[
            signed_in,
            MANAGES,
            body(CHANGE_CONFIG),
            item(CONFIG),
            conflicts("asset_config_key_taken"),
        ],
        DELETE=[signed_in, MANAGES, ok_message, conflicts("in_use")],
    ),
]
