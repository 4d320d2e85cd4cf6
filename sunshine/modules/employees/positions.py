"""The positions that people are employed in: plain records. Tables: models/positions.py."""

from sqlalchemy import bindparam, func

from models.departments import department
from models.employees import employee
from models.positions import position
from sunshine.core.errors import Conflict, violations
from sunshine.database.pages import contains
from sunshine.database.records import Records, Reference
from sunshine.modules.employees.positions_schemas import FILTERS
from sunshine.modules.employees.rows import PositionRow

violations(
    {
        "position_name_key": Conflict.field(
            "name", "A position of this name exists already", code="position_name_taken"
        )
    }
)

positions = Records(
    position,
    fields={
        "name": position.c.name,
        "departmentId": position.c.department_id,
        "level": position.c.level,
        "active": position.c.active,
    },
    shown={"department": department.c.name},
    source=position.outerjoin(department, position.c.department_id == department.c.id),
    references={"departmentId": department},
    uses=(Reference("employee", employee.c.position_id),),
    schema=FILTERS,
    filters={
        "active": position.c.active == bindparam("active"),
        "departmentId": position.c.department_id == bindparam("departmentId"),
        "search": contains(func.lower(position.c.name)),
    },
    sort={
        "name": position.c.name,
        "level": position.c.level,
        "createdAt": position.c.created_at,
    },
    row=PositionRow,
)
