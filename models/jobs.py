"""Runs of the periodic jobs: what was due when, and how it went. Jobs: sunshine/jobs.py."""

from sqlalchemy import (
    BigInteger,
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
    Column("due_at", DateTime(timezone=True), nullable=False),
    Column("started_at", DateTime(timezone=True), nullable=False),
    Column("finished_at", DateTime(timezone=True)),
    Column("status", Text, nullable=False, server_default=text("'running'")),
    Column("attempt", Integer, nullable=False, server_default=text("1")),
    Column("error", Text),
    Column("result", JSONB),
    CheckConstraint("status IN ('running', 'done', 'failed')", name="status"),
    Index("job_run_job_idx", "job", "id"),
)
