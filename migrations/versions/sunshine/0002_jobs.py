"""Runs of the periodic jobs."""

from alembic import op

revision = "0002"
down_revision = "0001"

JOBS = """
CREATE TABLE job_run (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    job text NOT NULL,
    by_hand boolean NOT NULL,
    due_at timestamptz NOT NULL,
    started_at timestamptz NOT NULL,
    finished_at timestamptz,
    status text NOT NULL DEFAULT 'running' CHECK (status IN ('running', 'done', 'failed')),
    attempt integer NOT NULL DEFAULT 1,
    error text,
    result jsonb
);
CREATE INDEX job_run_job_idx ON job_run (job, by_hand, id);
"""


def upgrade() -> None:
    op.execute(JOBS)


def downgrade() -> None:
    op.execute("DROP TABLE job_run")
