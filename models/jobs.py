"""Runs of the periodic jobs: what was due when, and how it went. Used by sunshine/jobs/history.py.

A row per attempt. `due_at` is the instant it was for: a point of the job's schedule or, by hand,
the one that was asked for. A row that stays `running` is of a process that ended before the job.
"""

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    DateTime,
    Identity,
    Index,
    Integer,
    Table,
    Text,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

from models.base import sunshine

job_run = Table(
    "job_run",
    sunshine,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("job", Text, nullable=False),
    Column("by_hand", Boolean, nullable=False),
    Column("due_at", DateTime(timezone=True), nullable=False),
    Column("started_at", DateTime(timezone=True), nullable=False),
    Column("finished_at", DateTime(timezone=True)),
    Column("status", Text, nullable=False, server_default=text("'running'")),
    Column("attempt", Integer, nullable=False, server_default=text("1")),
    Column("error", Text),
    Column("result", JSONB(none_as_null=True)),
    CheckConstraint("status IN ('running', 'done', 'failed')", name="status"),
    Index("job_run_job_idx", "job", "by_hand", "id"),
)
