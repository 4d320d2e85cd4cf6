"""Payloads of /api/asset-management."""

from sunshine.schemas.fields import (
    Schema,
    changes,
    choice,
    date,
    flag,
    instant,
    money,
    number,
    query_flag,
    query_id,
    row_id,
    text,
    whole,
)

KINDS = ("category", "location", "vendor")

CONFIG_FILTERS: Schema = {
    "kind": choice(*KINDS),
    "active": query_flag(),
    "search": text(100),
}
CREATE_CONFIG: Schema = {
    "kind": choice(*KINDS, required=True),
    "key": text(50, required=True),
    "name": text(100, required=True),
    "attributes": {
        "type": "dict",
        "maxlength": 50,
        "allow_unknown": True,
        # What a category says of its assets' value: book_value() in sunshine/rules/assets.py.
        "schema": {"depreciationMonths": whole(1, 1200), "residualPercent": number(0, 100)},
    },
    "active": flag(),
}
# Assets refer to it by kind and key.
CHANGE_CONFIG = changes({k: v for k, v in CREATE_CONFIG.items() if k != "kind"})

FILTERS: Schema = {
    "status": choice("active", "inactive", "maintenance", "retired"),
    "category": text(50),
    "location": text(50),
    "assignedTo": query_id(),
    "search": text(100),
}
CREATE: Schema = {
    "assetCode": text(50, required=True),
    "name": text(200, required=True),
    "category": text(50, required=True),
    "serialNumber": text(100, nullable=True, empty=False),
    "purchaseDate": date(nullable=True),
    "value": money(nullable=True),
    # In maintenance it is while a maintenance is open.
    "status": choice("active", "inactive", "retired"),
    "location": text(50, nullable=True, empty=False),
    "vendor": text(50, nullable=True, empty=False),
    "warrantyUntil": date(nullable=True),
    "notes": text(2000, nullable=True),
}
CHANGE = changes(CREATE)

ASSIGN: Schema = {
    "employeeId": row_id(required=True),
    "assignDate": date(),
    "notes": text(2000, nullable=True),
}
RETURN: Schema = {
    "returnDate": date(),
    "condition": text(200, nullable=True),
    "notes": text(2000, nullable=True),
}
MAINTENANCE: Schema = {
    "type": text(100, required=True),
    "vendor": text(100, nullable=True),
    "cost": money(nullable=True),
    "startedOn": date(required=True),
    "completedOn": date(nullable=True),
    "notes": text(2000, nullable=True),
}
CHANGE_MAINTENANCE = changes(MAINTENANCE)
RESERVE: Schema = {
    "employeeId": row_id(),
    "from": date(required=True),
    "to": date(required=True),
    "notes": text(2000, nullable=True),
}
REPORT_PLACE: Schema = {
    "location": text(50),
    "latitude": number(-90, 90, dependencies="longitude"),
    "longitude": number(-180, 180, dependencies="latitude"),
    "timestamp": instant(),
    "notes": text(2000, nullable=True),
}
