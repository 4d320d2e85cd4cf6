"""Events and stored answers, as in every database (models/kernel.py)."""

from alembic import op

revision = "0001"
down_revision = None

TABLES = """
CREATE TABLE event (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    xid xid8 NOT NULL DEFAULT pg_current_xact_id(),
    at timestamptz NOT NULL,
    type text NOT NULL,
    entity text NOT NULL,
    entity_id integer,
    actor_type text NOT NULL,
    actor_id integer,
    actor_name text NOT NULL,
    request_id text,
    before jsonb,
    after jsonb
);
CREATE INDEX event_cursor_idx ON event (xid, id);
CREATE INDEX event_entity_idx ON event (entity, entity_id, xid, id);

CREATE TABLE idempotency_key (
    principal text NOT NULL,
    key text NOT NULL,
    request_hash text NOT NULL,
    status integer NOT NULL,
    answer text NOT NULL,
    created_at timestamptz NOT NULL,
    PRIMARY KEY (principal, key)
);
CREATE INDEX idempotency_key_created_at_idx ON idempotency_key (created_at);
"""


def upgrade() -> None:
    op.execute(TABLES)


def downgrade() -> None:
    op.execute("DROP TABLE idempotency_key, event")
