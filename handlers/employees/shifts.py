"""Shifts, and the periods for which employees work them. Rules:
sunshine/modules/employees/shifts.py. Tables: models/shifts.py."""

from handlers.employees.periods import Period, Periods
from sunshine.modules.employees.shifts import employee_shifts, shifts
from sunshine.modules.employees.shifts_schemas import (
    ASSIGN,
    CHANGE,
    CREATE,
    EMPLOYEE_SHIFT,
    REASSIGN,
    SHIFT,
)
from sunshine.web.guards import body, query, requires_permission, signed_in
from sunshine.web.records import Record, Records
from sunshine.web.response_specs import conflicts, created, item, ok_message, page
from sunshine.web.routes import Route


class Shifts(Records):
    """All shifts.

    An end that is not after the start is on the next day. Days are 1 (Monday) to 7. A check-in is
    late when it comes more than `graceMinutes` after the start. A shift that employees work cannot
    be deleted: 409.
    """

    records = shifts


class Shift(Record):
    """One shift."""

    records = shifts


class EmployeeShifts(Periods):
    """The shifts an employee works, period by period.

    Periods of one employee do not overlap: 409. A period without `to` (absent or null) lasts until
    it is changed. Managers plan for their team, not for themselves.
    """

    periods = employee_shifts


class EmployeeShift(Period):
    """One period of an employee's shifts."""

    periods = employee_shifts


routes = [
    Route(
        "/api/shifts",
        Shifts,
        GET=[
            signed_in,
            requires_permission("shifts:read"),
            query(shifts.listing.schema),
            page(SHIFT),
        ],
        POST=[
            signed_in,
            requires_permission("shifts:write"),
            body(CREATE),
            created(SHIFT),
            conflicts("shift_name_taken"),
        ],
    ),
    Route(
        "/api/shifts/{id_}",
        Shift,
        GET=[signed_in, requires_permission("shifts:read"), item(SHIFT)],
        PUT=[
            signed_in,
            requires_permission("shifts:write"),
            body(CHANGE),
            item(SHIFT),
            conflicts("shift_name_taken"),
        ],
        DELETE=[signed_in, requires_permission("shifts:write"), ok_message, conflicts("in_use")],
    ),
    Route(
        "/api/employees/{employee_id}/shifts",
        EmployeeShifts,
        GET=[
            signed_in,
            requires_permission("employees:read"),
            query(employee_shifts.listing.schema),
            page(EMPLOYEE_SHIFT),
        ],
        POST=[
            signed_in,
            requires_permission("shifts:assign"),
            body(ASSIGN),
            created(EMPLOYEE_SHIFT),
            conflicts("shift_overlap"),
        ],
    ),
    Route(
        "/api/employees/{employee_id}/shifts/{period_id}",
        EmployeeShift,
        GET=[signed_in, requires_permission("employees:read"), item(EMPLOYEE_SHIFT)],
        PUT=[
            signed_in,
            requires_permission("shifts:assign"),
            body(REASSIGN),
            item(EMPLOYEE_SHIFT),
            conflicts("shift_overlap"),
        ],
        DELETE=[signed_in, requires_permission("shifts:assign"), ok_message],
    ),
]
