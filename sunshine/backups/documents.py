"""Partners' documents in MongoDB, in a backup: a JSON object per line, gzipped.

Dumped after the databases: a content that a row refers to stays in MongoDB for at least an hour
after the row has dropped it. Contents never change, so restoring one does no harm.
sunshine/database/mongo.py.
"""

import asyncio
import gzip
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import psycopg

from sunshine.backups.manifest import BackupError, Manifest, Part
from sunshine.backups.writer import Writer
from sunshine.core import json
from sunshine.core.settings import Settings
from sunshine.database import mongo
from sunshine.database.statements import Row

NAME = "documents.jsonl.gz"
_NAMED = "SELECT content_key FROM partner_document WHERE content_key IS NOT NULL"


def dump(settings: Settings, folder: Path) -> Part | None:
    """Write all of them; None if they are in PostgreSQL. Unavailable while MongoDB is down."""
    if not settings.mongo_mitra:
        return None
    with Writer(folder / NAME) as writer:
        asyncio.run(_dump(settings.mongo_mitra, writer))
    return writer.part


def check(settings: Settings, found: Manifest) -> None:
    """Raise BackupError if the backup has documents for MongoDB and MONGO_MITRA is not set."""
    if found.documents and not settings.mongo_mitra:
        raise BackupError("the backup has documents of MongoDB: set MONGO_MITRA")


def missing(folder: Path, found: Manifest, connection: psycopg.Connection) -> list[str]:
    """Return a line if rows of the restored database refer to contents that the backup lacks."""
    if not found.documents:
        return []
    named = {key for (key,) in connection.execute(_NAMED)}
    lost = named - {content["key"] for content in _contents(folder)}
    return [f"{len(lost)} documents have lost their content"] if lost else []


def load(settings: Settings, folder: Path, found: Manifest) -> None:
    """Restore them over the existing ones. Unavailable while MongoDB is down."""
    if found.documents:
        asyncio.run(_load(settings.mongo_mitra, folder))


async def _dump(address: str, writer: Writer) -> None:
    async with mongo.opened(address) as documents:
        writing = gzip.GzipFile(
            filename="",
            mode="wb",
            fileobj=writer,
            mtime=0,
        )
        with writing as stream:
            async for content in documents.dump():
                stream.write(json.encode_any(content) + b"\n")


async def _load(address: str, folder: Path) -> None:
    async with mongo.opened(address) as documents:
        await documents.load(_contents(folder))


def _contents(folder: Path) -> Iterator[Row]:
    try:
        with gzip.open(folder / NAME) as stream:
            for line in stream:
                content = msgspec.json.decode(line, type=dict[str, Any])
                if not isinstance(content.get("key"), str):
                    raise ValueError("a document has no key")
                yield content
    except (OSError, EOFError, zlib.error, ValueError, RecursionError) as error:
        raise BackupError(f"{folder / NAME} is damaged: {error}") from error
