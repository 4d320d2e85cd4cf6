"""Whether files and the rows that name them agree: `sunshine files check`. Storage: storage.py."""

import hashlib
from collections.abc import Callable, Iterable
from contextlib import closing
from datetime import datetime, timedelta

from sqlalchemy import (
    ARRAY,
    Column,
    ColumnElement,
    Text,
    any_,
    bindparam,
    cast,
    delete,
    func,
    literal,
    select,
    union,
)

from models.attendance import attendance
from models.branding_approval import branding_revision
from models.cms import ad, blog, blog_revision, career, department_page, training, vacancy
from models.employees import employee
from models.files import stored_file
from models.leave import leave
from models.onapps import onapps_setting, voucher
from models.tickets import ticket
from sunshine.db import Databases, Row, Transaction
from sunshine.signing import ROUTE
from sunshine.statements import Statement
from sunshine.storage import STATIC, Found, Storage

# Every column that names files as `/api/static/<path>`: a URL, a list of them, or a document. A
# module that files something has its line here, else what it names is taken for an orphan.
NAMING: tuple[Column, ...] = (
    ticket.c.attachments,
    leave.c.documents,
    branding_revision.c.files,
    employee.c.photo,
    voucher.c.image,
    onapps_setting.c.settings,
    blog.c.featured_image,
    blog_revision.c.featured_image,
    ad.c.image,
    training.c.files,
    career.c.image,
    department_page.c.logo,
)
# Those of HTML, whose attributes name some.
HTML: tuple[Column, ...] = (
    blog.c.content,
    blog_revision.c.content,
    training.c.content,
    career.c.content,
    department_page.c.content,
    vacancy.c.description,
)
# Those that hold the path alone.
BARE: tuple[Column, ...] = (attendance.c.check_in_photo, attendance.c.check_out_photo)
_NAME = literal(ROUTE + r'([^"\\,{}?\s]+)')
_LINK = literal(f'="{ROUTE}([^"?#]+)')


def _matches(column: Column, pattern: ColumnElement) -> ColumnElement:
    return func.regexp_matches(cast(column, Text), pattern, literal("g"), type_=ARRAY(Text))


def _names(database: str) -> Statement | None:
    """The paths that rows of a database name. Deleted ones count: they are history."""
    found = [
        select(_matches(column, pattern)[1].label("path"))
        for columns, pattern in ((NAMING, _NAME), (HTML, _LINK))
        for column in columns
        if column.table.metadata.info["database"] == database
    ]
    found += [
        select(column.label("path")).where(column.is_not(None))
        for column in BARE
        if column.table.metadata.info["database"] == database
    ]
    return Statement(union(*found)) if found else None


_FACTS = Statement(select(stored_file.c.path, stored_file.c.size, stored_file.c.sha256))
_FORGET = Statement(
    delete(stored_file).where(stored_file.c.path == any_(bindparam("paths", type_=ARRAY(Text))))
)
# What is younger may be of a change that is being made.
SETTLED = timedelta(hours=1)
ABANDONED = timedelta(hours=24)


async def check(
    storage: Storage,
    databases: Databases,
    *,
    now: datetime,
    hashes: bool = True,
    step: Callable[[], None] = lambda: None,
) -> list[Row]:
    """What is wrong, as `{problem, path, size}`, by path.

    `missing`: a row names it and it is not there; `orphan`: no row names it (any more); `damaged`:
    it is not what was stored. `hashes=False` looks at sizes only; `step` is called once per file.
    """
    named = await _named(databases)
    facts = {row["path"]: row for row in await databases.sunshine.all(_FACTS)}
    found = {file.place.removeprefix(f"{STATIC}/"): file async for file in storage.files(STATIC)}
    wrong: list[Row] = [
        {"problem": "missing", "path": path, "size": None} for path in named - found.keys()
    ]
    for path, file in found.items():
        if path not in named and file.modified < now - SETTLED:
            wrong.append({"problem": "orphan", "path": path, "size": file.size})
        known = facts.get(path)
        if known and not await _is_whole(storage, file, known, hashes=hashes):
            wrong.append({"problem": "damaged", "path": path, "size": file.size})
        step()
    return sorted(wrong, key=lambda problem: (problem["path"], problem["problem"]))


async def orphans(storage: Storage, databases: Databases, *, now: datetime) -> list[Found]:
    """The files that no row names, and that are a day old."""
    named = await _named(databases)
    return [
        file
        async for file in storage.files(STATIC)
        if file.place.removeprefix(f"{STATIC}/") not in named and file.modified < now - ABANDONED
    ]


async def forget(tx: Transaction, files: Iterable[Found]) -> None:
    """These are about to be removed."""
    told = [{"path": file.place.removeprefix(f"{STATIC}/"), "size": file.size} for file in files]
    await tx.run(_FORGET, paths=[file["path"] for file in told])
    await tx.record_all("file_removed", "stored_file", [(None, file, None) for file in told])


async def _named(databases: Databases) -> set[str]:
    """Every path that a row of any database names."""
    paths: set[str] = set()
    for name, database in databases.items():
        if statement := _names(name):
            paths.update(row["path"] for row in await database.all(statement))
    return paths


async def _is_whole(storage: Storage, file: Found, known: Row, *, hashes: bool) -> bool:
    if file.size != known["size"]:
        return False
    if not hashes:
        return True
    digest = hashlib.sha256()
    with closing(await storage.open(file.place)) as stored:
        async for chunk in stored.chunks(0, stored.size):
            digest.update(chunk)
    return bool(digest.hexdigest() == known["sha256"])
