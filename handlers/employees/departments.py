"""Departments over HTTP. Rules: sunshine/modules/employees/departments.py. Tables:
models/departments.py."""

from sunshine.modules.employees.departments import departments
from sunshine.modules.employees.departments_schemas import CHANGE, CREATE, DEPARTMENT
from sunshine.web.described import conflicts, created, done, one, page
from sunshine.web.guards import body, may, query, signed_in
from sunshine.web.records import Record, Records
from sunshine.web.routes import Route


class Departments(Records):
    """All departments.

    A name is unique among departments that are not deleted. One that employees or positions belong
    to stays: 409.
    """

    records = departments


class Department(Record):
    """One department."""

    records = departments


routes = [
    Route(
        "/api/departments",
        Departments,
        GET=[signed_in, may("positions:read"), query(departments.listing.schema), page(DEPARTMENT)],
        POST=[
            signed_in,
            may("positions:write"),
            body(CREATE),
            created(DEPARTMENT),
            conflicts("department_name_taken"),
        ],
    ),
    Route(
        "/api/departments/{id_}",
        Department,
        GET=[signed_in, may("positions:read"), one(DEPARTMENT)],
        PUT=[
            signed_in,
            may("positions:write"),
            body(CHANGE),
            one(DEPARTMENT),
            conflicts("department_name_taken"),
        ],
        DELETE=[signed_in, may("positions:write"), done, conflicts("in_use")],
    ),
]
