"""Payloads of /api/events."""

from models import DATABASES
from sunshine.core.fields import Schema, choice, instant, query_id, row_id, text, whole
from sunshine.core.shapes import Shape, any_object, object_of, string

FILTERS: Schema = {
    "database": choice(*DATABASES, default="sunshine"),
    "since": text(50),
    "type": text(100),
    "entity": text(100),
    "entityId": query_id(),
    "actorId": query_id(),
}

_ACTOR = Shape(
    "EventActor",
    {"type": string(example="user"), "id": row_id(nullable=True), "name": string()},
)
EVENT = Shape(
    "Event",
    {
        "seq": string(example="7745-1290"),
        "at": instant(),
        "type": string(example="employee_created"),
        "entity": string(example="employee"),
        "entityId": whole(1, nullable=True),
        "actor": object_of(_ACTOR),
        "requestId": string(nullable=True),
        "before": any_object(nullable=True),
        "after": any_object(nullable=True),
    },
)
