"""Employees, departments, positions, shifts, placements. Rules: sunshine/modules/employees."""

from handlers.employees import (
    departments,
    employees,
    import_export,
    placements,
    positions,
    shifts,
)

routes = [
    *employees.routes,
    *import_export.routes,
    *departments.routes,
    *positions.routes,
    *shifts.routes,
    *placements.routes,
]
