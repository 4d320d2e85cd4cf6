"""Files that partners' documents name."""

from alembic import op

revision = "0003"
down_revision = "0002"

FILES = """
ALTER TABLE partner_document ADD COLUMN files text[] NOT NULL DEFAULT '{}';
COMMENT ON COLUMN partner_document.files IS 'that the fields name, wherever those are';
CREATE INDEX partner_document_files_idx ON partner_document USING gin (files);
"""


def upgrade() -> None:
    op.execute(FILES)


def downgrade() -> None:
    op.execute("ALTER TABLE partner_document DROP COLUMN files")
