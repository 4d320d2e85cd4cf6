"""Payloads of /api/shifts and /api/employees/:id/shifts."""

from sunshine.core.fields import (
    Schema,
    changes,
    date,
    flag,
    list_of,
    row_id,
    text,
    time,
    timezone,
    whole,
)
from sunshine.core.shapes import resource_shape, string

FILTERS: Schema = {"search": text(100)}

CREATE: Schema = {
    "name": text(100, required=True, example="Day"),
    "startTime": time(required=True, example="09:00"),
    "endTime": time(required=True, example="17:00"),
    "graceMinutes": whole(0, 1440, example=10),
    "breakMinutes": whole(0, 1440, example=60),
    "workDays": list_of(
        whole(1, 7), 7, minlength=1, check_with="distinct", example=[1, 2, 3, 4, 5]
    ),
    "timezone": timezone(nullable=True),
    "checkInBeforeMinutes": whole(0, 1440),
    "checkOutAfterMinutes": whole(0, 1440),
}
CHANGE = changes(CREATE)

ASSIGN: Schema = {
    "shiftId": row_id(required=True, example=1),
    "from": date(required=True, example="2024-01-15"),
    "to": date(nullable=True),
}
REASSIGN = changes(ASSIGN)

SHIFT = resource_shape("Shift", CREATE, overnight=flag())
EMPLOYEE_SHIFT = resource_shape("EmployeeShift", ASSIGN, employeeId=row_id(), shift=string())
