"""Tickets, what is said about them, who watches."""

from alembic import op

revision = "0004"
down_revision = "0003"

TICKET = """
CREATE SEQUENCE ticket_number_seq;

CREATE TABLE ticket (
    id serial PRIMARY KEY,
    number text NOT NULL UNIQUE
        DEFAULT to_char(nextval('ticket_number_seq'), '"TCK-"FM9999999999000000'),
    title text NOT NULL,
    description text,
    priority text NOT NULL DEFAULT 'medium'
        CHECK (priority IN ('low', 'medium', 'high', 'urgent')),
    status text NOT NULL DEFAULT 'open'
        CHECK (status IN ('open', 'in_progress', 'resolved', 'closed')),
    category text,
    reported_by_id integer NOT NULL REFERENCES employee (id),
    assigned_to_id integer REFERENCES employee (id),
    attachments text[] NOT NULL DEFAULT '{}',
    resolution text,
    satisfaction smallint CHECK (satisfaction BETWEEN 1 AND 5),
    satisfaction_comment text,
    merged_into_id integer REFERENCES ticket (id),
    first_response_due_at timestamptz NOT NULL,
    first_responded_at timestamptz,
    due_at timestamptz NOT NULL,
    resolved_at timestamptz,
    closed_at timestamptz,
    paused interval NOT NULL DEFAULT '0',
    response_breach_told_at timestamptz,
    resolution_breach_told_at timestamptz,
    version integer NOT NULL DEFAULT 1,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    deleted_at timestamptz,
    search_text text GENERATED ALWAYS AS (
        lower(number || chr(10) || title || chr(10) || coalesce(description, ''))
    ) STORED,
    CONSTRAINT ticket_closed_check CHECK ((status = 'closed') = (closed_at IS NOT NULL)),
    CONSTRAINT ticket_resolved_check CHECK (
        status = 'closed' OR (status = 'resolved') = (resolved_at IS NOT NULL)
    ),
    CONSTRAINT ticket_merged_check CHECK (merged_into_id IS NULL OR status = 'closed'),
    CONSTRAINT ticket_merged_into_itself_check CHECK (merged_into_id <> id)
);
CREATE INDEX ticket_reported_by_id_idx ON ticket (reported_by_id, id);
CREATE INDEX ticket_assigned_to_id_idx ON ticket (assigned_to_id, id);
CREATE INDEX ticket_living_idx ON ticket (id) WHERE deleted_at IS NULL;
CREATE INDEX ticket_status_idx ON ticket (status, id) WHERE deleted_at IS NULL;
CREATE INDEX ticket_search_text_idx ON ticket USING gin (search_text gin_trgm_ops);
CREATE INDEX ticket_created_at_sort_idx ON ticket (created_at, id) WHERE deleted_at IS NULL;
CREATE INDEX ticket_updated_at_sort_idx ON ticket (updated_at, id) WHERE deleted_at IS NULL;
CREATE INDEX ticket_due_at_sort_idx ON ticket (due_at, id) WHERE deleted_at IS NULL;
CREATE INDEX ticket_priority_sort_idx
    ON ticket (array_position('{low,medium,high,urgent}'::text[], priority) DESC, id)
    WHERE deleted_at IS NULL;
CREATE INDEX ticket_response_late_idx ON ticket (first_response_due_at)
    WHERE deleted_at IS NULL AND response_breach_told_at IS NULL AND first_response_due_at
        <= coalesce(first_responded_at, resolved_at, closed_at, 'infinity');
CREATE INDEX ticket_resolution_late_idx ON ticket (due_at)
    WHERE deleted_at IS NULL AND resolution_breach_told_at IS NULL AND due_at
        <= coalesce(resolved_at, closed_at, 'infinity');
COMMENT ON COLUMN ticket.satisfaction IS '1 to 5, by the reporter';
COMMENT ON COLUMN ticket.paused IS 'business time between being resolved and being open again';
"""

AROUND = """
CREATE TABLE ticket_comment (
    id serial PRIMARY KEY,
    ticket_id integer NOT NULL REFERENCES ticket (id),
    user_id integer REFERENCES users (id),
    employee_id integer REFERENCES employee (id),
    author text NOT NULL,
    internal boolean NOT NULL,
    comment text NOT NULL,
    created_at timestamptz NOT NULL
);
CREATE INDEX ticket_comment_ticket_id_idx ON ticket_comment (ticket_id, id);
CREATE INDEX ticket_comment_search_idx ON ticket_comment USING gin (lower(comment) gin_trgm_ops);
COMMENT ON COLUMN ticket_comment.author IS 'their name at that time';

CREATE TABLE ticket_watcher (
    ticket_id integer NOT NULL REFERENCES ticket (id),
    employee_id integer NOT NULL REFERENCES employee (id),
    created_at timestamptz NOT NULL,
    PRIMARY KEY (ticket_id, employee_id)
);
CREATE INDEX ticket_watcher_employee_id_idx ON ticket_watcher (employee_id);
"""


def upgrade() -> None:
    for tables in (TICKET, AROUND):
        op.execute(tables)


def downgrade() -> None:
    op.execute("DROP TABLE ticket_watcher, ticket_comment, ticket")
    op.execute("DROP SEQUENCE ticket_number_seq")
