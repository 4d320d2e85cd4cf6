"""Payloads of /api/leave/holidays."""

from sunshine.core.fields import Schema, changes, choice, date, digits, flag, text
from sunshine.core.shapes import resource_shape

FILTERS: Schema = {"year": digits(1, 9999), "kind": choice("public", "collective")}

CREATE: Schema = {
    "date": date(required=True, example="2024-12-25"),
    "name": text(200, required=True, example="Christmas"),
    "kind": choice("public", "collective", required=True, example="public"),
    "deductsAnnual": flag(),
}
CHANGE = changes(CREATE)

HOLIDAY = resource_shape("Holiday", CREATE)
