"""Payloads of /api/events."""

from models import DATABASES
from sunshine.schemas.fields import Schema, choice, query_id, text

FILTERS: Schema = {
    "database": choice(*DATABASES, default="sunshine"),
    "since": text(50),
    "type": text(100),
    "entity": text(100),
    "entityId": query_id(),
    "actorId": query_id(),
}
