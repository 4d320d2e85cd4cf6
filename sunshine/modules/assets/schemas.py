"""Payloads and responses of /api/asset-management."""

from sunshine.core.fields import (
    Schema,
    changes,
    choice,
    date,
    flag,
    instant,
    money,
    number,
    prose,
    query_flag,
    query_id,
    row_id,
    text,
    whole,
)
from sunshine.core.shapes import (
    Shape,
    any_object,
    array_of,
    object_of,
    optional,
    optional_fields,
    resource_shape,
    response_fields,
    string,
)

KINDS = ("category", "location", "vendor")

CONFIG_FILTERS: Schema = {
    "kind": choice(*KINDS),
    "active": query_flag(),
    "search": text(100),
}
CREATE_CONFIG: Schema = {
    "kind": choice(*KINDS, required=True, example="category"),
    "key": text(50, required=True, example="laptop"),
    "name": text(100, required=True, example="Laptop"),
    "attributes": {
        "type": "dict",
        "maxlength": 50,
        "allow_unknown": True,
        # How the assets of a category depreciate: sunshine/modules/assets/inventory.py.
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
    "assetCode": text(50, required=True, example="AST-001"),
    "name": text(200, required=True, example="MacBook Pro"),
    "category": text(50, required=True, example="laptop"),
    "serialNumber": text(100, nullable=True, empty=False, example="SN123456"),
    "purchaseDate": date(nullable=True, example="2024-01-01"),
    "value": money(nullable=True, example=2000),
    # `maintenance` is set while a maintenance is open.
    "status": choice("active", "inactive", "retired"),
    "location": text(50, nullable=True, empty=False),
    "vendor": text(50, nullable=True, empty=False),
    "warrantyUntil": date(nullable=True),
    "notes": prose(2000, nullable=True),
}
CHANGE = changes(CREATE)

ASSIGN: Schema = {
    "employeeId": row_id(required=True, example=123),
    "assignDate": date(example="2024-01-15"),
    "notes": prose(2000, nullable=True, example="Work laptop"),
}
RETURN: Schema = {
    "returnDate": date(example="2024-06-30"),
    "condition": text(200, nullable=True, example="Good"),
    "notes": prose(2000, nullable=True),
}
MAINTENANCE: Schema = {
    "type": text(100, required=True, example="repair"),
    "vendor": text(100, nullable=True, example="Apple"),
    "cost": money(nullable=True, example=129.5),
    "startedOn": date(required=True, example="2024-03-01"),
    "completedOn": date(nullable=True),
    "notes": prose(2000, nullable=True),
}
CHANGE_MAINTENANCE = changes(MAINTENANCE)
RESERVE: Schema = {
    "employeeId": row_id(),
    "from": date(required=True, example="2024-02-01"),
    "to": date(required=True, example="2024-02-05"),
    "notes": prose(2000, nullable=True),
}
REPORT_PLACE: Schema = {
    "location": text(50, required=True, example="HQ"),
    "latitude": number(-90, 90, dependencies="longitude", instead_of="location"),
    "longitude": number(-180, 180, dependencies="latitude"),
    "timestamp": instant(),
    "notes": prose(2000, nullable=True, example="On the shelf"),
}

CONFIG = resource_shape("AssetConfig", CREATE_CONFIG, attributes=any_object())
# Left out of an AssetSummaryRow, as the book value is.
_COST = ("purchaseDate", "value", "vendor")
ASSET = resource_shape(
    "Asset",
    {name: field for name, field in CREATE.items() if name not in _COST},
    status=choice("active", "inactive", "maintenance", "retired"),
    **optional_fields(response_fields({name: CREATE[name] for name in _COST})),
    bookValue=optional(money(nullable=True)),
    assignedTo=row_id(nullable=True),
    assignedToName=string(nullable=True),
    assignDate=date(nullable=True),
)
DONE_MAINTENANCE = resource_shape("AssetMaintenance", MAINTENANCE, assetId=row_id())
RESERVATION = Shape(
    "AssetReservation",
    {
        "id": row_id(),
        "assetId": row_id(),
        **response_fields(RESERVE),
        "employee": string(),
        "createdAt": instant(),
    },
)
_PLACE: Schema = {
    "location": string(nullable=True),
    "latitude": number(-90, 90, nullable=True),
    "longitude": number(-180, 180, nullable=True),
    "notes": string(nullable=True),
    "at": instant(),
}
PLACE = Shape("AssetPlace", _PLACE)
_HOLDER = Shape("AssetHolder", {"employeeId": row_id(), "name": string()})
_STEP = Shape(
    "AssetStep",
    {
        **_PLACE,
        "what": string(),
        "employeeId": row_id(nullable=True),
        "employee": string(nullable=True),
        "actor": string(),
    },
)
_TRACKED = Shape(
    "TrackedAsset",
    {
        "id": row_id(),
        **{name: ASSET.fields[name] for name in ("assetCode", "name", "category", "status")},
    },
)
_PRESENT = Shape(
    "AssetPresent",
    {
        "holder": object_of(_HOLDER, nullable=True),
        "location": string(nullable=True),
        "since": instant(nullable=True),
    },
)
TRACKING = Shape(
    "AssetTracking",
    {"asset": object_of(_TRACKED), "current": object_of(_PRESENT), "history": array_of(_STEP)},
)
