"""The documents of partners in MongoDB, through Motor; the only module that knows of either.

Motor is what the owner asked for and is maintained no more since May 2026. PyMongo's
AsyncMongoClient has the same methods: replacing it means `_connect`, `close` and the cursors' end
(`to_list`) here, and nothing elsewhere.

A content is written once, under a key of its own, and never changed: its row in PostgreSQL says
whether it counts (docs/decisions/0020-mitra-documents.md).
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Iterable, Mapping
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
from sunshine.database.documents import CODE, Row, from_row

DATABASE = "mitra_db"  # where the address names none
COLLECTION = "documents"
# Somebody waits for an answer: 503 comes within 3 s.
CONNECT_MS = 1500
ANSWER_SECONDS = 2.0
# A backup or the sweep has time.
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


class MongoDocuments:
    """Contents in the collection `documents` of the database that the address names."""

    def __init__(self, address: str) -> None:
        self._address = address
        self._client: AsyncIOMotorClient[Row] | None = None

    async def open(self) -> None:
        """Belong to the running loop. Motor connects when it is first asked for something."""
        self._client = AsyncIOMotorClient(
            self._address,
            io_loop=asyncio.get_running_loop(),
            connect=False,
            serverSelectionTimeoutMS=CONNECT_MS,
            connectTimeoutMS=CONNECT_MS,
            appname="sunshine",
        )

    async def close(self) -> None:
        """Close every connection. The driver says goodbye, and would wait for an answer."""
        if self._client:
            with pymongo.timeout(ANSWER_SECONDS):
                await asyncio.to_thread(self._client.delegate.close)

    async def ping(self) -> None:
        """Unavailable where MongoDB does not answer, or does not let us in."""
        await self._answer(lambda contents: contents.find_one({}, {"_id": 1}))

    async def keep(self, content: Mapping[str, Any]) -> Row:
        """A new content, which survives the loss of a server before its row names it."""
        key = ObjectId()
        stored = {"_id": key, **content, "fields": _escaped(content["fields"])}
        await self._answer(lambda contents: contents.insert_one(stored))
        return {"fields": None, "contentKey": str(key)}

    async def fill(self, rows: Collection[Row]) -> None:
        """One question whatever the page holds: an empty one must not look well while MongoDB is
        away. What was written before it was in use is in its row."""
        asked = {"_id": {"$in": [ObjectId(row["contentKey"]) for row in rows if row["contentKey"]]}}
        kept = await self._answer(lambda it: it.find(asked, {"fields": 1}).to_list(None))
        fields = {str(content["_id"]): content["fields"] for content in kept}
        for row in rows:
            key = row.pop("contentKey")
            if key is None:
                row["fields"] = from_row(row["fields"])
                continue
            if key not in fields:
                log.error("content lost", document=row["id"], key=key)
            row["fields"] = _unescaped(fields.get(key))

    async def keys(self) -> AsyncIterator[list[str]]:
        """From the index of keys alone, in their order."""
        async for batch in self._batches(KEYS_AT_ONCE, {"_id": 1}):
            yield [str(content["_id"]) for content in batch]

    async def discard(self, keys: Collection[str], now: datetime) -> int:
        """What lost its row a moment ago may still be on its way to a reader, or to a backup."""
        ids = {"$in": [ObjectId(key) for key in keys]}
        ended = {"_id": ids, "orphanedAt": {"$lte": now - KEPT_AS_ORPHAN}}
        unmarked, mark = {"_id": ids, "orphanedAt": None}, {"$set": {"orphanedAt": now}}
        removed = await self._answer(lambda it: it.delete_many(ended), PATIENT_SECONDS)
        await self._answer(lambda it: it.update_many(unmarked, mark), PATIENT_SECONDS)
        return removed.deleted_count

    async def dump(self) -> AsyncIterator[Row]:
        """Every content with its `key`, as JSON has it. For a backup, after PostgreSQL's: what the
        rows of that one name stays for an hour at least."""
        async for batch in self._batches(CONTENTS_AT_ONCE, {"orphanedAt": 0}):
            for content in batch:
                fields = _unescaped(content["fields"])
                yield {"key": str(content.pop("_id")), **content, "fields": fields}

    async def load(self, contents: Iterable[Row]) -> int:
        """Store what `dump` gave, over what is there; how many."""
        await self.ping()
        number, left = 0, iter(contents)
        while batch := [_replacing(content) for content in islice(left, CONTENTS_AT_ONCE)]:
            await self._answer(partial(_write, batch), PATIENT_SECONDS)
            number += len(batch)
        return number

    async def _batches(self, size: int, shown: Mapping[str, int]) -> AsyncIterator[list[Row]]:
        """All contents in the order of their keys; what is added meanwhile may be among them."""
        await self.ping()  # which has less patience
        after: Row = {}
        while batch := await self._answer(partial(_next, after, shown, size), PATIENT_SECONDS):
            after = {"_id": {"$gt": batch[-1]["_id"]}}
            yield batch

    async def _answer(
        self,
        ask: Callable[[AsyncIOMotorCollection[Row]], Awaitable[T]],
        seconds: float = ANSWER_SECONDS,
    ) -> T:
        """What MongoDB answers, in so many seconds; else Unavailable.

        Motor's threads end a little earlier, or those that wait for one would have too few.
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
    """The documents for the length of a block."""
    documents = MongoDocuments(address)
    await documents.open()
    try:
        yield documents
    finally:
        await documents.close()


def _next(
    after: Row, shown: Mapping[str, int], size: int, contents: AsyncIOMotorCollection[Row]
) -> Awaitable[list[Row]]:
    return contents.find(after, shown).sort("_id", 1).limit(size).to_list(size)


def _write(batch: list[ReplaceOne[Row]], contents: AsyncIOMotorCollection[Row]) -> Awaitable[Any]:
    return contents.bulk_write(batch)


def _replacing(content: Row) -> ReplaceOne[Row]:
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
