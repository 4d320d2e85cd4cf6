"""Payloads and responses of /api/onapps."""

from decimal import Decimal

from sunshine.core.fields import (
    Schema,
    changes,
    choice,
    date,
    file_url,
    flag,
    instant,
    money,
    prose,
    query_flag,
    row_id,
    text,
    whole,
)
from sunshine.core.shapes import (
    Shape,
    any_object,
    array_of,
    optional,
    resource_shape,
    response_fields,
    string,
)

CONFIGURE: Schema = {
    "settings": {
        "type": "dict",
        "required": True,
        "allow_unknown": True,
        "maxlength": 200,
        "example": {"theme": "sunny"},
    },
}

CODE = r"[A-Za-z0-9][A-Za-z0-9_-]*"
FILTERS: Schema = {
    "active": query_flag(),
    "public": query_flag(),
    "search": text(100),
}
CREATE: Schema = {
    "code": text(50, required=True, regex=CODE, example="SAVE20"),
    "description": prose(500, nullable=True, example="20% off all orders"),
    "image": file_url(nullable=True),
    "discountType": choice("percentage", "fixed", required=True, example="percentage"),
    "discountValue": money(required=True, min=Decimal("0.01"), example=20),
    "minPurchase": money(example=100),
    "maxDiscount": money(nullable=True, example=50),
    "validFrom": date(nullable=True, example="2024-01-01"),
    "validUntil": date(nullable=True, example="2024-12-31"),
    "usageLimit": whole(1, nullable=True, example=1000),
    "perCustomerLimit": whole(1, nullable=True),
    "public": flag(),
    "active": flag(example=True),
}
# The code never changes: it is printed on flyers.
CHANGE = changes({name: field for name, field in CREATE.items() if name != "code"})
VALIDATE: Schema = {
    "code": text(50, required=True, example="SAVE20"),
    "orderAmount": money(required=True, example=150),
    "customerId": row_id(nullable=True),
}
REDEEM: Schema = {**VALIDATE, "orderRef": text(100, required=True, example="ORDER-1001")}

VOUCHER = resource_shape("Voucher", CREATE, used=whole(0))
REDEMPTION = Shape(
    "Redemption",
    {
        "id": row_id(),
        "voucherId": row_id(),
        **response_fields(REDEEM),
        "discount": money(),
        "finalAmount": money(),
        "redeemedBy": string(),
        "redeemedAt": instant(),
        "releasedAt": instant(nullable=True),
    },
)
VALIDATED = Shape(
    "VoucherValidated",
    {
        "success": flag(),
        "valid": flag(),
        "discount": money(example=30),
        "finalAmount": money(example=120),
        "message": string(example="Voucher applied successfully"),
        "reason": optional(string(example="min_purchase")),
    },
)
_PUBLIC = Shape(
    "PublicVoucher",
    response_fields(
        {
            name: CREATE[name]
            for name in (
                "code",
                "description",
                "image",
                "discountType",
                "discountValue",
                "minPurchase",
                "maxDiscount",
                "validUntil",
            )
        }
    ),
)
ONAPPS = Shape("Onapps", {"settings": any_object(), "vouchers": optional(array_of(_PUBLIC))})
