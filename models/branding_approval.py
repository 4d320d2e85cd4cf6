"""Branding approval: requests, what each revision submitted, who is to review it, their votes."""

from sqlalchemy import (
    ARRAY,
    CheckConstraint,
    Column,
    Computed,
    DateTime,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    PrimaryKeyConstraint,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from models.base import files, identity, sunshine, timestamps

CATEGORIES = ("logo", "marketing", "social_media")
MODES = ("all", "any")
STATUSES = ("pending", "approved", "rejected", "revision")
ACTIONS = ("approve", "reject", "request_revision")

branding_request = Table(
    "branding_request",
    sunshine,
    identity(),
    Column("requested_by_id", Integer, ForeignKey("employee.id"), nullable=False),
    Column("status", Text, nullable=False, server_default=text("'pending'")),
    Column("revision", Integer, nullable=False, server_default=text("1")),
    Column("title", Text, nullable=False),
    Column("description", Text),
    Column("category", Text, nullable=False),
    Column("files", ARRAY(Text), nullable=False, info=files()),
    Column("mode", Text, nullable=False),
    Column("decided_at", DateTime(timezone=True)),
    *timestamps(),
    Column(
        "search_text",
        Text,
        Computed("lower(title || chr(10) || coalesce(description, ''))", persisted=True),
    ),
    CheckConstraint("status IN ('pending', 'approved', 'rejected', 'revision')", name="status"),
    CheckConstraint("category IN ('logo', 'marketing', 'social_media')", name="category"),
    CheckConstraint("mode IN ('all', 'any')", name="mode"),
    CheckConstraint(
        "(status IN ('approved', 'rejected')) = (decided_at IS NOT NULL)", name="decided_at"
    ),
    comment="As its latest revision has it.",
)
for _name in ("requested_by_id", "status", "category", "created_at", "updated_at"):
    Index(f"branding_request_{_name}_idx", branding_request.c[_name], branding_request.c.id)
Index(
    "branding_request_search_text_idx",
    branding_request.c.search_text,
    postgresql_using="gin",
    postgresql_ops={"search_text": "gin_trgm_ops"},
)

branding_revision = Table(
    "branding_revision",
    sunshine,
    Column("request_id", Integer, ForeignKey("branding_request.id"), nullable=False),
    Column("revision", Integer, nullable=False),
    Column("title", Text, nullable=False),
    Column("description", Text),
    Column("category", Text, nullable=False),
    Column("files", ARRAY(Text), nullable=False, info=files()),
    Column("mode", Text, nullable=False),
    Column("submitted_by", Text, nullable=False),
    Column("submitted_at", DateTime(timezone=True), nullable=False),
    PrimaryKeyConstraint("request_id", "revision"),
    CheckConstraint("revision > 0", name="revision"),
    Index("branding_revision_files_idx", "files", postgresql_using="gin"),
    comment="What was submitted each time; rows are added, never changed.",
)

branding_approver = Table(
    "branding_approver",
    sunshine,
    Column("request_id", Integer, nullable=False),
    Column("revision", Integer, nullable=False),
    Column("employee_id", Integer, ForeignKey("employee.id"), nullable=False, index=True),
    Column("position", SmallInteger, nullable=False, comment="in the order they were named"),
    PrimaryKeyConstraint("request_id", "revision", "employee_id"),
    ForeignKeyConstraint(
        ("request_id", "revision"),
        ("branding_revision.request_id", "branding_revision.revision"),
        name="branding_approver_revision_fkey",
    ),
)

branding_vote = Table(
    "branding_vote",
    sunshine,
    identity(),
    Column("request_id", Integer, nullable=False),
    Column("revision", Integer, nullable=False),
    Column("approver_id", Integer, index=True, comment="null for an admin's override"),
    Column("name", Text, nullable=False),
    Column("action", Text, nullable=False),
    Column("feedback", Text),
    Column("revision_notes", Text),
    Column("at", DateTime(timezone=True), nullable=False),
    ForeignKeyConstraint(
        ("request_id", "revision"),
        ("branding_revision.request_id", "branding_revision.revision"),
        name="branding_vote_revision_fkey",
    ),
    # Only who was named for this very revision has a vote in it.
    ForeignKeyConstraint(
        ("request_id", "revision", "approver_id"),
        (
            "branding_approver.request_id",
            "branding_approver.revision",
            "branding_approver.employee_id",
        ),
        name="branding_vote_approver_fkey",
    ),
    # Voters lock the request first: the constraint is the net.
    UniqueConstraint(
        "request_id",
        "revision",
        "approver_id",
        name="branding_vote_once_key",
        postgresql_nulls_not_distinct=True,
    ),
    CheckConstraint("action IN ('approve', 'reject', 'request_revision')", name="action"),
    CheckConstraint(
        "action <> 'request_revision' OR revision_notes IS NOT NULL", name="revision_notes"
    ),
)
