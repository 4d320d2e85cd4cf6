"""The rows that the statements of mitra return."""

import datetime as dt
from typing import Any, TypedDict


class PartnerRow(TypedDict):
    """A partner."""

    id: int
    name: str
    type: str
    contactName: str | None
    phone: str | None
    email: str | None
    address: str | None
    status: str
    createdAt: dt.datetime
    updatedAt: dt.datetime


class DocumentContent(TypedDict):
    """What a document says; `fields` is any JSON object, null where MongoDB has lost it."""

    id: int
    partnerId: int
    title: str
    kind: str
    fields: Any


class DocumentRow(DocumentContent):
    """A document as the API shows it."""

    version: int
    createdAt: dt.datetime
    updatedAt: dt.datetime


class StoredDocumentRow(DocumentRow):
    """A document's row. `fields` are null where MongoDB has them, under `contentKey`."""

    contentKey: str | None


class ContentKeyRow(TypedDict):
    """The key of a content that a row names."""

    key: str
