"""Where the fields of partners' documents are: in their rows as JSONB, or in MongoDB (mongo.py).

The row in PostgreSQL decides what a document is, wherever its fields are; why:
docs/decisions/0020-mitra-documents.md. Used by sunshine/modules/mitra/documents.py.
"""

from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from datetime import datetime
from typing import Any, Protocol, TypedDict

from sunshine.core.errors import Unavailable
from sunshine.core.json import INT64

CODE = "documents_unavailable"


class StoredContent(TypedDict):
    """What a document's row holds of its content: the fields, or the key under which MongoDB has
    them; the other one is null."""

    fields: Any
    contentKey: str | None


class ContentRow(StoredContent):
    """A document's row, as far as its content is concerned."""

    id: int


class Documents(Protocol):
    """Stores the contents of documents. Each method raises Unavailable within 3 s where it cannot
    answer."""

    async def open(self) -> None:
        """Prepare for use; waits for no server."""

    async def close(self) -> None:
        """Close every connection."""

    async def keep(self, content: Mapping[str, Any]) -> StoredContent:
        """Store a new content and return what its row must hold of it.

        Nobody sees the content before a row with that key is committed.
        """

    async def fields_of(self, rows: Sequence[ContentRow]) -> list[Any]:
        """Return the fields of each row, in order; null where they are lost."""

    def keys(self) -> AsyncIterator[list[str]]:
        """Iterate over the keys of all contents stored outside the rows, in batches."""

    async def discard(self, keys: Collection[str], now: datetime) -> int:
        """Mark contents that no row names, remove those marked an hour ago; how many."""


class RowDocuments:
    """Keeps the fields in the row itself."""

    async def open(self) -> None:
        """Do nothing: there is nothing to open."""

    async def close(self) -> None:
        """Do nothing: there is nothing to close."""

    async def keep(self, content: Mapping[str, Any]) -> StoredContent:
        """Return everything: the row holds it all."""
        return {"fields": content["fields"], "contentKey": None}

    async def fields_of(self, rows: Sequence[ContentRow]) -> list[Any]:
        """Return the fields of the rows; Unavailable where one was written to MongoDB."""
        for row in rows:
            if row["contentKey"] is not None:
                message = f"Document {row['id']} is in MongoDB, and MONGO_MITRA is not set"
                raise Unavailable(message, code=CODE)
        return [from_row(row["fields"]) for row in rows]

    async def keys(self) -> AsyncIterator[list[str]]:
        """Yield nothing."""
        return
        yield

    async def discard(self, keys: Collection[str], now: datetime) -> int:
        """Remove nothing: there is nothing outside the rows."""
        return 0


def from_row(value: Any) -> Any:
    """Return a JSONB value as it was sent: PostgreSQL writes a large double as a whole number.

    No whole number of more than 64 bits is accepted (sunshine/core/json.py), so one is a double.
    """
    if isinstance(value, dict):
        return {key: from_row(item) for key, item in value.items()}
    if isinstance(value, list):
        return [from_row(item) for item in value]
    if isinstance(value, int) and value not in INT64:
        return float(value)
    return value
