"""Payloads of /api/events."""

from models import DATABASES
from sunshine.core.fields import Schema, choice, instant, query_id, row_id, text, whole
from sunshine.core.shapes import Shape, a, anything, words

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
    {"type": words(example="user"), "id": row_id(nullable=True), "name": words()},
)
EVENT = Shape(
    "Event",
    {
        "seq": words(example="7745-1290"),
        "at": instant(),
        "type": words(example="employee_created"),
        "entity": words(example="employee"),
        "entityId": whole(1, nullable=True),
        "actor": a(_ACTOR),
        "requestId": words(nullable=True),
        "before": anything(nullable=True),
        "after": anything(nullable=True),
    },
)
