"""Partners' documents that are in MongoDB, in a backup: a JSON object a line, gzipped.

After the databases: what a row of theirs names stays in MongoDB for an hour at least after the row
has let go of it. A content is never changed, so putting one back does no harm.
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
    """Write them all; None where they are in PostgreSQL. Unavailable while MongoDB is away."""
    if not settings.mongo_mitra:
        return None
    with Writer(folder / NAME) as writer:
        asyncio.run(_dump(settings.mongo_mitra, writer))
    return writer.part


def check(settings: Settings, found: Manifest) -> None:
    """BackupError where there is no place for what the backup has."""
    if found.documents and not settings.mongo_mitra:
        raise BackupError("the backup has documents of MongoDB: set MONGO_MITRA")


def missing(folder: Path, found: Manifest, connection: psycopg.Connection) -> list[str]:
    """A line where rows of the restored database name contents that the backup lacks."""
    if not found.documents:
        return []
    named = {key for (key,) in connection.execute(_NAMED)}
    lost = named - {content["key"] for content in _contents(folder)}
    return [f"{len(lost)} documents have lost their content"] if lost else []


def load(settings: Settings, folder: Path, found: Manifest) -> None:
    """Put them back, over what is there. Unavailable while MongoDB is away."""
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
