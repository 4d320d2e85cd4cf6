"""The company's departments: plain records. Tables: models/departments.py."""

from sqlalchemy import bindparam, func

from models.departments import department
from models.employees import employee
from models.positions import position
from sunshine.core.errors import Conflict, violations
from sunshine.database.pages import contains
from sunshine.database.records import Records, Reference
from sunshine.modules.employees.departments_schemas import FILTERS
from sunshine.modules.employees.rows import DepartmentRow

violations(
    {
        "department_name_key": Conflict.field(
            "name", "A department of this name exists already", code="department_name_taken"
        )
    }
)

departments = Records(
    department,
    fields={
        "name": department.c.name,
        "description": department.c.description,
        "active": department.c.active,
    },
    uses=(
        Reference("employee", employee.c.department_id),
        Reference("position", position.c.department_id),
    ),
    schema=FILTERS,
    filters={
        "active": department.c.active == bindparam("active"),
        "search": contains(func.lower(department.c.name)),
    },
    sort={"name": department.c.name, "createdAt": department.c.created_at},
    row=DepartmentRow,
)
