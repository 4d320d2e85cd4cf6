"""Payloads of /api/tickets."""

from sunshine.schemas.fields import (
    Schema,
    changes,
    choice,
    file_url,
    flag,
    list_of,
    query_flag,
    query_id,
    row_id,
    text,
    whole,
)

PRIORITY = choice("low", "medium", "high", "urgent")
STATUS = choice("open", "in_progress", "resolved", "closed")
RATING = whole(1, 5)

FILTERS: Schema = {
    "status": STATUS,
    "priority": PRIORITY,
    "assignedTo": query_id(),
    "category": text(100),
    "reportedBy": query_id(),
    "breached": query_flag(),
    "search": text(100),
}

_TOLD: Schema = {
    "title": text(200, required=True),
    "description": text(10_000, nullable=True),
    "category": text(100, nullable=True),
    "attachments": list_of(file_url(), 20, check_with="distinct"),
}
CREATE: Schema = {
    **_TOLD,
    "priority": PRIORITY,
    "reportedBy": row_id(),
}
# `version` is that of the ticket as the sender knows it.
CHANGE: Schema = {
    **changes(_TOLD),
    "priority": PRIORITY,
    "status": STATUS,
    "assignedTo": row_id(nullable=True),
    "notes": text(10_000, empty=False),
    "version": whole(1),
}
ASSIGN: Schema = {"assignedTo": row_id(required=True, nullable=True)}
COMMENT: Schema = {"comment": text(10_000, required=True), "internal": flag()}
CLOSE: Schema = {"resolution": text(10_000, required=True), "satisfaction": RATING}
RATE: Schema = {"satisfaction": {**RATING, "required": True}, "comment": text(2000)}
MERGE: Schema = {"into": row_id(required=True)}
