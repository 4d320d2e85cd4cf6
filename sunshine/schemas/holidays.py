"""Payloads of /api/leave/holidays."""

from sunshine.schemas.fields import Schema, changes, choice, date, digits, flag, text

FILTERS: Schema = {"year": digits(1, 9999), "kind": choice("public", "collective")}

CREATE: Schema = {
    "date": date(required=True),
    "name": text(200, required=True),
    "kind": choice("public", "collective", required=True),
    "deductsAnnual": flag(),
}
CHANGE = changes(CREATE)
