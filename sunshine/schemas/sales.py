"""Payloads of /api/sales."""

from sunshine.schemas.fields import (
    Schema,
    changes,
    choice,
    date,
    list_of,
    money,
    query_id,
    row_id,
    text,
    whole,
)

_ITEM: Schema = {
    "productId": row_id(required=True),
    "quantity": whole(1, 1_000_000, required=True),
    "price": money(required=True),
}
CREATE: Schema = {
    "customerId": row_id(required=True),
    "items": list_of({"type": "dict", "schema": _ITEM}, 500, required=True, minlength=1),
    "total": money(required=True),
    "salesPerson": row_id(),
    "date": date(),
    "notes": text(2000, nullable=True),
}
CHANGE = changes(CREATE)
VOID: Schema = {"reason": text(500, required=True)}

_PERIOD: Schema = {
    "startDate": date(),
    "endDate": date(),
    "salesPerson": query_id(),
    "customerId": query_id(),
}
FILTERS: Schema = {**_PERIOD, "status": choice("completed", "void")}
REPORT: Schema = {**_PERIOD, "format": choice("json", "csv", "xlsx", default="json")}
