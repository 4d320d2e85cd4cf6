"""Payloads of /api/employees/:id/placements."""

from sunshine.core.fields import Schema, changes, date, prose, row_id
from sunshine.core.shapes import resource_shape, string

PLACE: Schema = {
    "locationId": row_id(required=True, example=1),
    "from": date(required=True, example="2024-01-15"),
    "to": date(nullable=True),
    "notes": prose(1000, nullable=True, example="Until the new office opens"),
}
CHANGE = changes(PLACE)

PLACEMENT = resource_shape("Placement", PLACE, employeeId=row_id(), location=string())
