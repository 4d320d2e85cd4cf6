"""Employees. Where and when they work: models/placements.py, models/shifts.py."""

from sqlalchemy import (
    CheckConstraint,
    Column,
    Computed,
    Date,
    ForeignKey,
    Index,
    Integer,
    Table,
    Text,
    func,
    text,
)

from models.base import deleted_at, files, identity, sunshine, timestamps

employee = Table(
    "employee",
    sunshine,
    identity(),
    Column("name", Text, nullable=False),
    Column("email", Text),
    Column("employee_code", Text),
    Column("phone", Text),
    Column("position_id", Integer, ForeignKey("position.id"), index=True),
    Column("department_id", Integer, ForeignKey("department.id"), index=True),
    Column("manager_id", Integer, ForeignKey("employee.id"), index=True),
    Column("join_date", Date),
    Column("status", Text, nullable=False, server_default=text("'active'")),
    Column("photo", Text, info=files()),
    Column("timezone", Text),
    *timestamps(),
    deleted_at(),
    CheckConstraint("status IN ('active', 'inactive')", name="status"),
    CheckConstraint("manager_id <> id", name="own_manager"),
    # The text that a search matches, twice: the second only for readers who may see phone numbers.
    Column(
        "directory_text",
        Text,
        Computed("lower(name || chr(10) || coalesce(email, ''))", persisted=True),
    ),
    Column(
        "search_text",
        Text,
        Computed(
            "lower(name || chr(10) || coalesce(email, '') || chr(10)"
            " || coalesce(employee_code, '') || chr(10) || coalesce(phone, ''))",
            persisted=True,
        ),
    ),
)
for _column in (employee.c.directory_text, employee.c.search_text):
    Index(
        f"employee_{_column.name}_idx",
        _column,
        postgresql_using="gin",
        postgresql_ops={_column.name: "gin_trgm_ops"},
    )
for _column in (employee.c.email, employee.c.employee_code):
    Index(
        f"employee_{_column.name}_key",
        func.lower(_column),
        unique=True,
        postgresql_where=employee.c.deleted_at.is_(None),
    )
# Employees that are not deleted, in order: pages read it instead of the table, counts nothing else.
Index("employee_living_idx", employee.c.id, postgresql_where=employee.c.deleted_at.is_(None))
Index("employee_photo_idx", employee.c.photo, postgresql_where=employee.c.photo.is_not(None))
# Sorted pages read an index in order instead of sorting the table.
for _column in (employee.c.name, employee.c.email, employee.c.employee_code, employee.c.join_date):
    Index(
        f"employee_{_column.name}_sort_idx",
        _column,
        employee.c.id,
        postgresql_where=employee.c.deleted_at.is_(None),
    )
