"""The audit trail as a list: what happened, who did it, the row before and after.

Transactions write it: sunshine/database/database.py.
"""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import bindparam, select

from models import DATABASES, kernel
from sunshine.database.database import Database
from sunshine.database.event_log import Cursor, EventRow, after_cursor, columns, settled
from sunshine.database.pages import ListQuery, Page
from sunshine.modules.users.events_schemas import FILTERS
from sunshine.modules.users.rows import EventEntry


def _listing(database: str) -> ListQuery[EventRow]:
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
        row=EventRow,
    )


_LISTINGS = {name: _listing(name) for name in DATABASES}
# The events after a cursor, in the order of delivery, up to the first that an earlier one may still
# precede.
_AFTER = {name: (after_cursor(name), settled(name)) for name in DATABASES}
SCHEMA = _LISTINGS["sunshine"].schema


async def page(database: Database, query: Mapping[str, Any]) -> Page[EventEntry]:
    """Return a page of events, the latest first; with `since` those after that cursor, oldest
    first. Invalid for a cursor that is none."""
    listing = _LISTINGS[database.name]
    if "since" in query:
        cursor = Cursor.parse(query["since"])
        ordered = {**query, "sort": "seq"}
        found = await listing.page(
            database, ordered, where=_AFTER[database.name], **cursor._asdict()
        )
    else:
        found = await listing.page(database, query)
    return found.with_rows([_entry(row) for row in found.rows])


def _entry(row: EventRow) -> EventEntry:
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
