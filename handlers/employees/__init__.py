"""Employees, departments, positions, shifts, placements. Rules: sunshine/modules/employees."""

from handlers.employees import departments, employees, placements, positions, shifts

routes = [
    *employees.routes,
    *departments.routes,
    *positions.routes,
    *shifts.routes,
    *placements.routes,
]
