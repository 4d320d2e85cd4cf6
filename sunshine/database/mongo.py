"""The documents of partners in MongoDB, through Motor; no other module uses either.

The owner asked for Motor, which has not been maintained since May 2026. PyMongo's
AsyncMongoClient has the same methods: replacing Motor means changing `open`, `close` and
the ends of the cursors (`to_list`) here, and nothing elsewhere.

A content is written once, under a key of its own, and never changed; its row in PostgreSQL decides
whether it counts (docs/decisions/0020-mitra-documents.md).
"""

import asyncio
from collections.abc import (
    AsyncIterator,
    Awaitable,
    Callable,
    Collection,
    Iterable,
    Mapping,
    Sequence,
)
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from functools import partial
from itertools import islice
from typing import Any, TypeVar

import pymongo
import structlog
from bson import Int64, ObjectId
from motor.motor_asyncio import AsyncIOMotorClient, AsyncIOMotorCollection
from pymongo import ReplaceOne, WriteConcern
from pymongo.errors import PyMongoError

from sunshine.core.errors import Unavailable
from sunshine.database.documents import CODE, ContentRow, StoredContent, from_row

DATABASE = "mitra_db"  # where the address names none
COLLECTION = "documents"
# A client waits for the answer: 503 comes within 3 s.
CONNECT_MS = 1500
ANSWER_SECONDS = 2.0
# Backups and the cleanup have time.
PATIENT_SECONDS = 60.0
KEYS_AT_ONCE = 1000
CONTENTS_AT_ONCE = 50
KEPT_AS_ORPHAN = timedelta(hours=1)
DURABLE = WriteConcern(w="majority", j=True)
# MongoDB gives keys with dots and dollars a meaning.
ESCAPES = (("%", "%25"), (".", "%2E"), ("$", "%24"))
UNESCAPES = tuple((escaped, plain) for plain, escaped in reversed(ESCAPES))

log = structlog.get_logger("sunshine.mongo")
T = TypeVar("T")
Document = dict[str, Any]  # of MongoDB


class MongoDocuments:
    """Stores contents in the collection `documents` of the database that the address names."""

    def __init__(self, address: str) -> None:
        self._address = address
        self._client: AsyncIOMotorClient[Document] | None = None

    async def open(self) -> None:
        """Bind the client to the running loop. Motor connects at the first query."""
        self._client = AsyncIOMotorClient(
            self._address,
            io_loop=asyncio.get_running_loop(),
            connect=False,
            serverSelectionTimeoutMS=CONNECT_MS,
            connectTimeoutMS=CONNECT_MS,
            appname="sunshine",
        )

    async def close(self) -> None:
        """Close every connection, without waiting long for the server's answer."""
        if self._client:
            with pymongo.timeout(ANSWER_SECONDS):
                await asyncio.to_thread(self._client.delegate.close)

    async def ping(self) -> None:
        """Check that MongoDB answers and admits us; Unavailable."""
        await self._answer(lambda contents: contents.find_one({}, {"_id": 1}))

    async def keep(self, content: Mapping[str, Any]) -> StoredContent:
        """Store a new content durably: it survives the loss of a server before its row names it."""
        key = ObjectId()
        stored = {"_id": key, **content, "fields": _escaped(content["fields"])}
        await self._answer(lambda contents: contents.insert_one(stored))
        return {"fields": None, "contentKey": str(key)}

    async def fields_of(self, rows: Sequence[ContentRow]) -> list[Any]:
        """Return the fields of each row, by one query even for an empty page, which must not look
        fine while MongoDB is away. Fields written before MongoDB was in use are in their rows."""
        asked = {"_id": {"$in": [ObjectId(row["contentKey"]) for row in rows if row["contentKey"]]}}
        kept = await self._answer(lambda it: it.find(asked, {"fields": 1}).to_list(None))
        fields = {str(content["_id"]): content["fields"] for content in kept}
        return [_fields(row, fields) for row in rows]

    async def keys(self) -> AsyncIterator[list[str]]:
        """Iterate over the keys in order, reading only their index."""
        async for batch in self._batches(KEYS_AT_ONCE, {"_id": 1}):
            yield [str(content["_id"]) for content in batch]

    async def discard(self, keys: Collection[str], now: datetime) -> int:
        """Mark contents at first and remove them later: one that has just lost its row may still be
        on its way to a reader or a backup."""
        ids = {"$in": [ObjectId(key) for key in keys]}
        ended = {"_id": ids, "orphanedAt": {"$lte": now - KEPT_AS_ORPHAN}}
        unmarked, mark = {"_id": ids, "orphanedAt": None}, {"$set": {"orphanedAt": now}}
        removed = await self._answer(lambda it: it.delete_many(ended), PATIENT_SECONDS)
        await self._answer(lambda it: it.update_many(unmarked, mark), PATIENT_SECONDS)
        return removed.deleted_count

    async def dump(self) -> AsyncIterator[Document]:
        """Iterate over every content with its `key`, as JSON-compatible values.

        For a backup, after PostgreSQL's: contents named by those rows stay for an hour at least.
        """
        async for batch in self._batches(CONTENTS_AT_ONCE, {"orphanedAt": 0}):
            for content in batch:
                fields = _unescaped(content["fields"])
                yield {"key": str(content.pop("_id")), **content, "fields": fields}

    async def load(self, contents: Iterable[Document]) -> int:
        """Store contents as `dump` yields them, replacing those that exist; return how many."""
        await self.ping()
        number, left = 0, iter(contents)
        while batch := [_replacing(content) for content in islice(left, CONTENTS_AT_ONCE)]:
            await self._answer(partial(_write, batch), PATIENT_SECONDS)
            number += len(batch)
        return number

    async def _batches(self, size: int, shown: Mapping[str, int]) -> AsyncIterator[list[Document]]:
        """Iterate over all contents by key; contents added meanwhile may be included."""
        await self.ping()  # which has less patience
        after: Document = {}
        while batch := await self._answer(partial(_next, after, shown, size), PATIENT_SECONDS):
            after = {"_id": {"$gt": batch[-1]["_id"]}}
            yield batch

    async def _answer(
        self,
        ask: Callable[[AsyncIOMotorCollection[Document]], Awaitable[T]],
        seconds: float = ANSWER_SECONDS,
    ) -> T:
        """Return MongoDB's answer to `ask`; Unavailable after `seconds`.

        Motor's threads end a little earlier, so that queries waiting for one do not run out.
        """
        assert self._client, "open first"  # noqa: S101 - a fault of ours
        database = self._client.get_default_database(DATABASE)
        contents = database.get_collection(COLLECTION, write_concern=DURABLE)
        try:
            with pymongo.timeout(seconds * 0.8):
                async with asyncio.timeout(seconds):
                    return await ask(contents)
        except (PyMongoError, TimeoutError) as error:
            reason = (str(error) or "too slow").partition(" (configured timeouts")[0]
            log.warning("no answer of MongoDB", reason=reason[:200])
            raise Unavailable("Documents unavailable", code=CODE) from error


@asynccontextmanager
async def opened(address: str) -> AsyncIterator[MongoDocuments]:
    """Open the documents for the duration of a block."""
    documents = MongoDocuments(address)
    await documents.open()
    try:
        yield documents
    finally:
        await documents.close()


def _fields(row: ContentRow, kept: Mapping[str, Any]) -> Any:
    key = row["contentKey"]
    if key is None:
        return from_row(row["fields"])
    if key not in kept:
        log.error("content lost", document=row["id"], key=key)
    return _unescaped(kept.get(key))


def _next(
    after: Document, shown: Mapping[str, int], size: int, contents: AsyncIOMotorCollection[Document]
) -> Awaitable[list[Document]]:
    return contents.find(after, shown).sort("_id", 1).limit(size).to_list(size)


def _write(
    batch: list[ReplaceOne[Document]], contents: AsyncIOMotorCollection[Document]
) -> Awaitable[Any]:
    return contents.bulk_write(batch)


def _replacing(content: Document) -> ReplaceOne[Document]:
    stored = {name: value for name, value in content.items() if name != "key"}
    stored["fields"] = _escaped(content["fields"])
    return ReplaceOne({"_id": ObjectId(content["key"])}, stored, upsert=True)


def _escaped(value: Any) -> Any:
    if isinstance(value, dict):
        return {_replaced(key, ESCAPES): _escaped(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_escaped(item) for item in value]
    return value


def _unescaped(value: Any) -> Any:
    if isinstance(value, dict):
        return {_replaced(key, UNESCAPES): _unescaped(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_unescaped(item) for item in value]
    # Int64 is the driver's own kind of int, which the encoder does not know.
    return int(value) if isinstance(value, Int64) else value


def _replaced(key: str, words: tuple[tuple[str, str], ...]) -> str:
    for word, other in words:
        key = key.replace(word, other)
    return key
