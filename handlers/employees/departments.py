"""Departments over HTTP. Rules: sunshine/modules/employees/departments.py. Tables:
models/departments.py."""

from sunshine.modules.employees.departments import departments
from sunshine.modules.employees.departments_schemas import CHANGE, CREATE, DEPARTMENT
from sunshine.web.guards import body, query, requires_permission, signed_in
from sunshine.web.records import Record, Records
from sunshine.web.response_specs import conflicts, created, item, ok_message, page
from sunshine.web.routes import Route


class Departments(Records):
    """All departments.

    A name is unique among departments that are not deleted. A department that employees or
    positions belong to cannot be deleted: 409.
    """

    records = departments


class Department(Record):
    """One department."""

    records = departments


routes = [
    Route(
        "/api/departments",
        Departments,
        GET=[
            signed_in,
            requires_permission("positions:read"),
            query(departments.listing.schema),
            page(DEPARTMENT),
        ],
        POST=[
            signed_in,
            requires_permission("positions:write"),
            body(CREATE),
            created(DEPARTMENT),
            conflicts("department_name_taken"),
        ],
    ),
    Route(
        "/api/departments/{id_}",
        Department,
        GET=[signed_in, requires_permission("positions:read"), item(DEPARTMENT)],
        PUT=[
            signed_in,
            requires_permission("positions:write"),
            body(CHANGE),
            item(DEPARTMENT),
            conflicts("department_name_taken"),
        ],
        DELETE=[signed_in, requires_permission("positions:write"), ok_message, conflicts("in_use")],
    ),
]
