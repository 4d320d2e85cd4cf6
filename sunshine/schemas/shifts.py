"""Payloads of /api/shifts and /api/employees/:id/shifts."""

from sunshine.schemas.fields import (
    Schema,
    changes,
    date,
    list_of,
    row_id,
    text,
    time,
    timezone,
    whole,
)

FILTERS: Schema = {"search": text(100)}

CREATE: Schema = {
    "name": text(100, required=True),
    "startTime": time(required=True),
    "endTime": time(required=True),
    "graceMinutes": whole(0, 1440),
    "breakMinutes": whole(0, 1440),
    "workDays": list_of(whole(1, 7), 7, minlength=1, check_with="distinct"),
    "timezone": timezone(nullable=True),
    "checkInBeforeMinutes": whole(0, 1440),
    "checkOutAfterMinutes": whole(0, 1440),
}
CHANGE = changes(CREATE)

ASSIGN: Schema = {
    "shiftId": row_id(required=True),
    "from": date(required=True),
    "to": date(nullable=True),
}
REASSIGN = changes(ASSIGN)
