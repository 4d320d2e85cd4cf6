"""Payloads of /api/permit."""

from sunshine.core.fields import Schema, choice, date, instant, prose, query_id, row_id, time
from sunshine.core.shapes import record, sometimes, words

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

PERMIT = record(
    "Permit",
    {name: field for name, field in APPLY.items() if name != "reason"},
    reason=sometimes(words(nullable=True, example="Doctor appointment")),
    employee=words(),
    status=choice("pending", "approved", "rejected", "cancelled"),
    decidedById=row_id(nullable=True),
    decidedBy=words(nullable=True),
    decidedAt=instant(nullable=True),
    notes=words(nullable=True),
)
