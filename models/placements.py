"""Where people work: the periods for which employees are placed at locations."""

from sqlalchemy import CheckConstraint, Column, Date, ForeignKey, Integer, Table, Text, text
from sqlalchemy.dialects.postgresql import ExcludeConstraint

from models.base import deleted_at, identity, sunshine, timestamps

placement = Table(
    "placement",
    sunshine,
    identity(),
    Column("employee_id", Integer, ForeignKey("employee.id"), nullable=False),
    Column("location_id", Integer, ForeignKey("location.id"), nullable=False, index=True),
    Column("valid_from", Date, nullable=False),
    Column("valid_to", Date, comment="last day; null for open-ended"),
    Column("notes", Text),
    *timestamps(),
    deleted_at(),
    CheckConstraint("valid_to >= valid_from", name="period"),
    # Several locations at once are fine, the same one twice is not.
    ExcludeConstraint(
        ("employee_id", "="),
        ("location_id", "="),
        (text("daterange(valid_from, valid_to, '[]')"), "&&"),
        name="placement_overlap",
        using="gist",
        where=text("deleted_at IS NULL"),
    ),
)
