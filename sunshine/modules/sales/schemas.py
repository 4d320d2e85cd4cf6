"""Payloads of /api/sales."""

from sunshine.core.fields import (
    Schema,
    changes,
    choice,
    date,
    instant,
    list_of,
    money,
    prose,
    query_id,
    row_id,
    whole,
)
from sunshine.core.shapes import Shape, record, shown, some, words

_ITEM: Schema = {
    "productId": row_id(required=True, example=456),
    "quantity": whole(1, 1_000_000, required=True, example=2),
    "price": money(required=True, example=100),
}
CREATE: Schema = {
    "customerId": row_id(required=True, example=123),
    "items": list_of({"type": "dict", "schema": _ITEM}, 500, required=True, minlength=1),
    "total": money(required=True, example=200),
    "salesPerson": row_id(example=789),
    "date": date(example="2024-01-15"),
    "notes": prose(2000, nullable=True),
}
CHANGE = changes(CREATE)
VOID: Schema = {"reason": prose(500, required=True, example="Recorded twice")}

_PERIOD: Schema = {
    "startDate": date(),
    "endDate": date(),
    "salesPerson": query_id(),
    "customerId": query_id(),
}
FILTERS: Schema = {**_PERIOD, "status": choice("completed", "void")}
REPORT: Schema = {**_PERIOD, "format": choice("json", "csv", "xlsx", default="json")}

_SOLD = Shape("SaleItem", {**shown(_ITEM), "amount": money(example=200)})
SALE = record(
    "Sale",
    {name: field for name, field in CREATE.items() if name != "items"},
    items=some(_SOLD),
    salesPersonName=words(),
    status=choice("completed", "void"),
    voidReason=words(nullable=True),
    voidedAt=instant(nullable=True),
    voidedBy=words(nullable=True),
)
_SUM: Schema = {"count": whole(0), "total": money()}
SUMS = Shape(
    "SalesReport",
    {
        "totalSales": money(),
        "count": whole(0),
        "average": money(),
        "bySalesPerson": some(
            Shape("SalesByPerson", {"salesPerson": row_id(), "name": words(), **_SUM})
        ),
        "byCustomer": some(Shape("SalesByCustomer", {"customerId": row_id(), **_SUM})),
        "byProduct": some(
            Shape("SalesByProduct", {"productId": row_id(), "quantity": whole(0), **_SUM})
        ),
        "byDay": some(Shape("SalesByDay", {"date": date(), **_SUM})),
    },
)
