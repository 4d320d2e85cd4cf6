"""Payloads and filters of /api/attendance and /api/attendance/locations."""

from sunshine.schemas.fields import (
    Field,
    Schema,
    changes,
    choice,
    date,
    flag,
    instant,
    number,
    picture,
    query_flag,
    query_id,
    row_id,
    text,
    timezone,
    whole,
)

LOCATION_FILTERS: Schema = {"active": query_flag(), "search": text(100)}

CREATE_LOCATION: Schema = {
    "name": text(100, required=True),
    "latitude": number(-90, 90, required=True),
    "longitude": number(-180, 180, required=True),
    "radiusMeters": whole(1, 100_000, required=True),
    "address": text(500, nullable=True),
    "timezone": timezone(nullable=True),
    "active": flag(),
}
CHANGE_LOCATION = changes(CREATE_LOCATION)

_POSITION: Field = {
    "type": "dict",
    "schema": {
        "latitude": number(-90, 90, required=True),
        "longitude": number(-180, 180, required=True),
    },
    "nullable": True,
}

CHECK: Schema = {
    "employeeId": row_id(),
    "location": _POSITION,
    "photo": picture(nullable=True),
    "timestamp": instant(),
    "notes": text(1000, nullable=True),
}

CORRECT: Schema = {
    "checkIn": instant(),
    "checkOut": instant(nullable=True),
    "status": choice("present", "absent"),
    "notes": text(1000, nullable=True),
}

FILTERS: Schema = {
    "employeeId": query_id(),
    "departmentId": query_id(),
    "startDate": date(),
    "endDate": date(),
    "status": choice("present", "absent", "late", "on_leave", "holiday"),
    "review": query_flag(),
}
