"""Permits: absences of a few hours, requested and decided like leave (models/leave.py)."""

from sqlalchemy import (
    CheckConstraint,
    Column,
    Computed,
    Date,
    DateTime,
    ForeignKey,
    Index,
    Integer,
    Table,
    Text,
    Time,
    text,
)
from sqlalchemy.dialects.postgresql import TSRANGE, ExcludeConstraint

from models.base import identity, sunshine, timestamps

permit = Table(
    "permit",
    sunshine,
    identity(),
    Column("employee_id", Integer, ForeignKey("employee.id"), nullable=False),
    Column("date", Date, nullable=False),
    Column("start_time", Time, nullable=False),
    Column("end_time", Time, nullable=False),
    Column("type", Text, nullable=False),
    Column("reason", Text),
    Column("status", Text, nullable=False, server_default=text("'pending'")),
    Column("decided_by_id", Integer, ForeignKey("users.id"), comment="null for the system"),
    Column("decided_by", Text),
    Column("decided_at", DateTime(timezone=True)),
    Column("notes", Text),
    *timestamps(),
    Column(
        "span", TSRANGE, Computed("tsrange(date + start_time, date + end_time)", persisted=True)
    ),
    CheckConstraint("type IN ('sick', 'personal', 'official')", name="type"),
    CheckConstraint("end_time > start_time", name="times"),
    CheckConstraint("end_time - start_time <= interval '8 hours'", name="length"),
    CheckConstraint("status IN ('pending', 'approved', 'rejected', 'cancelled')", name="status"),
    # Writers lock the employee first: the constraint is the safety net.
    ExcludeConstraint(
        ("employee_id", "="),
        ("span", "&&"),
        name="permit_overlap",
        using="gist",
        where=text("status IN ('pending', 'approved')"),
    ),
    Index("permit_employee_id_idx", "employee_id", "date"),
    Index("permit_date_idx", "date"),
)
Index("permit_pending_idx", permit.c.date, postgresql_where=text("status = 'pending'"))
