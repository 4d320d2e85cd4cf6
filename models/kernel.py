"""Tables of every database: its events and its stored responses.

Used by sunshine/database/event_log.py and sunshine/web/idempotency.py.
"""

from sqlalchemy import (
    BigInteger,
    Column,
    DateTime,
    Identity,
    Index,
    Integer,
    MetaData,
    PrimaryKeyConstraint,
    Table,
    Text,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.types import UserDefinedType

from models.base import METADATA


class XID8(UserDefinedType):
    """PostgreSQL's 64-bit transaction id: it orders events where a serial number cannot."""

    cache_ok = True

    def get_col_spec(self, **_: object) -> str:
        return "xid8"


def _event(metadata: MetaData) -> Table:
    return Table(
        "event",
        metadata,
        Column("id", BigInteger, Identity(always=True), primary_key=True),
        Column("xid", XID8, nullable=False, server_default=text("pg_current_xact_id()")),
        Column("at", DateTime(timezone=True), nullable=False),
        Column("type", Text, nullable=False),
        Column("entity", Text, nullable=False),
        Column("entity_id", Integer),
        Column("actor_type", Text, nullable=False),
        Column("actor_id", Integer),
        Column("actor_name", Text, nullable=False),
        Column("request_id", Text),
        Column("before", JSONB),
        Column("after", JSONB),
        Index("event_cursor_idx", "xid", "id"),
        Index("event_entity_idx", "entity", "entity_id", "xid", "id"),
    )


def _idempotency(metadata: MetaData) -> Table:
    return Table(
        "idempotency_key",
        metadata,
        Column("principal", Text, nullable=False),
        Column("key", Text, nullable=False),
        Column("request_hash", Text, nullable=False),
        Column("status", Integer, nullable=False),
        Column("answer", Text, nullable=False),
        Column("created_at", DateTime(timezone=True), nullable=False, index=True),
        PrimaryKeyConstraint("principal", "key"),
    )


event: dict[str, Table] = {name: _event(metadata) for name, metadata in METADATA.items()}
idempotency_key: dict[str, Table] = {
    name: _idempotency(metadata) for name, metadata in METADATA.items()
}
