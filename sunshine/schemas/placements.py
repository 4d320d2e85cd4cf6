"""Payloads of /api/employees/:id/placements."""

from sunshine.schemas.fields import Schema, changes, date, row_id, text

PLACE: Schema = {
    "locationId": row_id(required=True),
    "from": date(required=True),
    "to": date(nullable=True),
    "notes": text(1000, nullable=True),
}
CHANGE = changes(PLACE)
