"""Files that comments on tickets and portfolios name."""

from alembic import op

revision = "0012"
down_revision = "0011"

FILES = """
ALTER TABLE ticket_comment ADD COLUMN files text[] NOT NULL DEFAULT '{}';
CREATE INDEX ticket_comment_files_idx ON ticket_comment USING gin (files);
CREATE INDEX freelancer_portfolio_idx ON freelancer (portfolio) WHERE portfolio IS NOT NULL;
"""
AWAY = """
DROP INDEX freelancer_portfolio_idx;
ALTER TABLE ticket_comment DROP COLUMN files;
"""


def upgrade() -> None:
    op.execute(FILES)


def downgrade() -> None:
    op.execute(AWAY)
