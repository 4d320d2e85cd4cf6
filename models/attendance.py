"""Places where people work, and when they were there."""

from typing import Any

from sqlalchemy import (
    ARRAY,
    Boolean,
    CheckConstraint,
    Column,
    ColumnElement,
    Date,
    DateTime,
    Double,
    ForeignKey,
    Index,
    Integer,
    Table,
    Text,
    literal_column,
    text,
)
from sqlalchemy.dialects.postgresql import ExcludeConstraint

from models.base import deleted_at, files, identity, sunshine, timestamps, unique_name

location = Table(
    "location",
    sunshine,
    identity(),
    Column("name", Text, nullable=False),
    Column("latitude", Double, nullable=False),
    Column("longitude", Double, nullable=False),
    Column("radius_meters", Integer, nullable=False),
    Column("address", Text),
    Column("timezone", Text),
    Column("active", Boolean, nullable=False, server_default=text("true")),
    *timestamps(),
    deleted_at(),
    CheckConstraint("latitude BETWEEN -90 AND 90", name="latitude"),
    CheckConstraint("longitude BETWEEN -180 AND 180", name="longitude"),
    CheckConstraint("radius_meters > 0", name="radius_meters"),
)
unique_name(location)

# While a stay lasts it counts as the point in time where it began: it does not collide with what is
# recorded of other days, before or after it.
SPAN: ColumnElement[Any] = literal_column(
    "tstzrange(check_in_at, COALESCE(check_out_at, check_in_at),"
    " CASE WHEN check_out_at IS NULL THEN '[]' ELSE '[)' END)"
)
attendance = Table(
    "attendance",
    sunshine,
    identity(),
    Column("employee_id", Integer, ForeignKey("employee.id"), nullable=False),
    Column("work_date", Date, nullable=False),
    Column("status", Text, nullable=False),
    Column("shift_id", Integer, ForeignKey("shift.id")),
    Column("leave_id", Integer, ForeignKey("leave.id")),
    Column("late", Boolean, nullable=False, server_default=text("false")),
    Column("early_leave", Boolean, nullable=False, server_default=text("false")),
    Column("worked_minutes", Integer),
    Column("overtime_minutes", Integer),
    Column("check_in_at", DateTime(timezone=True), comment="as claimed"),
    Column("check_in_recorded_at", DateTime(timezone=True), comment="as the server saw it"),
    Column("check_in_latitude", Double),
    Column("check_in_longitude", Double),
    Column("check_in_location_id", Integer, ForeignKey("location.id"), comment="the nearest"),
    Column("check_in_distance", Double, comment="metres to it"),
    Column("within_geofence", Boolean),
    Column("check_in_photo", Text, info=files("path")),
    Column("check_out_at", DateTime(timezone=True)),
    Column("check_out_recorded_at", DateTime(timezone=True)),
    Column("check_out_latitude", Double),
    Column("check_out_longitude", Double),
    Column("check_out_photo", Text, info=files("path")),
    Column("auto_check_out", Boolean, nullable=False, server_default=text("false")),
    Column("review", Boolean, nullable=False, server_default=text("false")),
    Column("review_reasons", ARRAY(Text), nullable=False, server_default=text("'{}'")),
    Column("notes", Text),
    *timestamps(),
    CheckConstraint("status IN ('present', 'absent', 'on_leave', 'holiday')", name="status"),
    CheckConstraint("(status = 'present') = (check_in_at IS NOT NULL)", name="present"),
    CheckConstraint("(status = 'on_leave') = (leave_id IS NOT NULL)", name="on_leave"),
    CheckConstraint("check_out_at >= check_in_at", name="times"),
    # Nobody is in two places at once. Writers lock the employee first: the constraint is the safety
    # net.
    ExcludeConstraint(
        ("employee_id", "="),
        (SPAN, "&&"),
        name="attendance_overlap",
        using="gist",
        where=text("check_in_at IS NOT NULL"),
    ),
    Index("attendance_employee_id_idx", "employee_id", "work_date"),
    Index("attendance_work_date_idx", "work_date", "employee_id"),
)
Index(
    "attendance_open_key",
    attendance.c.employee_id,
    unique=True,
    postgresql_where=text("check_in_at IS NOT NULL AND check_out_at IS NULL"),
)
# Whether the caller may open a photo is read from its row.
for _photo in (attendance.c.check_in_photo, attendance.c.check_out_photo):
    Index(f"attendance_{_photo.name}_idx", _photo, postgresql_where=_photo.is_not(None))
# Rows that no check-in made (sunshine/modules/attendance/absences.py): one of a kind per day.
Index(
    "attendance_day_key",
    attendance.c.employee_id,
    attendance.c.work_date,
    unique=True,
    postgresql_where=text("status IN ('absent', 'holiday')"),
)
Index(
    "attendance_leave_key",
    attendance.c.leave_id,
    attendance.c.work_date,
    unique=True,
    postgresql_where=text("leave_id IS NOT NULL"),
)
# Nobody is absent before the first of these days: an installation knows nothing of that time.
attendance_closed = Table(
    "attendance_closed",
    sunshine,
    Column("day", Date, primary_key=True),
    Column("closed_at", DateTime(timezone=True), nullable=False),
    comment="The days whose absences and holidays are written.",
)
