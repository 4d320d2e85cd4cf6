"""Where the fields of partners' documents are: in their rows as JSONB, or in MongoDB (mongo.py).

The row in PostgreSQL is the truth about a document, wherever its fields are; the reasoning is in
docs/decisions/0020-mitra-documents.md. Used by sunshine/modules/mitra/documents.py.
"""

from collections.abc import AsyncIterator, Collection, Mapping
from datetime import datetime
from typing import Any, Protocol

from sunshine.core.errors import Unavailable
from sunshine.core.json import INT64

Row = dict[str, Any]

CODE = "documents_unavailable"


class Documents(Protocol):
    """Keeps what documents hold. Each method raises Unavailable, within 3 s, where it cannot."""

    async def open(self) -> None:
        """Get ready; does not wait for anybody to answer."""

    async def close(self) -> None:
        """Let go of every connection."""

    async def keep(self, content: Mapping[str, Any]) -> Row:
        """Keep a new content; what its row is to hold of it: `fields` and `contentKey`, one of them
        null. Nobody sees the content before a row with that key is committed."""

    async def fill(self, rows: Collection[Row]) -> None:
        """Give each row its `fields`, in place of `contentKey`; null where they are lost."""

    def keys(self) -> AsyncIterator[list[str]]:
        """The keys of all contents that are kept beside the rows, in batches."""

    async def discard(self, keys: Collection[str], now: datetime) -> int:
        """Contents that no row names: marked at first, removed when they were an hour ago. How many
        were removed."""


class RowDocuments:
    """The row itself keeps the fields."""

    async def open(self) -> None:
        """Nothing to open."""

    async def close(self) -> None:
        """Nothing to close."""

    async def keep(self, content: Mapping[str, Any]) -> Row:
        """The row is to hold everything."""
        return {"fields": content["fields"], "contentKey": None}

    async def fill(self, rows: Collection[Row]) -> None:
        """They are there, unless they were written while MongoDB was in use."""
        for row in rows:
            if row.pop("contentKey") is not None:
                message = f"Document {row['id']} is in MongoDB, and MONGO_MITRA is not set"
                raise Unavailable(message, code=CODE)
            row["fields"] = from_row(row["fields"])

    async def keys(self) -> AsyncIterator[list[str]]:
        """None."""
        return
        yield

    async def discard(self, keys: Collection[str], now: datetime) -> int:
        """There is nothing beside the rows."""
        return 0


def from_row(value: Any) -> Any:
    """JSONB as it was sent: PostgreSQL writes out a large double as a whole number, digit by digit.

    No whole number of more than 64 bits is let in (sunshine/core/json.py), so one is a double.
    """
    if isinstance(value, dict):
        return {key: from_row(item) for key, item in value.items()}
    if isinstance(value, list):
        return [from_row(item) for item in value]
    if isinstance(value, int) and value not in INT64:
        return float(value)
    return value
