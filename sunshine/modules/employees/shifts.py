"""When people work: shifts are plain records, and employees work them for periods.

Tables: models/shifts.py. Periods: sunshine/modules/employees/periods.py.
"""

from sqlalchemy import func

from models.shifts import employee_shift, shift
from sunshine.core.errors import Conflict, violations
from sunshine.database.pages import contains
from sunshine.database.records import Records
from sunshine.modules.employees.periods import Periods, use
from sunshine.modules.employees.rows import EmployeeShiftRow, ShiftRow
from sunshine.modules.employees.shifts_schemas import FILTERS

violations(
    {
        "shift_name_key": Conflict.field(
            "name", "A shift of this name exists already", code="shift_name_taken"
        )
    }
)

shifts = Records(
    shift,
    fields={
        "name": shift.c.name,
        "startTime": shift.c.start_time,
        "endTime": shift.c.end_time,
        "graceMinutes": shift.c.grace_minutes,
        "breakMinutes": shift.c.break_minutes,
        "workDays": shift.c.work_days,
        "timezone": shift.c.timezone,
        "checkInBeforeMinutes": shift.c.check_in_before_minutes,
        "checkOutAfterMinutes": shift.c.check_out_after_minutes,
    },
    shown={
        "startTime": func.to_char(shift.c.start_time, "HH24:MI"),
        "endTime": func.to_char(shift.c.end_time, "HH24:MI"),
        # An end at or before the start is on the next day.
        "overnight": shift.c.end_time <= shift.c.start_time,
    },
    uses=(use("shift assignment", employee_shift.c.shift_id),),
    schema=FILTERS,
    filters={"search": contains(func.lower(shift.c.name))},
    sort={"name": shift.c.name, "startTime": shift.c.start_time, "createdAt": shift.c.created_at},
    row=ShiftRow,
)

employee_shifts = Periods(
    employee_shift,
    field="shiftId",
    permission="shifts:assign",
    refers_to=shift,
    shows={"shift": shift.c.name},
    overlap=Conflict("Overlaps another shift of this employee", code="shift_overlap"),
    row=EmployeeShiftRow,
)
