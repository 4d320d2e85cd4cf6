"""Partners' documents: their rows, and their contents through sunshine/database/documents.py.

A change has two steps. Outside any transaction a `Draft` is prepared, whose content is stored under
a key of its own; in the transaction the row takes that key, if it is still the row that the draft
was made from. Why that is safe, also when the process ends in between:
docs/decisions/0020-mitra-documents.md. Tables: models/mitra.py.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Text, bindparam, func, insert, select, update
from sqlalchemy.dialects.postgresql import ARRAY

from models.mitra import partner, partner_document
from sunshine.core.errors import Conflict, NotAllowed, NotFound
from sunshine.core.json import comparable
from sunshine.core.principals import Principal
from sunshine.database.database import Databases, Reader, Transaction
from sunshine.database.documents import StoredContent
from sunshine.database.pages import ListQuery, Page, contains
from sunshine.database.records import stamped
from sunshine.database.statements import IdRow, Statement
from sunshine.files.columns import names
from sunshine.files.links import stored
from sunshine.modules.mitra.partners import partners
from sunshine.modules.mitra.rows import (
    DocumentContent,
    DocumentRow,
    StoredDocumentRow,
)
from sunshine.modules.mitra.schemas import DOCUMENT_FILTERS

_d = partner_document.c
FOLDER = "mitra/"  # below `static`, for the files that documents name
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
    row=StoredDocumentRow,
)
_GET = Statement(_ROWS.where(_d.id == bindparam("id")), StoredDocumentRow)
_is_partner = (partner.c.id == bindparam("partner"), partner.c.deleted_at.is_(None))
_NEXT_ID = Statement(
    select(func.nextval("partner_document_id_seq").label("id"))
    .select_from(partner)
    .where(*_is_partner),
    IdRow,
)
# Conflicts with the lock of a transaction that deletes the partner.
_LOCK_PARTNER = Statement(
    select(partner.c.id).where(*_is_partner).with_for_update(key_share=True, read=True), IdRow
)
_FILES = bindparam("files", type_=ARRAY(Text))
_values = {column: bindparam(name, type_=column.type) for name, column in WRITTEN.items()}
_INSERT = Statement(
    insert(partner_document).values(
        {
            _d.id: bindparam("id"),
            _d.partner_id: bindparam("partner"),
            **_values,
            _d.files: _FILES,
            **stamped(partner_document),
        }
    )
)
# Replaces only the version that was read: of two changes made to the same one, the second fails.
_as_read = (
    _d.id == bindparam("row_id"),
    _d.version == bindparam("read"),
    _d.deleted_at.is_(None),
)
_UPDATE = Statement(
    update(partner_document)
    .where(*_as_read)
    .values(
        {
            **_values,
            _d.files: _FILES,
            _d.version: _d.version + 1,
            _d.updated_at: bindparam("now"),
        }
    )
)
_DELETE = Statement(update(partner_document).where(*_as_read).values(deleted_at=bindparam("now")))
_WITH_FILE = Statement(
    select(_d.id).where(names(partner_document.c.files), _d.deleted_at.is_(None)).limit(1), IdRow
)


@dataclass(frozen=True)
class Draft:
    """A document as it will be after a change, and before it (None for a new one).

    `stored` is what its row will hold of its content; None where nothing changes.
    """

    before: DocumentRow | None
    after: DocumentContent
    stored: StoredContent | None


async def page(
    databases: Databases, query: Mapping[str, Any], partner_id: int
) -> Page[DocumentRow]:
    """Return the page of a partner's documents that `query` asks for; NotFound, Unavailable."""
    await partners.find(databases["mitra"], partner_id)
    found = await listing.page(databases["mitra"], query, partner=partner_id)
    return found.with_rows(await _with_fields(databases, found.rows))


async def every(
    databases: Databases, query: Mapping[str, Any], partner_id: int
) -> list[DocumentRow]:
    """Return all documents of a partner that match `query`; Unavailable."""
    rows = await listing.every(databases["mitra"], query, partner=partner_id)
    return await _with_fields(databases, rows)


async def find(databases: Databases, partner_id: int, id_: int) -> DocumentRow:
    """Return one document; NotFound, Unavailable."""
    row = await databases["mitra"].one_or_none(_GET, partner=partner_id, id=id_)
    if row is None:
        raise NotFound
    return (await _with_fields(databases, [row]))[0]


async def check_file(reader: Reader, name: str, *, actor: Principal) -> None:
    """Let the actor open a file: NotAllowed unless they may see documents, NotFound unless one of
    them names it."""
    if not actor.may_any(("mitra:read", "mitra:manage")):
        raise NotAllowed
    if await reader.one_or_none(_WITH_FILE, name=name) is None:
        raise NotFound


async def draft(databases: Databases, partner_id: int, values: Mapping[str, Any]) -> Draft:
    """Prepare a new document, with the id that it will have; NotFound, Unavailable."""
    next_id = await databases["mitra"].one_or_none(_NEXT_ID, partner=partner_id)
    if next_id is None:
        raise NotFound
    after = _content(next_id["id"], partner_id, {"fields": {}, **values})
    return Draft(None, after, await databases.documents.keep(after))


async def redraft(
    databases: Databases, partner_id: int, id_: int, values: Mapping[str, Any]
) -> Draft:
    """Prepare a change: `values` merged into a document, `fields` as a whole.

    NotFound; Unavailable; Conflict `changed_meanwhile` where `version` is not the present one.
    """
    before = await find(databases, partner_id, id_)
    if values.get("version", before["version"]) != before["version"]:
        raise _changed(before)
    after = _content(id_, partner_id, {**before, **values})
    if not _differing(before, after):
        return Draft(before, after, None)
    return Draft(before, after, await databases.documents.keep(after))


async def create(tx: Transaction, made: Draft) -> DocumentRow:
    """Insert the document of a draft; NotFound where its partner was deleted."""
    partner_id = made.after["partnerId"]
    if await tx.one_or_none(_LOCK_PARTNER, partner=partner_id) is None:
        raise NotFound
    await tx.execute(_INSERT, partner=partner_id, **_columns(made), id=made.after["id"])
    row = await _written(tx, made)
    await tx.record("partner_document_created", "partner_document", row["id"], after=row)
    return row


async def change(tx: Transaction, made: Draft) -> DocumentRow:
    """Change a document to its draft; NotFound, Conflict `changed_meanwhile` where it is no longer
    the version that the draft was made from."""
    assert made.before  # noqa: S101 - tells mypy
    if made.stored is None:
        return made.before
    read = {"row_id": made.before["id"], "read": made.before["version"]}
    if not await tx.execute(_UPDATE, **_columns(made), **read):
        raise await _missed(tx, made.before)
    row = await _written(tx, made)
    names = [*_differing(made.before, row), "version"]
    await tx.record(
        "partner_document_updated",
        "partner_document",
        row["id"],
        before=_only(made.before, names),
        after=_only(row, names),
    )
    return row


async def delete(tx: Transaction, before: DocumentRow) -> None:
    """Mark a document deleted in the version that was read; its content stays, as its row does.

    NotFound; Conflict `changed_meanwhile`.
    """
    if not await tx.execute(_DELETE, row_id=before["id"], read=before["version"]):
        raise await _missed(tx, before)
    await tx.record("partner_document_deleted", "partner_document", before["id"], before=before)


async def _with_fields(
    databases: Databases, rows: Sequence[StoredDocumentRow]
) -> list[DocumentRow]:
    fields = await databases.documents.fields_of(rows)
    return [_document(row, each) for row, each in zip(rows, fields, strict=True)]


def _document(row: StoredDocumentRow, fields: Any) -> DocumentRow:
    return {
        "id": row["id"],
        "partnerId": row["partnerId"],
        "title": row["title"],
        "kind": row["kind"],
        "fields": fields,
        "version": row["version"],
        "createdAt": row["createdAt"],
        "updatedAt": row["updatedAt"],
    }


def _content(id_: int, partner_id: int, values: Mapping[str, Any]) -> DocumentContent:
    return {
        "id": id_,
        "partnerId": partner_id,
        "title": values["title"],
        "kind": values["kind"],
        "fields": values["fields"],
    }


def _differing(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[str]:
    return [name for name in CONTENT if comparable(before[name]) != comparable(after[name])]


def _only(state: Mapping[str, Any], names: list[str]) -> dict[str, Any]:
    return {name: state[name] for name in names}


def _columns(made: Draft) -> dict[str, Any]:
    """Return the values of a row's columns, by parameter."""
    title, kind = made.after["title"], made.after["kind"]
    files = stored(made.after["fields"], FOLDER)
    content: Mapping[str, Any] = made.stored or {}
    return {"title": title, "kind": kind, "files": files, **content}


async def _written(tx: Transaction, made: Draft) -> DocumentRow:
    """Return the row just written, with the fields of its draft."""
    row = await tx.one(_GET, partner=made.after["partnerId"], id=made.after["id"])
    return _document(row, made.after["fields"])


async def _missed(tx: Transaction, before: DocumentRow) -> Exception:
    """Return why a row is no longer as it was read."""
    row = await tx.one_or_none(_GET, partner=before["partnerId"], id=before["id"])
    return NotFound() if row is None else _changed()


def _changed(row: DocumentRow | None = None) -> Conflict:
    message = "Somebody else changed this document meanwhile"
    return Conflict(message, code="changed_meanwhile", data=row)
