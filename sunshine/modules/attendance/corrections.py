"""Correcting attendance, by those who may record anybody's. Reading: records.py."""

from collections.abc import Mapping
from datetime import date
from functools import lru_cache
from typing import Any

from sqlalchemy import bindparam, select

from models.attendance import attendance, location
from models.employees import employee
from sunshine.core.errors import Conflict, Invalid, NotFound, violations
from sunshine.database.database import Transaction
from sunshine.database.records import merging, record_change
from sunshine.database.statements import IdRow, Statement
from sunshine.modules.attendance.absences import sync_absences
from sunshine.modules.attendance.assessment import reassess
from sunshine.modules.attendance.records import GET, select_records
from sunshine.modules.attendance.rows import AttendanceRow, PlacedAttendanceRow
from sunshine.modules.attendance.workday import find_day
from sunshine.modules.employees.locking import lock_where

violations(
    {"attendance_day_key": Conflict("That day is marked already", code="attendance_day_marked")}
)

_is_record = attendance.c.id == bindparam("id")
_LOCK = lock_where(
    employee.c.id == select(attendance.c.employee_id).where(_is_record).scalar_subquery()
)
_GET_PLACED = Statement(
    select_records(attendance)
    .add_columns(location.c.timezone.label("place_zone"))
    .where(_is_record),
    PlacedAttendanceRow,
)
_OTHERS = Statement(
    select(attendance.c.id).where(
        attendance.c.employee_id == bindparam("employee"),
        attendance.c.work_date == bindparam("day"),
        attendance.c.check_in_at.is_not(None),
        attendance.c.id != bindparam("id"),
    ),
    IdRow,
)
Values = dict[str, Any]
# The columns of a stay, as they are in a record without one.
_NO_CHECK_OUT: Values = {c.name: None for c in attendance.c if c.name.startswith("check_out_")}
_NO_STAY: Values = {c.name: None for c in attendance.c if c.name.startswith("check_in_")}
_NO_STAY |= _NO_CHECK_OUT | {
    "within_geofence": None, "worked_minutes": None, "overtime_minutes": None, "late": False,
    "early_leave": False, "auto_check_out": False,
}  # fmt: skip


async def correct(tx: Transaction, id_: int, values: Mapping[str, Any]) -> AttendanceRow:
    """Merge values into a record, assign it to its day and assess it again; the review is done.

    `checkIn` makes a stay of an absence, `status` `absent` an absence of a stay.
    """
    await tx.execute(_LOCK, id=id_)
    before = await tx.one_or_none(_GET_PLACED, id=id_)
    if before is None:
        raise NotFound
    status = values.get("status") or ("present" if "checkIn" in values else before["status"])
    if before["status"] in ("on_leave", "holiday") and values.keys() - {"notes"}:
        raise Conflict("This follows from leave or a holiday", code="attendance_day_marked")
    columns: Values = {"review": False, "review_reasons": []}
    if "notes" in values:
        columns["notes"] = values["notes"]
    if status == "present":
        columns |= await _present(tx, before, values)
    elif status == "absent":
        columns |= await _absent(tx, before, values)
    await tx.execute(_update(tuple(sorted(columns))), row_id=id_, **columns)
    await _update_days(tx, before, columns.get("work_date") or before["workDate"], status)
    after = await tx.one(GET, id=id_)
    await record_change(tx, "attendance", before, after, "attendance_corrected")
    return after


async def _present(
    tx: Transaction, before: PlacedAttendanceRow, values: Mapping[str, Any]
) -> Values:
    """Return the columns of a record as a stay."""
    check_in = values.get("checkIn", before["checkIn"])
    check_out = values.get("checkOut", before["checkOut"])
    if check_in is None:
        raise Invalid.field("checkIn", "is required")
    if check_out is not None and check_out < check_in:
        raise Invalid.field("checkOut", "must not be before checkIn")
    row, day = await find_day(tx, before["employeeId"], check_in, place_zone=before["place_zone"])
    columns = {
        "status": "present",
        "work_date": day.date,
        "shift_id": row["shift_id"],
        "check_in_at": check_in,
        "check_in_recorded_at": before["checkInRecordedAt"] or tx.now,
        "auto_check_out": before["autoCheckOut"] and "checkOut" not in values,
    }
    if check_out is None:
        return columns | _NO_CHECK_OUT
    recorded_at = before["checkOutRecordedAt"] or tx.now
    return columns | {"check_out_at": check_out, "check_out_recorded_at": recorded_at}


async def _absent(tx: Transaction, before: AttendanceRow, values: Mapping[str, Any]) -> Values:
    """Return the columns of a record as an absence; Conflict where there is another stay."""
    if values.get("checkIn") or values.get("checkOut"):
        raise Invalid.field("status", "who was absent did not check in or out")
    where = {"employee": before["employeeId"], "day": before["workDate"], "id": before["id"]}
    if await tx.one_or_none(_OTHERS, **where):
        raise Conflict("There is other attendance on that day", code="attendance_overlap")
    return _NO_STAY | {"status": "absent"}


async def _update_days(tx: Transaction, before: AttendanceRow, day: date, status: str) -> None:
    """Make the day that a record left and the one it belongs to now agree with it."""
    employee_id, left = before["employeeId"], before["workDate"]
    for each in sorted({left, day}):
        await reassess(tx, employee_id, each, each, but=before["id"])
        # This day is absent because the correction says so.
        if status == "present" or each != day:
            await sync_absences(tx, each, each, employee_id)


@lru_cache(maxsize=32)
def _update(names: tuple[str, ...]) -> Statement[Any]:  # which returns no rows
    return merging(attendance, {name: attendance.c[name] for name in names})
