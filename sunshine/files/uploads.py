"""Uploads: stored, fetched once, removed after a day. Table: models/files.py.

How a row takes one over: sunshine/files/attachments.py. Over HTTP: sunshine/web/files/uploads.py,
handlers/files.py. The database decides which uploads exist and who gets them, and the files follow,
so that several processes, and storages that cannot rename, agree.
"""

import re
import secrets
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from sqlalchemy import (
    ARRAY,
    BigInteger,
    DateTime,
    Integer,
    Text,
    and_,
    any_,
    bindparam,
    delete,
    func,
    insert,
    or_,
    select,
    update,
)

from models.auth import users
from models.files import upload
from sunshine.core.errors import Conflict, NotFound
from sunshine.core.principals import System
from sunshine.database.database import Database, Databases, Reader, Transaction
from sunshine.database.statements import IdRow, Statement
from sunshine.files.part_file import Part
from sunshine.files.rows import NameRow, UploadRow
from sunshine.files.storage import TEMP, Storage
from sunshine.files.types import safe_name

MAX_FILE = 10 * 1024 * 1024  # bytes
MAX_FILES = 100  # of one user
MAX_BYTES = 500 * 1024 * 1024  # of one user
LIFETIME = timedelta(hours=24)
# An upload, or a part file, that is unfinished after this time will never be finished.
UNFINISHED = timedelta(hours=1)
# Longer than a download may take: meanwhile nobody else gets the file; if the process dies, the
# file is free again afterwards.
LEASE = timedelta(minutes=11)
# The actor of a fetch: anybody who has the URL.
DOWNLOADER = System(name="visitor")
_UNIQUE = re.compile(r"(?:[0-9]{13}-[0-9]{39}-|[0-9a-f]{32}-)(?:[0-9]{13}-[0-9]{39}-)*")
_BATCH = 500

_NOW = bindparam("now", type_=DateTime(timezone=True))
_USER = bindparam("user", type_=Integer)
_SIZE = bindparam("size", type_=BigInteger)
_IS_CURRENT = upload.c.created_at > bindparam("since", type_=DateTime(timezone=True))
_IS_FREE = and_(
    upload.c.ready,
    _IS_CURRENT,
    or_(upload.c.sending_until.is_(None), upload.c.sending_until < _NOW),
)
_LOCK_USER = Statement(
    select(users.c.id).where(users.c.id == _USER).with_for_update(key_share=True), IdRow
)
_used = (
    select(func.count().label("files"), func.coalesce(func.sum(upload.c.size), 0).label("bytes"))
    .where(upload.c.user_id == _USER, _IS_CURRENT)
    .subquery()
)
_RESERVE = Statement(
    insert(upload)
    .from_select(
        ["name", "user_id", "size", "created_at"],
        select(bindparam("name", type_=Text), _USER, _SIZE, _NOW)
        .select_from(_used)
        .where(_used.c.files < MAX_FILES, _used.c.bytes + _SIZE <= MAX_BYTES),
    )
    .returning(upload.c.id),
    IdRow,
)
_FINISH = Statement(
    update(upload)
    .where(upload.c.id == bindparam("row_id"), ~upload.c.ready)
    .values(
        name=bindparam("name"), size=_SIZE, sha256=bindparam("sha256"), ready=True, created_at=_NOW
    )
    .returning(upload.c.id),
    IdRow,
)
_DELETE = Statement(
    delete(upload).where(upload.c.id == bindparam("row_id")).returning(upload.c.id), IdRow
)
_FIND = Statement(select(upload.c.id).where(upload.c.name == bindparam("name"), _IS_FREE), IdRow)
_UNTIL = bindparam("until", type_=DateTime(timezone=True))
_LEASE = Statement(
    update(upload)
    .where(upload.c.name == bindparam("name"), _IS_FREE)
    .values(sending_until=_UNTIL)
    .returning(upload.c.id),
    IdRow,
)
_RELEASE = Statement(
    update(upload)
    .where(upload.c.id == bindparam("row_id"), upload.c.sending_until == _UNTIL)
    .values(sending_until=None)
)
# In one order, so that two transactions that claim the same uploads do not deadlock.
_wanted = (
    select(upload.c.id)
    .where(
        upload.c.name == any_(bindparam("names", type_=ARRAY(Text))),
        upload.c.user_id == _USER,
        _IS_FREE,
    )
    .order_by(upload.c.id)
    .with_for_update()
    .cte("wanted")
)
_CLAIM = Statement(
    delete(upload)
    .where(upload.c.id.in_(select(_wanted.c.id)))
    .returning(upload.c.name, upload.c.size, upload.c.sha256),
    UploadRow,
)
_SWEEP = Statement(
    delete(upload).where(
        or_(
            upload.c.created_at <= bindparam("since"),
            and_(~upload.c.ready, upload.c.created_at <= bindparam("begun")),
        )
    )
)
_KNOWN = Statement(
    select(upload.c.name).where(upload.c.name == any_(bindparam("names", type_=ARRAY(Text)))),
    NameRow,
)


async def reserve(tx: Transaction, size: int, *, user: int) -> int:
    """Reserve an upload of at most so many bytes and return its id; Conflict `upload_limit`."""
    await tx.execute(_LOCK_USER, user=user)
    name = f"coming-{secrets.token_hex(16)}"
    row = await tx.one_or_none(_RESERVE, name=name, user=user, size=size, since=_since(tx.now))
    if row is None:
        raise Conflict(
            f"At most {MAX_FILES} files and {MAX_BYTES >> 20} MiB may wait to be used",
            code="upload_limit",
        )
    return row["id"]


def new_name(given: str, head: bytes, at: datetime) -> str:
    """Return `<epoch ms>-<39 random digits>-<safe name>`: 129 random bits."""
    milliseconds = int(at.timestamp() * 1000)
    return f"{milliseconds:013}-{secrets.randbelow(10**39):039}-{safe_name(given, head)}"


def plain_name(stored: str) -> str:
    """Return the name that a file came with, without the part that makes it unique."""
    return _UNIQUE.sub("", stored, count=1)


async def finish(tx: Transaction, id_: int, part: Part, name: str) -> None:
    """Record that an upload is complete and stored as `name`; Conflict `upload_expired`."""
    facts = {"name": name, "size": part.size, "sha256": part.sha256}
    if await tx.one_or_none(_FINISH, row_id=id_, **facts) is None:
        raise Conflict("The upload took too long", code="upload_expired")
    # The full name would let readers of the audit trail fetch the file.
    await tx.record("file_uploaded", "upload", id_, after=facts | {"name": plain_name(name)})


async def cancel(database: Database, id_: int) -> None:
    """Delete the reservation of an upload that was not completed."""
    async with database.transaction(DOWNLOADER) as tx:
        await tx.execute(_DELETE, row_id=id_)


async def check(reader: Reader, name: str, now: datetime) -> None:
    """Check that there is an upload of this name that nobody is fetching; NotFound."""
    if await reader.one_or_none(_FIND, name=name, now=now, since=_since(now)) is None:
        raise NotFound


async def lease(tx: Transaction, name: str) -> tuple[int, datetime]:
    """Lease an upload to one fetch and return its id and the end of the lease; NotFound."""
    until = tx.now + LEASE
    row = await tx.one_or_none(_LEASE, name=name, until=until, since=_since(tx.now))
    if row is None:
        raise NotFound
    return row["id"], until


async def release(tx: Transaction, id_: int, until: datetime) -> None:
    """End the lease of a fetch that failed; the next one may try."""
    await tx.execute(_RELEASE, row_id=id_, until=until)


async def consume(tx: Transaction, id_: int, name: str) -> None:
    """Delete an upload that was fetched; nobody else gets it."""
    if await tx.one_or_none(_DELETE, row_id=id_):
        await tx.record("file_fetched", "upload", id_, before={"name": plain_name(name)})


async def claim(tx: Transaction, names: Sequence[str], *, user: int) -> dict[str, UploadRow]:
    """Delete uploads of a user that rows take over, except those being fetched; return them by
    name."""
    rows = await tx.all(_CLAIM, names=list(names), user=user, since=_since(tx.now))
    return {row["name"]: row for row in rows}


async def expire(tx: Transaction) -> dict[str, int]:
    """Delete uploads of a day ago and those never completed; return how many. A job's verb."""
    gone = await tx.execute(_SWEEP, since=_since(tx.now), begun=tx.now - UNFINISHED)
    return {"uploads": gone}


async def sweep(storage: Storage, databases: Databases, now: datetime) -> dict[str, int]:
    """Remove the files in `temp` without an upload, and abandoned part files; return how many."""
    before = now - UNFINISHED
    old = [found.place async for found in storage.files(TEMP) if found.modified < before]
    removed = await storage.sweep(before)
    for places in _batches(old):
        names = {place.removeprefix(f"{TEMP}/") for place in places}
        known = await databases.sunshine.all(_KNOWN, names=list(names))
        for name in names - {row["name"] for row in known}:
            await storage.remove(f"{TEMP}/{name}")
            removed += 1
    return {"files": removed}


def _batches(places: Sequence[str]) -> Iterable[Sequence[str]]:
    return (places[begin : begin + _BATCH] for begin in range(0, len(places), _BATCH))


def _since(now: datetime) -> datetime:
    """Return the time before which uploads have expired."""
    return now - LIFETIME
