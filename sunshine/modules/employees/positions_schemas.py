"""Payloads of /api/positions."""

from sunshine.core.fields import Schema, changes, flag, query_flag, query_id, row_id, text, whole
from sunshine.core.shapes import resource_shape, string

FILTERS: Schema = {"active": query_flag(), "departmentId": query_id(), "search": text(100)}

CREATE: Schema = {
    "name": text(100, required=True, example="Developer"),
    "departmentId": row_id(nullable=True),
    "level": whole(0, 1000, nullable=True, example=3),
    "active": flag(),
}
CHANGE = changes(CREATE)

POSITION = resource_shape("Position", CREATE, department=string(nullable=True))
