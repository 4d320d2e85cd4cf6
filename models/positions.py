"""The positions that people are employed in."""

from sqlalchemy import Boolean, Column, ForeignKey, Integer, Table, Text, text

from models.base import deleted_at, identity, sunshine, timestamps, unique_name

position = Table(
    "position",
    sunshine,
    identity(),
    Column("name", Text, nullable=False),
    Column("department_id", Integer, ForeignKey("department.id"), index=True),
    Column("level", Integer),
    Column("active", Boolean, nullable=False, server_default=text("true")),
    *timestamps(),
    deleted_at(),
)
unique_name(position)
