"""Categories, locations and vendors of assets. Tables: models/assets.py."""

from sqlalchemy import bindparam, func, or_, select
from sqlalchemy.dialects.postgresql import insert

from models.assets import asset, asset_config
from sunshine.core.errors import Conflict, violations
from sunshine.database.database import Transaction
from sunshine.database.pages import contains
from sunshine.database.records import Records, Reference, stamped
from sunshine.database.statements import IdRow, Statement
from sunshine.modules.assets.rows import ConfigRow
from sunshine.modules.assets.schemas import CONFIG_FILTERS

violations(
    {
        "asset_config_key_key": Conflict.field(
            "key", "This kind has an entry of this key already", code="asset_config_key_taken"
        )
    }
)

config = Records(
    asset_config,
    fields={
        "kind": asset_config.c.kind,
        "key": asset_config.c.key,
        "name": asset_config.c.name,
        "attributes": asset_config.c.attributes,
        "active": asset_config.c.active,
    },
    uses=(
        Reference("asset", asset.c.category_id),
        Reference("asset", asset.c.location_id),
        Reference("asset", asset.c.vendor_id),
    ),
    schema=CONFIG_FILTERS,
    filters={
        "kind": asset_config.c.kind == bindparam("kind"),
        "active": asset_config.c.active == bindparam("active"),
        "search": contains(func.lower(asset_config.c.name)),
    },
    sort={
        "key": asset_config.c.key,
        "name": asset_config.c.name,
        "createdAt": asset_config.c.created_at,
    },
    row=ConfigRow,
)

_word = func.lower(bindparam("word"))
_FIND = Statement(
    select(asset_config.c.id)
    .where(
        asset_config.c.kind == bindparam("kind"),
        or_(func.lower(asset_config.c.key) == _word, func.lower(asset_config.c.name) == _word),
        asset_config.c.deleted_at.is_(None),
    )
    .order_by(func.lower(asset_config.c.key) == _word)
    .limit(1)
    .with_for_update(key_share=True, read=True),
    IdRow,
)
_INSERT = Statement(
    insert(asset_config)
    .values(kind=bindparam("kind"), key=bindparam("word"), name=bindparam("word"))
    .values(stamped(asset_config))
    .on_conflict_do_nothing()
    .returning(asset_config.c.id),
    IdRow,
)


async def find_id(tx: Transaction, kind: str, word: str) -> int | None:
    """Return the id of the entry with this key or name, in any case, locked against deletion."""
    found = await tx.one_or_none(_FIND, kind=kind, word=word)
    return found["id"] if found else None


async def id_of(tx: Transaction, kind: str, word: str) -> int:
    """Return the id of the entry with this key or name, creating it when there is none."""
    while True:
        id_ = await find_id(tx, kind, word)
        if id_ is not None:
            return id_
        made = await tx.one_or_none(_INSERT, kind=kind, word=word)
        if made is not None:
            id_ = made["id"]
            after = {"id": id_, "kind": kind, "key": word, "name": word}
            await tx.record("asset_config_created", "asset_config", id_, after=after)
            return id_
        # Another transaction created it and has committed: now it is found.
