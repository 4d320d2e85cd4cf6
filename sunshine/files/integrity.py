"""Whether files and the rows that name them agree: `sunshine files check`. Storage: storage.py."""

import hashlib
from collections.abc import Callable, Iterable
from contextlib import closing
from datetime import datetime, timedelta
from urllib.parse import unquote

from sqlalchemy import (
    ARRAY,
    Column,
    Select,
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

from models.files import stored_file
from sunshine.database.database import Databases, Transaction
from sunshine.database.statements import Statement
from sunshine.files.columns import declared, kind_of, lasting
from sunshine.files.links import END
from sunshine.files.rows import FileProblem, PathRow, StoredFileRow
from sunshine.files.storage import STATIC, Found, Storage
from sunshine.identity.signed_urls import ROUTE

# How each kind of column declared in models/ names files, and how any text may mention one.
_PATTERNS = {
    "urls": ROUTE + r'([^"\\,{}?\s]+)',
    "html": f'="{ROUTE}([^"?#]+)',
}
_MENTIONED = ROUTE + r"""([^"'\\,{}()<>?#\s]+)"""


def _matches(column: Column, pattern: str) -> Select:
    text = cast(column, Text)
    found = func.regexp_matches(text, literal(pattern), literal("g"), type_=ARRAY(Text))
    return select(found[1].label("path")).where(text.contains(ROUTE))


def _paths(column: Column) -> Select | None:
    """Return the paths that a declared column names."""
    kind = str(kind_of(column))
    if kind == "path":
        return select(column.label("path")).where(column.is_not(None))
    # The column of files beside a text lists what the text names.
    return _matches(column, _PATTERNS[kind]) if kind in _PATTERNS else None


def _names(database: str) -> Statement[PathRow] | None:
    """Return the paths that rows of a database name, deleted rows included, as they are history."""
    found = [paths for column in declared(database) if (paths := _paths(column)) is not None]
    return Statement(union(*found), PathRow) if found else None


def _mentions(database: str) -> Statement[PathRow] | None:
    """Return the paths that any text of a database mentions."""
    found = [_matches(column, _MENTIONED) for column in lasting(database)]
    return Statement(union(*found), PathRow) if found else None


_STORED = Statement(
    select(stored_file.c.path, stored_file.c.size, stored_file.c.sha256), StoredFileRow
)
_DELETE = Statement(
    delete(stored_file).where(stored_file.c.path == any_(bindparam("paths", type_=ARRAY(Text))))
)
# A younger file may belong to a change in progress.
SETTLED = timedelta(hours=1)
ABANDONED = timedelta(hours=24)


async def check(
    storage: Storage,
    databases: Databases,
    *,
    now: datetime,
    hashes: bool = True,
    step: Callable[[], None] = lambda: None,
) -> list[FileProblem]:
    """Return what is wrong, sorted by path.

    `missing`: a row names the file and it is not there; `orphan`: no row names it (any more);
    `damaged`: it is not what was stored. `hashes=False` compares sizes only; `step` is called once
    per file.
    """
    named = await _named(databases)
    stored = {row["path"]: row for row in await databases.sunshine.all(_STORED)}
    found = {file.place.removeprefix(f"{STATIC}/"): file async for file in storage.files(STATIC)}
    wrong: list[FileProblem] = [
        {"problem": "missing", "path": path, "size": None} for path in named - found.keys()
    ]
    for path, file in found.items():
        if path not in named and file.modified < now - SETTLED:
            wrong.append({"problem": "orphan", "path": path, "size": file.size})
        known = stored.get(path)
        if known and not await _is_whole(storage, file, known, hashes=hashes):
            wrong.append({"problem": "damaged", "path": path, "size": file.size})
        step()
    return sorted(wrong, key=lambda problem: (problem["path"], problem["problem"]))


async def orphans(storage: Storage, databases: Databases, *, now: datetime) -> list[Found]:
    """Return the files that no row names and that are a day old.

    A file that any text mentions, such as a link in a note, is not among them.
    """
    named = await _named(databases) | await _mentioned(databases)
    return [
        file
        async for file in storage.files(STATIC)
        if file.place.removeprefix(f"{STATIC}/") not in named and file.modified < now - ABANDONED
    ]


async def record_removal(tx: Transaction, files: Iterable[Found]) -> None:
    """Delete the records of files that are about to be removed, with an event for each."""
    removed = [{"path": file.place.removeprefix(f"{STATIC}/"), "size": file.size} for file in files]
    await tx.execute(_DELETE, paths=[file["path"] for file in removed])
    await tx.record_all("file_removed", "stored_file", [(None, file, None) for file in removed])


async def _named(databases: Databases) -> set[str]:
    """Return every path that a row of any database names."""
    paths: set[str] = set()
    for name, database in databases.items():
        if statement := _names(name):
            paths.update(row["path"] for row in await database.all(statement))
    return paths


async def _mentioned(databases: Databases) -> set[str]:
    """Return every path that any text mentions, with and without punctuation after it."""
    mentioned: set[str] = set()
    for name, database in databases.items():
        if statement := _mentions(name):
            mentioned.update(unquote(row["path"]) for row in await database.all(statement))
    return mentioned | {path.rstrip(END) for path in mentioned}


async def _is_whole(storage: Storage, file: Found, known: StoredFileRow, *, hashes: bool) -> bool:
    if file.size != known["size"]:
        return False
    if not hashes:
        return True
    digest = hashlib.sha256()
    with closing(await storage.open(file.place)) as stored:
        async for chunk in stored.chunks(0, stored.size):
            digest.update(chunk)
    return digest.hexdigest() == known["sha256"]
