"""Departments over HTTP. Rules: sunshine/rules/departments.py. Tables: models/departments.py."""

from sunshine.rules.departments import departments
from sunshine.schemas.departments import CHANGE, CREATE
from sunshine.web.guards import body, may, query, signed_in
from sunshine.web.records import Record, Records
from sunshine.web.routes import Route


class Departments(Records):
    """All departments."""

    records = departments


class Department(Record):
    """One department."""

    records = departments


routes = [
    Route(
        "/api/departments",
        Departments,
        GET=[signed_in, may("positions:read"), query(departments.listing.schema)],
        POST=[signed_in, may("positions:write"), body(CREATE)],
    ),
    Route(
        "/api/departments/{id_}",
        Department,
        GET=[signed_in, may("positions:read")],
        PUT=[signed_in, may("positions:write"), body(CHANGE)],
        DELETE=[signed_in, may("positions:write")],
    ),
]
