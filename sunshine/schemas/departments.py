"""Payloads of /api/departments."""

from sunshine.schemas.fields import Schema, changes, flag, query_flag, text

FILTERS: Schema = {"active": query_flag(), "search": text(100)}

CREATE: Schema = {
    "name": text(100, required=True),
    "description": text(1000, nullable=True),
    "active": flag(),
}
CHANGE = changes(CREATE)
