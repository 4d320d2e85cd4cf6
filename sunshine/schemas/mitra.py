"""Payloads of /api/mitra."""

from sunshine.schemas.fields import Schema, changes, choice, email, free_form, text, whole

STATUS = ("active", "inactive")
FILTERS: Schema = {"type": text(50), "status": choice(*STATUS), "search": text(100)}
CREATE: Schema = {
    "name": text(200, required=True),
    "type": text(50, required=True),
    "contactName": text(200, nullable=True),
    "phone": text(50, nullable=True),
    "email": email(nullable=True),
    "address": text(1000, nullable=True),
    "status": choice(*STATUS),
}
CHANGE = changes(CREATE)

DOCUMENT_FILTERS: Schema = {"kind": text(50), "search": text(100)}
CREATE_DOCUMENT: Schema = {
    "title": text(200, required=True),
    "kind": text(50, required=True),
    "fields": free_form(),
}
# `version` is that of the document as the sender knows it.
CHANGE_DOCUMENT: Schema = {**changes(CREATE_DOCUMENT), "version": whole(1)}
