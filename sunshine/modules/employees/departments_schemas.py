"""Payloads of /api/departments."""

from sunshine.core.fields import Schema, changes, flag, prose, query_flag, text
from sunshine.core.shapes import resource_shape

FILTERS: Schema = {"active": query_flag(), "search": text(100)}

CREATE: Schema = {
    "name": text(100, required=True, example="IT"),
    "description": prose(1000, nullable=True, example="Computers and networks"),
    "active": flag(),
}
CHANGE = changes(CREATE)

DEPARTMENT = resource_shape("Department", CREATE)
