"""Payloads of /api/permit."""

from sunshine.schemas.fields import Schema, choice, date, query_id, row_id, text, time

_TYPES = ("sick", "personal", "official")

APPLY: Schema = {
    "employeeId": row_id(),
    "date": date(required=True),
    "startTime": time(required=True),
    "endTime": time(required=True),
    "reason": text(1000, required=True),
    "type": choice(*_TYPES, required=True),
}
DECIDE: Schema = {
    "action": choice("approve", "reject", required=True),
    "notes": text(1000),
}
FILTERS: Schema = {
    "status": choice("pending", "approved", "rejected", "cancelled"),
    "type": choice(*_TYPES),
    "employeeId": query_id(),
    "date": date(),
    "startDate": date(),
    "endDate": date(),
}
