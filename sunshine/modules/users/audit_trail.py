"""The audit trail, read: what happened, who did it, before and after. Written by
sunshine/database/database.py."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from sqlalchemy import bindparam, select

from models import DATABASES, kernel
from sunshine.database.database import Database
from sunshine.database.event_log import Cursor, after_cursor, columns, settled
from sunshine.database.pages import ListQuery, Page
from sunshine.database.statements import Row
from sunshine.modules.users.events_schemas import FILTERS


def _listing(database: str) -> ListQuery:
    e = kernel.event[database].c
    return ListQuery(
        select(*columns(database)),
        key=e.id,
        schema=FILTERS,
        filters={
            "type": e.type == bindparam("type"),
            "entity": e.entity == bindparam("entity"),
            "entityId": e.entity_id == bindparam("entityId"),
            "actorId": e.actor_id == bindparam("actorId"),
        },
        sort={"at": e.at, "seq": e.xid},
        default_sort="-id",
    )


_LISTINGS = {name: _listing(name) for name in DATABASES}
# What follows a cursor: in the order of delivery, and nothing that could still be preceded.
_AFTER = {name: (after_cursor(name), settled(name)) for name in DATABASES}
SCHEMA = _LISTINGS["sunshine"].schema


async def page(database: Database, query: Mapping[str, Any]) -> Page:
    """Events, the latest first; with `since`, those after that cursor, oldest first."""
    listing = _LISTINGS[database.name]
    if "since" in query:
        cursor = Cursor.parse(query["since"])
        ordered = {**query, "sort": "seq"}
        found = await listing.page(
            database, ordered, where=_AFTER[database.name], **cursor._asdict()
        )
    else:
        found = await listing.page(database, query)
    return replace(found, rows=[_shown(row) for row in found.rows])


def _shown(row: Row) -> Row:
    return {
        "seq": str(Cursor(row["xid"], row["id"])),
        "at": row["at"],
        "type": row["type"],
        "entity": row["entity"],
        "entityId": row["entity_id"],
        "actor": {"type": row["actor_type"], "id": row["actor_id"], "name": row["actor_name"]},
        "requestId": row["request_id"],
        "before": row["before"],
        "after": row["after"],
    }
