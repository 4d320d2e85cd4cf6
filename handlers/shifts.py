"""Shifts, and who works which. Rules: sunshine/rules/shifts.py. Tables: models/shifts.py."""

from handlers.periods import Period, Periods
from sunshine.rules.shifts import employee_shifts, shifts
from sunshine.schemas.shifts import ASSIGN, CHANGE, CREATE, REASSIGN
from sunshine.web.guards import body, may, query, signed_in
from sunshine.web.records import Record, Records
from sunshine.web.routes import Route


class Shifts(Records):
    """All shifts."""

    records = shifts


class Shift(Record):
    """One shift."""

    records = shifts


class EmployeeShifts(Periods):
    """The shifts an employee works, period by period."""

    periods = employee_shifts


class EmployeeShift(Period):
    """One period of an employee's shifts."""

    periods = employee_shifts


routes = [
    Route(
        "/api/shifts",
        Shifts,
        GET=[signed_in, may("shifts:read"), query(shifts.listing.schema)],
        POST=[signed_in, may("shifts:write"), body(CREATE)],
    ),
    Route(
        "/api/shifts/{id_}",
        Shift,
        GET=[signed_in, may("shifts:read")],
        PUT=[signed_in, may("shifts:write"), body(CHANGE)],
        DELETE=[signed_in, may("shifts:write")],
    ),
    Route(
        "/api/employees/{employee_id}/shifts",
        EmployeeShifts,
        GET=[signed_in, may("employees:read"), query(employee_shifts.listing.schema)],
        POST=[signed_in, may("shifts:assign"), body(ASSIGN)],
    ),
    Route(
        "/api/employees/{employee_id}/shifts/{period_id}",
        EmployeeShift,
        GET=[signed_in, may("employees:read")],
        PUT=[signed_in, may("shifts:assign"), body(REASSIGN)],
        DELETE=[signed_in, may("shifts:assign")],
    ),
]
