"""The log of each asset, appended by every change. Read by tracking.py."""

from typing import Any

from sqlalchemy import bindparam, insert

from models.assets import asset_history
from sunshine.database.database import Transaction
from sunshine.database.statements import Statement

_COLUMNS = ("at", "employee_id", "location_id", "latitude", "longitude", "notes")
_APPEND = Statement(
    insert(asset_history).values(
        asset_id=bindparam("asset"),
        what=bindparam("what"),
        actor=bindparam("by"),
        **{name: bindparam(name, type_=asset_history.c[name].type) for name in _COLUMNS},
    )
)


async def append_history(tx: Transaction, asset_id: int, what: str, **details: Any) -> None:
    """Append a line to an asset's history, in the name of the transaction's actor."""
    values = dict.fromkeys(_COLUMNS) | {"at": tx.now} | details
    await tx.execute(_APPEND, asset=asset_id, what=what, by=tx.actor.name, **values)
