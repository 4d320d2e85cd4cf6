"""The company's departments."""

from sqlalchemy import Boolean, Column, Table, Text, text

from models.base import deleted_at, identity, sunshine, timestamps, unique_name

department = Table(
    "department",
    sunshine,
    identity(),
    Column("name", Text, nullable=False),
    Column("description", Text),
    Column("active", Boolean, nullable=False, server_default=text("true")),
    *timestamps(),
    deleted_at(),
)
unique_name(department)
