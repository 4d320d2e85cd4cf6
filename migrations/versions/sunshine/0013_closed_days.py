"""The comment of closed days names no file any more: files move."""

from alembic import op

revision = "0013"
down_revision = "0012"


def upgrade() -> None:
    op.execute(
        "COMMENT ON TABLE attendance_closed IS 'The days whose absences and holidays are written.'"
    )


def downgrade() -> None:
    op.execute(
        "COMMENT ON TABLE attendance_closed IS 'The days whose absences and holidays are written"
        " (sunshine/rules/attendance_jobs.py).'"
    )
