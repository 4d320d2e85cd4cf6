"""Payloads of /api/mitra."""

from sunshine.core.fields import Schema, changes, choice, email, free_form, row_id, text, whole
from sunshine.core.shapes import any_object, resource_shape

STATUS = ("active", "inactive")
FILTERS: Schema = {"type": text(50), "status": choice(*STATUS), "search": text(100)}
CREATE: Schema = {
    "name": text(200, required=True, example="PT Sumber Rejeki"),
    "type": text(50, required=True, example="supplier"),
    "contactName": text(200, nullable=True, example="Dewi Lestari"),
    "phone": text(50, nullable=True, example="+62 21 555"),
    "email": email(nullable=True, example="dewi@example.com"),
    "address": text(1000, nullable=True, example="Jl. Jenderal Sudirman 1, Jakarta"),
    "status": choice(*STATUS),
}
CHANGE = changes(CREATE)

DOCUMENT_FILTERS: Schema = {"kind": text(50), "search": text(100)}
CREATE_DOCUMENT: Schema = {
    "title": text(200, required=True, example="Framework contract"),
    "kind": text(50, required=True, example="contract"),
    "fields": free_form(example={"signedOn": "2024-01-15", "parties": ["us", "them"]}),
}
# `version` is that of the document as the sender knows it.
CHANGE_DOCUMENT: Schema = {**changes(CREATE_DOCUMENT), "version": whole(1)}

PARTNER = resource_shape("Partner", CREATE)
DOCUMENT = resource_shape(
    "PartnerDocument",
    CREATE_DOCUMENT,
    partnerId=row_id(),
    version=whole(1),
    # null where MongoDB has lost them
    fields=any_object(nullable=True),
)
