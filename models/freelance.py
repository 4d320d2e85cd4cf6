"""Freelancers and the projects assigned to them."""

from sqlalchemy import (
    ARRAY,
    CheckConstraint,
    Column,
    Date,
    ForeignKey,
    Index,
    Integer,
    Numeric,
    Table,
    Text,
    func,
    text,
)

from models.base import deleted_at, files, identity, sunshine, timestamps

freelancer = Table(
    "freelancer",
    sunshine,
    identity(),
    Column("name", Text, nullable=False),
    Column("email", Text, nullable=False),
    Column("skills", ARRAY(Text), nullable=False, server_default=text("'{}'")),
    Column("hourly_rate", Numeric(14, 2)),
    Column("portfolio", Text, info=files()),
    Column("phone", Text),
    Column("status", Text, nullable=False, server_default=text("'active'")),
    Column("notes", Text),
    *timestamps(),
    deleted_at(),
    CheckConstraint("status IN ('active', 'inactive')", name="status"),
    CheckConstraint("hourly_rate >= 0", name="hourly_rate"),
)
Index(
    "freelancer_email_key",
    func.lower(freelancer.c.email),
    unique=True,
    postgresql_where=freelancer.c.deleted_at.is_(None),
)

Index(
    "freelancer_portfolio_idx",
    freelancer.c.portfolio,
    postgresql_where=freelancer.c.portfolio.is_not(None),
)

freelance_project = Table(
    "freelance_project",
    sunshine,
    identity(),
    Column("freelancer_id", Integer, ForeignKey("freelancer.id"), nullable=False, index=True),
    Column("project_name", Text, nullable=False),
    Column("description", Text),
    Column("deadline", Date),
    Column("budget", Numeric(14, 2)),
    Column("budget_used", Numeric(14, 2), nullable=False, server_default=text("0")),
    Column("status", Text, nullable=False, server_default=text("'planned'")),
    *timestamps(),
    deleted_at(),
    CheckConstraint("status IN ('planned', 'active', 'done', 'cancelled')", name="status"),
    CheckConstraint("budget >= 0", name="budget"),
    CheckConstraint("budget_used BETWEEN 0 AND budget", name="budget_used"),
)
