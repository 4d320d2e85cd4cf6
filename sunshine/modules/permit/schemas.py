"""Payloads of /api/permit."""

from sunshine.core.fields import Schema, choice, date, instant, prose, query_id, row_id, time
from sunshine.core.shapes import optional, resource_shape, string

_TYPES = ("sick", "personal", "official")

APPLY: Schema = {
    "employeeId": row_id(example=123),
    "date": date(required=True, example="2024-01-15"),
    "startTime": time(required=True, example="09:00"),
    "endTime": time(required=True, example="11:00"),
    "reason": prose(1000, required=True, example="Doctor appointment"),
    "type": choice(*_TYPES, required=True, example="sick"),
}
DECIDE: Schema = {
    "action": choice(
        "approve", "reject", required=True, needs={"reject": "notes"}, example="approve"
    ),
    "notes": prose(1000, example="Medical appointment approved"),
}
FILTERS: Schema = {
    "status": choice("pending", "approved", "rejected", "cancelled"),
    "type": choice(*_TYPES),
    "employeeId": query_id(),
    "date": date(),
    "startDate": date(),
    "endDate": date(),
}

PERMIT = resource_shape(
    "Permit",
    {name: field for name, field in APPLY.items() if name != "reason"},
    reason=optional(string(nullable=True, example="Doctor appointment")),
    employee=string(),
    status=choice("pending", "approved", "rejected", "cancelled"),
    decidedById=row_id(nullable=True),
    decidedBy=string(nullable=True),
    decidedAt=instant(nullable=True),
    notes=string(nullable=True),
)
