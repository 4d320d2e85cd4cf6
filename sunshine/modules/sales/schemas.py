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
from sunshine.core.shapes import Shape, array_of, resource_shape, response_fields, string

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

_SOLD = Shape("SaleItem", {**response_fields(_ITEM), "amount": money(example=200)})
SALE = resource_shape(
    "Sale",
    {name: field for name, field in CREATE.items() if name != "items"},
    items=array_of(_SOLD),
    salesPersonName=string(),
    status=choice("completed", "void"),
    voidReason=string(nullable=True),
    voidedAt=instant(nullable=True),
    voidedBy=string(nullable=True),
)
_SUM: Schema = {"count": whole(0), "total": money()}
SUMS = Shape(
    "SalesReport",
    {
        "totalSales": money(),
        "count": whole(0),
        "average": money(),
        "bySalesPerson": array_of(
            Shape("SalesByPerson", {"salesPerson": row_id(), "name": string(), **_SUM})
        ),
        "byCustomer": array_of(Shape("SalesByCustomer", {"customerId": row_id(), **_SUM})),
        "byProduct": array_of(
            Shape("SalesByProduct", {"productId": row_id(), "quantity": whole(0), **_SUM})
        ),
        "byDay": array_of(Shape("SalesByDay", {"date": date(), **_SUM})),
    },
)
