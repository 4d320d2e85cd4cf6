"""Payloads of /api/tickets."""

from sunshine.core.fields import (
    Schema,
    changes,
    choice,
    file_url,
    flag,
    instant,
    list_of,
    prose,
    query_flag,
    query_id,
    row_id,
    text,
    whole,
)
from sunshine.core.shapes import (
    Shape,
    any_object,
    object_of,
    optional,
    resource_shape,
    response_fields,
    string,
)

PRIORITY = choice("low", "medium", "high", "urgent")
STATUS = choice("open", "in_progress", "resolved", "closed")
RATING = whole(1, 5, example=5)

FILTERS: Schema = {
    "status": STATUS,
    "priority": PRIORITY,
    "assignedTo": query_id(),
    "category": text(100),
    "reportedBy": query_id(),
    "breached": query_flag(),
    "search": text(100),
}

_REPORT: Schema = {
    "title": text(200, required=True, example="Network issue in office"),
    "description": prose(10_000, nullable=True, example="WiFi not working on 2nd floor"),
    "category": text(100, nullable=True, example="IT"),
    "attachments": list_of(file_url(), 20, check_with="distinct", example=["url_to_file"]),
}
CREATE: Schema = {
    **_REPORT,
    "priority": {**PRIORITY, "example": "high"},
    "reportedBy": row_id(example=123),
}
# `version` is that of the ticket as the sender knows it.
CHANGE: Schema = {
    **changes(_REPORT),
    "priority": PRIORITY,
    "status": {**STATUS, "example": "in_progress"},
    "assignedTo": row_id(nullable=True, example=456),
    "notes": prose(10_000, empty=False, example="Working on the issue"),
    "version": whole(1),
}
ASSIGN: Schema = {"assignedTo": row_id(required=True, nullable=True, example=456)}
COMMENT: Schema = {
    "comment": prose(10_000, required=True, example="Issue resolved by resetting the router"),
    "internal": flag(example=False),
}
CLOSE: Schema = {
    "resolution": prose(10_000, required=True, example="Reset router and reconfigured network"),
    "satisfaction": RATING,
}
RATE: Schema = {
    "satisfaction": {**RATING, "required": True},
    "comment": prose(2000, example="Quick, thank you"),
}
MERGE: Schema = {"into": row_id(required=True, example=2)}

TICKET = resource_shape(
    "Ticket",
    CREATE,
    priority={**PRIORITY, "example": "high"},
    status=STATUS,
    number=string(example="TCK-000123"),
    assignedTo=row_id(nullable=True),
    reporter=string(),
    assignee=string(nullable=True),
    resolution=string(nullable=True),
    satisfaction=whole(1, 5, nullable=True),
    satisfactionComment=string(nullable=True),
    mergedInto=row_id(nullable=True),
    firstResponseDueAt=instant(),
    firstRespondedAt=instant(nullable=True),
    dueAt=instant(),
    resolvedAt=instant(nullable=True),
    closedAt=instant(nullable=True),
    breached=flag(),
    commentCount=whole(0),
    watching=flag(),
    version=whole(1),
)
TICKET_COMMENT = Shape(
    "TicketComment",
    {
        "id": row_id(),
        "ticketId": row_id(),
        **response_fields(COMMENT),
        "files": list_of(file_url(), 1000),
        "authorId": row_id(nullable=True),
        "author": string(),
        "createdAt": instant(),
    },
)
# `changes` has each changed field's name with the values `from` and `to`.
TICKET_EVENT = Shape(
    "TicketEvent",
    {
        "seq": string(),
        "type": string(example="ticket_updated"),
        "at": instant(),
        "actor": string(),
        "changes": any_object(),
        "comment": optional(object_of(TICKET_COMMENT)),
        "missed": optional(any_object()),
        "merged": optional(any_object()),
    },
)
