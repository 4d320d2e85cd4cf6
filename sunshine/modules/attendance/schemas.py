"""Payloads and filters of /api/attendance and /api/attendance/locations."""

from sunshine.core.fields import (
    Field,
    Schema,
    changes,
    choice,
    date,
    flag,
    instant,
    list_of,
    number,
    picture,
    prose,
    query_flag,
    query_id,
    row_id,
    text,
    timezone,
    whole,
)
from sunshine.core.shapes import Shape, optional, resource_shape, string

LOCATION_FILTERS: Schema = {"active": query_flag(), "search": text(100)}

CREATE_LOCATION: Schema = {
    "name": text(100, required=True, example="Head Office"),
    "latitude": number(-90, 90, required=True, example=-6.2088),
    "longitude": number(-180, 180, required=True, example=106.8456),
    "radiusMeters": whole(1, 100_000, required=True, example=150),
    "address": text(500, nullable=True, example="Jl. Jenderal Sudirman 1, Jakarta"),
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
    "example": {"latitude": -6.2088, "longitude": 106.8456},
}

CHECK: Schema = {
    "employeeId": row_id(example=123),
    "location": _POSITION,
    "photo": picture(nullable=True),
    "timestamp": instant(example="2024-01-15T08:00:00Z"),
    "notes": prose(1000, nullable=True),
}

CORRECT: Schema = {
    "checkIn": instant(),
    "checkOut": instant(nullable=True, example="2024-01-15T17:00:00Z"),
    "status": choice("present", "absent"),
    "notes": prose(1000, nullable=True, example="Forgot to check out"),
}

FILTERS: Schema = {
    "employeeId": query_id(),
    "departmentId": query_id(),
    "startDate": date(),
    "endDate": date(),
    "status": choice("present", "absent", "late", "on_leave", "holiday"),
    "review": query_flag(),
}

LOCATION = resource_shape("Location", CREATE_LOCATION)
_SEEN: Field = optional(_POSITION)  # only for the employee, HR and admins
_PHOTO: Field = optional(string(nullable=True))
ATTENDANCE = Shape(
    "Attendance",
    {
        "id": row_id(),
        "employeeId": row_id(),
        "employee": string(),
        "workDate": date(),
        "status": choice("present", "absent", "on_leave", "holiday"),
        "late": flag(),
        "earlyLeave": flag(),
        "workedMinutes": whole(0, nullable=True),
        "overtimeMinutes": whole(0, nullable=True),
        "shiftId": row_id(nullable=True),
        "shift": string(nullable=True),
        "leaveId": row_id(nullable=True),
        "checkIn": instant(nullable=True),
        "checkInRecordedAt": instant(nullable=True),
        "checkInLocation": _SEEN,
        "checkInPhoto": _PHOTO,
        "locationId": row_id(nullable=True),
        "location": string(nullable=True),
        "distance": number(0, 21_000_000, nullable=True),
        "withinGeofence": flag(nullable=True),
        "checkOut": instant(nullable=True),
        "checkOutRecordedAt": instant(nullable=True),
        "checkOutLocation": _SEEN,
        "checkOutPhoto": _PHOTO,
        "autoCheckOut": flag(),
        "review": flag(),
        "reviewReasons": list_of(string()),
        "notes": string(nullable=True),
        "createdAt": instant(),
        "updatedAt": instant(),
    },
)
