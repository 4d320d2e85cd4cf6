"""Partners and their documents."""

from alembic import op

revision = "0002"
down_revision = "0001"

MITRA = """
CREATE TABLE partner (
    id serial PRIMARY KEY,
    name text NOT NULL,
    type text NOT NULL,
    contact_name text,
    phone text,
    email text,
    address text,
    status text NOT NULL DEFAULT 'active' CHECK (status IN ('active', 'inactive')),
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    deleted_at timestamptz
);
CREATE UNIQUE INDEX partner_name_key ON partner (lower(name)) WHERE deleted_at IS NULL;

CREATE TABLE partner_document (
    id serial PRIMARY KEY,
    partner_id integer NOT NULL REFERENCES partner (id),
    title text NOT NULL,
    kind text NOT NULL,
    fields jsonb,
    content_key text,
    version integer NOT NULL DEFAULT 1,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    deleted_at timestamptz,
    CONSTRAINT partner_document_kept_once_check
        CHECK ((fields IS NULL) <> (content_key IS NULL))
);
CREATE INDEX partner_document_partner_id_idx
    ON partner_document (partner_id, id) WHERE deleted_at IS NULL;
CREATE UNIQUE INDEX partner_document_content_key_key ON partner_document (content_key);
COMMENT ON TABLE partner_document IS
    'The row says which content is the document''s: docs/decisions/0020.';
COMMENT ON COLUMN partner_document.fields IS 'null where MongoDB has them';
COMMENT ON COLUMN partner_document.content_key IS
    'of what MongoDB has; a new one with each version';
"""


def upgrade() -> None:
    op.execute(MITRA)


def downgrade() -> None:
    op.execute("DROP TABLE partner_document, partner")
