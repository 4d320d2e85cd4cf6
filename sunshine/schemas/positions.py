"""Payloads of /api/positions."""

from sunshine.schemas.fields import Schema, changes, flag, query_flag, query_id, row_id, text, whole

FILTERS: Schema = {"active": query_flag(), "departmentId": query_id(), "search": text(100)}

CREATE: Schema = {
    "name": text(100, required=True),
    "departmentId": row_id(nullable=True),
    "level": whole(0, 1000, nullable=True),
    "active": flag(),
}
CHANGE = changes(CREATE)
