"""Leave: requests, the days each takes, the ledger of balances, and the company's holidays."""

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Computed,
    Date,
    DateTime,
    ForeignKey,
    Identity,
    Index,
    Integer,
    Numeric,
    PrimaryKeyConstraint,
    SmallInteger,
    Table,
    Text,
    text,
)
from sqlalchemy.dialects.postgresql import TSRANGE, ExcludeConstraint

from models.base import deleted_at, files, identity, sunshine, timestamps

holiday = Table(
    "holiday",
    sunshine,
    identity(),
    Column("date", Date, nullable=False),
    Column("name", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("deducts_annual", Boolean, nullable=False),
    *timestamps(),
    deleted_at(),
    CheckConstraint("kind IN ('public', 'collective')", name="kind"),
    CheckConstraint("kind = 'collective' OR NOT deducts_annual", name="deducts_annual"),
)
Index("holiday_date_key", holiday.c.date, unique=True, postgresql_where=text("deleted_at IS NULL"))

leave = Table(
    "leave",
    sunshine,
    identity(),
    Column("employee_id", Integer, ForeignKey("employee.id"), nullable=False),
    Column("leave_type", Text, nullable=False),
    Column("start_date", Date, nullable=False),
    Column("end_date", Date, nullable=False),
    Column("half_day", Text),
    Column("reason", Text),
    Column("documents", ARRAY(Text), nullable=False, server_default=text("'{}'"), info=files()),
    Column("status", Text, nullable=False, server_default=text("'pending'")),
    Column("deadline", Date, nullable=False, comment="last day for a decision"),
    Column("decided_by_id", Integer, ForeignKey("users.id"), comment="null for the system"),
    Column("decided_by", Text),
    Column("decided_at", DateTime(timezone=True)),
    Column("notes", Text),
    *timestamps(),
    # Half days meet at noon: two halves of one day do not overlap.
    Column(
        "span",
        TSRANGE,
        Computed(
            "tsrange(start_date + CASE WHEN half_day = 'pm' THEN interval '12 hours'"
            " ELSE interval '0' END,"
            " end_date + CASE WHEN half_day = 'am' THEN interval '12 hours'"
            " ELSE interval '24 hours' END)",
            persisted=True,
        ),
    ),
    CheckConstraint("leave_type IN ('annual', 'special', 'collective')", name="leave_type"),
    CheckConstraint("end_date >= start_date", name="dates"),
    CheckConstraint(
        "half_day IN ('am', 'pm') AND start_date = end_date OR half_day IS NULL", name="half_day"
    ),
    CheckConstraint("status IN ('pending', 'approved', 'rejected', 'cancelled')", name="status"),
    # Writers lock the employee first: the constraint is the safety net.
    ExcludeConstraint(
        ("employee_id", "="),
        ("span", "&&"),
        name="leave_overlap",
        using="gist",
        where=text("status IN ('pending', 'approved')"),
    ),
    Index("leave_employee_id_idx", "employee_id", "start_date"),
    Index("leave_start_date_idx", "start_date", "id"),
    Index("leave_documents_idx", "documents", postgresql_using="gin"),
)
Index("leave_pending_idx", leave.c.deadline, postgresql_where=text("status = 'pending'"))

leave_day = Table(
    "leave_day",
    sunshine,
    Column("leave_id", Integer, ForeignKey("leave.id"), nullable=False),
    Column("day", Date, nullable=False, index=True),
    Column("portion", Numeric(2, 1), nullable=False, server_default=text("1")),
    PrimaryKeyConstraint("leave_id", "day"),
    CheckConstraint("portion IN (0.5, 1)", name="portion"),
    comment="The working days that a request takes.",
)

leave_entry = Table(
    "leave_entry",
    sunshine,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("employee_id", Integer, ForeignKey("employee.id"), nullable=False),
    Column("leave_type", Text, nullable=False),
    Column("year", SmallInteger, nullable=False),
    Column("kind", Text, nullable=False),
    Column("days", Numeric(5, 1), nullable=False),
    Column("leave_id", Integer, ForeignKey("leave.id"), index=True),
    Column("holiday_id", Integer, ForeignKey("holiday.id"), index=True),
    Column("notes", Text),
    Column("created_at", DateTime(timezone=True), nullable=False),
    CheckConstraint("leave_type IN ('annual', 'special')", name="leave_type"),
    CheckConstraint(
        "kind IN ('allocation', 'carry_forward', 'taken', 'expiry', 'adjustment')", name="kind"
    ),
    Index("leave_entry_balance_idx", "employee_id", "year", "leave_type"),
    comment="The ledger of balances; rows are added, never changed.",
)
Index(
    "leave_entry_allocation_key",
    leave_entry.c.employee_id,
    leave_entry.c.year,
    leave_entry.c.leave_type,
    unique=True,
    postgresql_where=text("kind = 'allocation'"),
)
Index(
    "leave_entry_carry_forward_key",
    leave_entry.c.employee_id,
    leave_entry.c.year,
    unique=True,
    postgresql_where=text("kind = 'carry_forward' AND days > 0"),
)
