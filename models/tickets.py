"""Tickets, their comments and their watchers."""

from sqlalchemy import (
    ARRAY,
    Boolean,
    CheckConstraint,
    Column,
    Computed,
    DateTime,
    ForeignKey,
    Index,
    Integer,
    Interval,
    PrimaryKeyConstraint,
    Sequence,
    SmallInteger,
    Table,
    Text,
    func,
    text,
)

from models.base import deleted_at, files, identity, sunshine, timestamps

Sequence("ticket_number_seq", metadata=sunshine)

ticket = Table(
    "ticket",
    sunshine,
    identity(),
    Column(
        "number",
        Text,
        nullable=False,
        unique=True,
        # Six digits at least: TCK-000123, TCK-1234567.
        server_default=text("to_char(nextval('ticket_number_seq'), '\"TCK-\"FM9999999999000000')"),
    ),
    Column("title", Text, nullable=False),
    Column("description", Text),
    Column("priority", Text, nullable=False, server_default=text("'medium'")),
    Column("status", Text, nullable=False, server_default=text("'open'")),
    Column("category", Text),
    Column("reported_by_id", Integer, ForeignKey("employee.id"), nullable=False),
    Column("assigned_to_id", Integer, ForeignKey("employee.id")),
    Column("attachments", ARRAY(Text), nullable=False, server_default=text("'{}'"), info=files()),
    Column("resolution", Text),
    Column("satisfaction", SmallInteger, comment="1 to 5, by the reporter"),
    Column("satisfaction_comment", Text),
    Column("merged_into_id", Integer, ForeignKey("ticket.id")),
    Column("first_response_due_at", DateTime(timezone=True), nullable=False),
    Column("first_responded_at", DateTime(timezone=True)),
    Column("due_at", DateTime(timezone=True), nullable=False),
    Column("resolved_at", DateTime(timezone=True)),
    Column("closed_at", DateTime(timezone=True)),
    Column(
        "paused",
        Interval,
        nullable=False,
        server_default=text("'0'"),
        comment="business time between being resolved and being open again",
    ),
    Column("response_breach_told_at", DateTime(timezone=True)),
    Column("resolution_breach_told_at", DateTime(timezone=True)),
    Column("version", Integer, nullable=False, server_default=text("1")),
    *timestamps(),
    deleted_at(),
    Column(
        "search_text",
        Text,
        Computed(
            "lower(number || chr(10) || title || chr(10) || coalesce(description, ''))",
            persisted=True,
        ),
    ),
    CheckConstraint("priority IN ('low', 'medium', 'high', 'urgent')", name="priority"),
    CheckConstraint("status IN ('open', 'in_progress', 'resolved', 'closed')", name="status"),
    CheckConstraint("satisfaction BETWEEN 1 AND 5", name="satisfaction"),
    CheckConstraint("(status = 'closed') = (closed_at IS NOT NULL)", name="closed"),
    CheckConstraint(
        "status = 'closed' OR (status = 'resolved') = (resolved_at IS NOT NULL)", name="resolved"
    ),
    CheckConstraint("merged_into_id IS NULL OR status = 'closed'", name="merged"),
    CheckConstraint("merged_into_id <> id", name="merged_into_itself"),
    Index("ticket_reported_by_id_idx", "reported_by_id", "id"),
    Index("ticket_assigned_to_id_idx", "assigned_to_id", "id"),
    Index("ticket_attachments_idx", "attachments", postgresql_using="gin"),
)
_living = ticket.c.deleted_at.is_(None)
Index("ticket_living_idx", ticket.c.id, postgresql_where=_living)
Index("ticket_status_idx", ticket.c.status, ticket.c.id, postgresql_where=_living)
Index(
    "ticket_search_text_idx",
    ticket.c.search_text,
    postgresql_using="gin",
    postgresql_ops={"search_text": "gin_trgm_ops"},
)
# Sorted pages read an index in order instead of sorting the table.
severity = func.array_position(text("'{low,medium,high,urgent}'::text[]"), ticket.c.priority)
for _name, _column in (
    ("created_at", ticket.c.created_at),
    ("updated_at", ticket.c.updated_at),
    ("due_at", ticket.c.due_at),
    ("priority", severity.desc()),
):
    Index(f"ticket_{_name}_sort_idx", _column, ticket.c.id, postgresql_where=_living)

# The targets that can be late at all: still open, or met after they were due. The clock of both
# stands still from the resolution on.
_stopped = (ticket.c.resolved_at, ticket.c.closed_at, text("'infinity'"))
response_unmet = ticket.c.first_response_due_at <= func.coalesce(
    ticket.c.first_responded_at, *_stopped
)
resolution_unmet = ticket.c.due_at <= func.coalesce(*_stopped)
# A job asks every minute for late targets that are not reported yet, and reads nothing else.
Index(
    "ticket_response_late_idx",
    ticket.c.first_response_due_at,
    postgresql_where=_living & ticket.c.response_breach_told_at.is_(None) & response_unmet,
)
Index(
    "ticket_resolution_late_idx",
    ticket.c.due_at,
    postgresql_where=_living & ticket.c.resolution_breach_told_at.is_(None) & resolution_unmet,
)

ticket_comment = Table(
    "ticket_comment",
    sunshine,
    identity(),
    Column("ticket_id", Integer, ForeignKey("ticket.id"), nullable=False),
    Column("user_id", Integer, ForeignKey("users.id")),
    Column("employee_id", Integer, ForeignKey("employee.id")),
    Column("author", Text, nullable=False, comment="their name at that time"),
    Column("internal", Boolean, nullable=False),
    Column("comment", Text, nullable=False, info=files("text")),
    Column("created_at", DateTime(timezone=True), nullable=False),
    Column("files", ARRAY(Text), nullable=False, server_default=text("'{}'"), info=files()),
    Index("ticket_comment_ticket_id_idx", "ticket_id", "id"),
    Index("ticket_comment_files_idx", "files", postgresql_using="gin"),
)
Index(
    "ticket_comment_search_idx",
    func.lower(ticket_comment.c.comment).label("lowered"),
    postgresql_using="gin",
    postgresql_ops={"lowered": "gin_trgm_ops"},
)

ticket_watcher = Table(
    "ticket_watcher",
    sunshine,
    Column("ticket_id", Integer, ForeignKey("ticket.id"), nullable=False),
    Column("employee_id", Integer, ForeignKey("employee.id"), nullable=False, index=True),
    Column("created_at", DateTime(timezone=True), nullable=False),
    PrimaryKeyConstraint("ticket_id", "employee_id"),
)
