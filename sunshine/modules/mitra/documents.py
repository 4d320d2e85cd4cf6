"""Partners' documents: their rows, and with them what sunshine/database/documents.py keeps
elsewhere.

A change has two steps. Outside any transaction a `Draft` is made, whose content is kept under a key
of its own; in the transaction the row takes that key, if it is still the row that the draft was
made from. What is in between, and why that is safe: docs/decisions/0020-mitra-documents.md. Tables:
models/mitra.py.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Text, any_, bindparam, func, insert, select, update
from sqlalchemy.dialects.postgresql import ARRAY

from models.mitra import partner, partner_document
from sunshine.core.errors import Conflict, NotAllowed, NotFound
from sunshine.core.json import comparable
from sunshine.core.principals import Principal
from sunshine.database.database import Databases, Reader, Transaction
from sunshine.database.pages import ListQuery, Page, contains
from sunshine.database.records import stamped
from sunshine.database.statements import Row, Statement
from sunshine.files.columns import names
from sunshine.files.links import stored
from sunshine.modules.mitra.partners import partners
from sunshine.modules.mitra.schemas import DOCUMENT_FILTERS

_d = partner_document.c
FOLDER = "mitra/"  # of the files that documents name, below `static`
CONTENT = ("title", "kind", "fields")
WRITTEN = {"title": _d.title, "kind": _d.kind, "fields": _d.fields, "contentKey": _d.content_key}
_ROWS = select(
    _d.id,
    _d.partner_id.label("partnerId"),
    *(column.label(name) for name, column in WRITTEN.items()),
    _d.version,
    _d.created_at.label("createdAt"),
    _d.updated_at.label("updatedAt"),
).where(_d.deleted_at.is_(None), _d.partner_id == bindparam("partner"))
listing = ListQuery(
    _ROWS,
    key=_d.id,
    schema=DOCUMENT_FILTERS,
    filters={
        "kind": func.lower(_d.kind) == func.lower(bindparam("kind")),
        "search": contains(func.lower(_d.title)),
    },
    sort={
        "title": _d.title,
        "kind": _d.kind,
        "createdAt": _d.created_at,
        "updatedAt": _d.updated_at,
    },
)
_FIND = Statement(_ROWS.where(_d.id == bindparam("id")))
_is_partner = (partner.c.id == bindparam("partner"), partner.c.deleted_at.is_(None))
_NEXT = Statement(
    select(func.nextval("partner_document_id_seq").label("id"))
    .select_from(partner)
    .where(*_is_partner)
)
# Whoever deletes the partner waits for us, or we for them.
_LOCK_PARTNER = Statement(
    select(partner.c.id).where(*_is_partner).with_for_update(key_share=True, read=True)
)
_FILES = bindparam("files", type_=ARRAY(Text))
_written = {column: bindparam(name, type_=column.type) for name, column in WRITTEN.items()}
_INSERT = Statement(
    insert(partner_document).values(
        {
            _d.id: bindparam("id"),
            _d.partner_id: bindparam("partner"),
            **_written,
            _d.files: _FILES,
            **stamped(partner_document),
        }
    )
)
# Only what was read is replaced: of two who read the same version, the second changes nothing.
_as_read = (
    _d.id == bindparam("row_id"),
    _d.version == bindparam("read"),
    _d.deleted_at.is_(None),
)
_UPDATE = Statement(
    update(partner_document)
    .where(*_as_read)
    .values(
        {**_written, _d.files: _FILES, _d.version: _d.version + 1, _d.updated_at: bindparam("now")}
    )
)
_DELETE = Statement(update(partner_document).where(*_as_read).values(deleted_at=bindparam("now")))
_NAMING = Statement(
    select(_d.id).where(names(partner_document.c.files), _d.deleted_at.is_(None)).limit(1)
)
_NAMED = Statement(
    select(_d.content_key.label("key")).where(
        _d.content_key == any_(bindparam("keys", type_=ARRAY(Text)))
    )
)


@dataclass(frozen=True)
class Draft:
    """A document as it is to be. `kept` is what its row is to hold of its fields; null where the
    document stays as it was."""

    before: Row | None
    after: Row
    kept: Row | None


async def page(databases: Databases, query: Mapping[str, Any], partner_id: int) -> Page:
    """A page of a partner's documents."""
    await partners.find(databases["mitra"], partner_id)
    found = await listing.page(databases["mitra"], query, partner=partner_id)
    await databases.documents.fill(found.rows)
    return found


async def every(databases: Databases, query: Mapping[str, Any], partner_id: int) -> list[Row]:
    """All of a partner's documents."""
    rows = await listing.every(databases["mitra"], query, partner=partner_id)
    await databases.documents.fill(rows)
    return rows


async def find(databases: Databases, partner_id: int, id_: int) -> Row:
    """One document."""
    row = await databases["mitra"].one_or_none(_FIND, partner=partner_id, id=id_)
    if row is None:
        raise NotFound
    await databases.documents.fill([row])
    return row


async def check_file(reader: Reader, name: str, *, actor: Principal) -> None:
    """Refuse unless a document names the file, and the caller may see documents."""
    if not actor.may_any(("mitra:read", "mitra:manage")):
        raise NotAllowed
    if await reader.one_or_none(_NAMING, name=name) is None:
        raise NotFound


async def draft(databases: Databases, partner_id: int, values: Mapping[str, Any]) -> Draft:
    """A new document, with the id that it will have."""
    made = await databases["mitra"].one_or_none(_NEXT, partner=partner_id)
    if made is None:
        raise NotFound
    after = {"id": made["id"], "partnerId": partner_id, "fields": {}, **values}
    return Draft(None, after, await databases.documents.keep(after))


async def redraft(
    databases: Databases, partner_id: int, id_: int, values: Mapping[str, Any]
) -> Draft:
    """A document with what is merged into it; `fields` are replaced as a whole."""
    before = await find(databases, partner_id, id_)
    if values.get("version", before["version"]) != before["version"]:
        raise _changed(before)
    after = {**before, **values}
    if not _differing(before, after):
        return Draft(before, after, None)
    content = {name: after[name] for name in ("id", "partnerId", *CONTENT)}
    return Draft(before, after, await databases.documents.keep(content))


async def create(tx: Transaction, made: Draft) -> Row:
    """The document of a draft; NotFound where its partner is gone."""
    partner_id = made.after["partnerId"]
    if await tx.one_or_none(_LOCK_PARTNER, partner=partner_id) is None:
        raise NotFound
    await tx.execute(_INSERT, partner=partner_id, **_columns(made), id=made.after["id"])
    row = await _current(tx, made)
    await tx.record("partner_document_created", "partner_document", row["id"], after=row)
    return row


async def change(tx: Transaction, made: Draft) -> Row:
    """The document as in its draft; Conflict `changed_meanwhile` where it is no more what that was
    made from."""
    assert made.before  # noqa: S101 - tells mypy
    if made.kept is None:
        return made.before
    read = {"row_id": made.before["id"], "read": made.before["version"]}
    if not await tx.execute(_UPDATE, **_columns(made), **read):
        raise await _missed(tx, made.before)
    row = await _current(tx, made)
    names = [*_differing(made.before, row), "version"]
    before, after = ({name: state[name] for name in names} for state in (made.before, row))
    await tx.record(
        "partner_document_updated", "partner_document", row["id"], before=before, after=after
    )
    return row


async def delete(tx: Transaction, before: Row) -> None:
    """Delete a document as it was found; its content stays, as its row does."""
    if not await tx.execute(_DELETE, row_id=before["id"], read=before["version"]):
        raise await _missed(tx, before)
    await tx.record("partner_document_deleted", "partner_document", before["id"], before=before)


async def sweep(databases: Databases, now: datetime) -> dict[str, int]:
    """Remove contents that no row has named for an hour: of former versions, and of changes that
    were never committed."""
    removed = 0
    async for keys in databases.documents.keys():
        named = {row["key"] for row in await databases["mitra"].all(_NAMED, keys=keys)}
        if orphans := set(keys) - named:
            removed += await databases.documents.discard(orphans, now)
    return {"contents": removed}


def _differing(before: Row, after: Row) -> list[str]:
    return [name for name in CONTENT if comparable(before[name]) != comparable(after[name])]


def _columns(made: Draft) -> Row:
    files = stored(made.after["fields"], FOLDER)
    told = {name: made.after[name] for name in ("title", "kind")}
    return {**told, "files": files, **(made.kept or {})}


async def _current(tx: Transaction, made: Draft) -> Row:
    """The row just written, with the fields as they were kept."""
    row = await tx.one(_FIND, partner=made.after["partnerId"], id=made.after["id"])
    del row["contentKey"]
    return {**row, "fields": made.after["fields"]}


async def _missed(tx: Transaction, before: Row) -> Exception:
    """Why a row is no more as it was read."""
    row = await tx.one_or_none(_FIND, partner=before["partnerId"], id=before["id"])
    return NotFound() if row is None else _changed()


def _changed(row: Row | None = None) -> Conflict:
    message = "Somebody else changed this document meanwhile"
    return Conflict(message, code="changed_meanwhile", data=row)
