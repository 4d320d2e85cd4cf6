"""An admin may ask somebody for a new password at the next sign-in."""

from alembic import op

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    op.execute("ALTER TABLE users ADD COLUMN must_change_password boolean NOT NULL DEFAULT false")
    op.execute(
        "COMMENT ON COLUMN users.must_change_password IS"
        " 'until then a token opens the own account only'"
    )


def downgrade() -> None:
    op.execute("ALTER TABLE users DROP COLUMN must_change_password")
