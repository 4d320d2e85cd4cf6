"""The cleanup of documents' contents in MongoDB. Tables: models/mitra.py."""

from datetime import datetime

from sqlalchemy import Text, any_, bindparam, select
from sqlalchemy.dialects.postgresql import ARRAY

from models.mitra import partner_document
from sunshine.database.database import Databases
from sunshine.database.statements import Statement
from sunshine.modules.mitra.rows import ContentKeyRow

_key = partner_document.c.content_key
_USED_KEYS = Statement(
    select(_key.label("key")).where(_key == any_(bindparam("keys", type_=ARRAY(Text)))),
    ContentKeyRow,
)


async def sweep(databases: Databases, now: datetime) -> dict[str, int]:
    """Remove contents that no row has named for an hour; return how many, as `contents`.

    They are those of former versions, and of changes that were never committed.
    """
    removed = 0
    async for keys in databases.documents.keys():
        used = {row["key"] for row in await databases["mitra"].all(_USED_KEYS, keys=keys)}
        if orphans := set(keys) - used:
            removed += await databases.documents.discard(orphans, now)
    return {"contents": removed}
