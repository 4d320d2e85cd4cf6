"""Payloads of /api/onapps."""

from decimal import Decimal

from sunshine.schemas.fields import (
    Schema,
    changes,
    choice,
    date,
    file_url,
    flag,
    money,
    query_flag,
    row_id,
    text,
    whole,
)

SETTINGS: Schema = {
    "settings": {"type": "dict", "required": True, "allow_unknown": True, "maxlength": 200},
}

CODE = r"[A-Za-z0-9][A-Za-z0-9_-]*"
FILTERS: Schema = {
    "active": query_flag(),
    "public": query_flag(),
    "search": text(100),
}
CREATE: Schema = {
    "code": text(50, required=True, regex=CODE),
    "description": text(500, nullable=True),
    "image": file_url(nullable=True),
    "discountType": choice("percentage", "fixed", required=True),
    "discountValue": money(required=True, min=Decimal("0.01")),
    "minPurchase": money(),
    "maxDiscount": money(nullable=True),
    "validFrom": date(nullable=True),
    "validUntil": date(nullable=True),
    "usageLimit": whole(1, nullable=True),
    "perCustomerLimit": whole(1, nullable=True),
    "public": flag(),
    "active": flag(),
}
# The code is printed on flyers: it stays.
CHANGE = changes({name: field for name, field in CREATE.items() if name != "code"})
VALIDATE: Schema = {
    "code": text(50, required=True),
    "orderAmount": money(required=True),
    "customerId": row_id(nullable=True),
}
REDEEM: Schema = {**VALIDATE, "orderRef": text(100, required=True)}
