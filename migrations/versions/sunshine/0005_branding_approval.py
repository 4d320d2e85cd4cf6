"""Branding approval."""

from alembic import op

revision = "0005"
down_revision = "0004"

REQUESTS = """
CREATE TABLE branding_request (
    id serial PRIMARY KEY,
    requested_by_id integer NOT NULL REFERENCES employee (id),
    status text NOT NULL DEFAULT 'pending'
        CHECK (status IN ('pending', 'approved', 'rejected', 'revision')),
    revision integer NOT NULL DEFAULT 1,
    title text NOT NULL,
    description text,
    category text NOT NULL CHECK (category IN ('logo', 'marketing', 'social_media')),
    files text[] NOT NULL,
    mode text NOT NULL CHECK (mode IN ('all', 'any')),
    decided_at timestamptz,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    search_text text GENERATED ALWAYS AS (
        lower(title || chr(10) || coalesce(description, ''))
    ) STORED,
    CONSTRAINT branding_request_decided_at_check
        CHECK ((status IN ('approved', 'rejected')) = (decided_at IS NOT NULL))
);
CREATE INDEX branding_request_requested_by_id_idx ON branding_request (requested_by_id, id);
CREATE INDEX branding_request_status_idx ON branding_request (status, id);
CREATE INDEX branding_request_category_idx ON branding_request (category, id);
CREATE INDEX branding_request_created_at_idx ON branding_request (created_at, id);
CREATE INDEX branding_request_updated_at_idx ON branding_request (updated_at, id);
CREATE INDEX branding_request_search_text_idx
    ON branding_request USING gin (search_text gin_trgm_ops);
COMMENT ON TABLE branding_request IS 'As its latest revision has it.';

CREATE TABLE branding_revision (
    request_id integer NOT NULL REFERENCES branding_request (id),
    revision integer NOT NULL CHECK (revision > 0),
    title text NOT NULL,
    description text,
    category text NOT NULL,
    files text[] NOT NULL,
    mode text NOT NULL,
    submitted_by text NOT NULL,
    submitted_at timestamptz NOT NULL,
    PRIMARY KEY (request_id, revision)
);
COMMENT ON TABLE branding_revision IS
    'What was submitted each time; rows are added, never changed.';
"""

VOTES = """
CREATE TABLE branding_approver (
    request_id integer NOT NULL,
    revision integer NOT NULL,
    employee_id integer NOT NULL REFERENCES employee (id),
    position smallint NOT NULL,
    PRIMARY KEY (request_id, revision, employee_id),
    CONSTRAINT branding_approver_revision_fkey FOREIGN KEY (request_id, revision)
        REFERENCES branding_revision (request_id, revision)
);
CREATE INDEX branding_approver_employee_id_idx ON branding_approver (employee_id);
COMMENT ON COLUMN branding_approver.position IS 'in the order they were named';

CREATE TABLE branding_vote (
    id serial PRIMARY KEY,
    request_id integer NOT NULL,
    revision integer NOT NULL,
    approver_id integer,
    name text NOT NULL,
    action text NOT NULL CHECK (action IN ('approve', 'reject', 'request_revision')),
    feedback text,
    revision_notes text,
    at timestamptz NOT NULL,
    CONSTRAINT branding_vote_revision_fkey FOREIGN KEY (request_id, revision)
        REFERENCES branding_revision (request_id, revision),
    CONSTRAINT branding_vote_approver_fkey FOREIGN KEY (request_id, revision, approver_id)
        REFERENCES branding_approver (request_id, revision, employee_id),
    CONSTRAINT branding_vote_once_key
        UNIQUE NULLS NOT DISTINCT (request_id, revision, approver_id),
    CONSTRAINT branding_vote_revision_notes_check
        CHECK (action <> 'request_revision' OR revision_notes IS NOT NULL)
);
CREATE INDEX branding_vote_approver_id_idx ON branding_vote (approver_id);
COMMENT ON COLUMN branding_vote.approver_id IS 'null for an admin''s override';
"""


def upgrade() -> None:
    op.execute(REQUESTS)
    op.execute(VOTES)


def downgrade() -> None:
    op.execute("DROP TABLE branding_vote, branding_approver, branding_revision, branding_request")
