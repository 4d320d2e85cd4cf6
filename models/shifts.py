"""When people work: the shifts, and the periods for which employees work them."""

from sqlalchemy import (
    ARRAY,
    CheckConstraint,
    Column,
    Date,
    ForeignKey,
    Integer,
    SmallInteger,
    Table,
    Text,
    Time,
    text,
)
from sqlalchemy.dialects.postgresql import ExcludeConstraint

from models.base import deleted_at, identity, sunshine, timestamps, unique_name

shift = Table(
    "shift",
    sunshine,
    identity(),
    Column("name", Text, nullable=False),
    Column("start_time", Time, nullable=False),
    Column("end_time", Time, nullable=False),
    Column("grace_minutes", Integer, nullable=False, server_default=text("0")),
    Column("break_minutes", Integer, nullable=False, server_default=text("0")),
    Column(
        "work_days",
        ARRAY(SmallInteger),
        nullable=False,
        server_default=text("'{1,2,3,4,5}'"),
        comment="ISO weekdays: 1 Monday .. 7 Sunday",
    ),
    Column("timezone", Text),
    Column("check_in_before_minutes", Integer, nullable=False, server_default=text("60")),
    Column("check_out_after_minutes", Integer, nullable=False, server_default=text("60")),
    *timestamps(),
    deleted_at(),
    CheckConstraint("work_days <@ '{1,2,3,4,5,6,7}' AND work_days <> '{}'", name="work_days"),
)
unique_name(shift)

employee_shift = Table(
    "employee_shift",
    sunshine,
    identity(),
    Column("employee_id", Integer, ForeignKey("employee.id"), nullable=False),
    Column("shift_id", Integer, ForeignKey("shift.id"), nullable=False, index=True),
    Column("valid_from", Date, nullable=False),
    Column("valid_to", Date, comment="last day; null for open-ended"),
    *timestamps(),
    deleted_at(),
    CheckConstraint("valid_to >= valid_from", name="period"),
    # One shift per employee and day. Writers lock the employee first; this is a safety net.
    ExcludeConstraint(
        ("employee_id", "="),
        (text("daterange(valid_from, valid_to, '[]')"), "&&"),
        name="employee_shift_overlap",
        using="gist",
        where=text("deleted_at IS NULL"),
    ),
)
