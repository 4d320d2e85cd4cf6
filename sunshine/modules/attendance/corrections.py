"""Putting attendance right: by those who may record anybody's. Records: records.py."""

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
from sunshine.database.statements import Row, Statement
from sunshine.modules.attendance.absences import sync_absences
from sunshine.modules.attendance.assessment import reassess
from sunshine.modules.attendance.records import FIND
from sunshine.modules.attendance.workday import file

violations(
    {"attendance_day_key": Conflict("That day is marked already", code="attendance_day_marked")}
)

_LOCK = Statement(
    select(location.c.timezone.label("place_zone"))
    .select_from(
        attendance.join(employee, employee.c.id == attendance.c.employee_id).outerjoin(
            location, location.c.id == attendance.c.check_in_location_id
        )
    )
    .where(attendance.c.id == bindparam("id"))
    .with_for_update(key_share=True, of=employee)
)
_OTHERS = Statement(
    select(attendance.c.id).where(
        attendance.c.employee_id == bindparam("employee"),
        attendance.c.work_date == bindparam("day"),
        attendance.c.check_in_at.is_not(None),
        attendance.c.id != bindparam("id"),
    )
)
# What a record has of a stay, and how it is without.
_NO_CHECK_OUT: Row = {c.name: None for c in attendance.c if c.name.startswith("check_out_")}
_NO_STAY: Row = {c.name: None for c in attendance.c if c.name.startswith("check_in_")}
_NO_STAY |= _NO_CHECK_OUT | {
    "within_geofence": None, "worked_minutes": None, "overtime_minutes": None, "late": False,
    "early_leave": False, "auto_check_out": False,
}  # fmt: skip


async def correct(tx: Transaction, id_: int, values: Mapping[str, Any]) -> Row:
    """Merge into a record, file and assess it anew. Whatever was to be reviewed has been.

    With a check-in an absence becomes attendance; as `absent` attendance becomes an absence.
    """
    locked = await tx.one_or_none(_LOCK, id=id_)
    before = await tx.one_or_none(FIND, id=id_)
    if locked is None or before is None:
        raise NotFound
    status = values.get("status") or ("present" if "checkIn" in values else before["status"])
    if before["status"] in ("on_leave", "holiday") and values.keys() - {"notes"}:
        raise Conflict("This follows from leave or a holiday", code="attendance_day_marked")
    columns: Row = {"review": False, "review_reasons": []}
    if "notes" in values:
        columns["notes"] = values["notes"]
    if status == "present":
        columns |= await _present(tx, before, values, locked["place_zone"])
    elif status == "absent":
        columns |= await _absent(tx, before, values)
    await tx.execute(_update(tuple(sorted(columns))), row_id=id_, **columns)
    await _settle_days(tx, before, columns.get("work_date") or before["workDate"], status)
    after = await tx.one(FIND, id=id_)
    await record_change(tx, "attendance", before, after, "attendance_corrected")
    return after


async def _present(
    tx: Transaction, before: Row, values: Mapping[str, Any], place_zone: str | None
) -> Row:
    check_in = values.get("checkIn", before["checkIn"])
    check_out = values.get("checkOut", before["checkOut"])
    if check_in is None:
        raise Invalid.field("checkIn", "is required")
    if check_out is not None and check_out < check_in:
        raise Invalid.field("checkOut", "must not be before checkIn")
    row, day = await file(tx, before["employeeId"], check_in, place_zone=place_zone)
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


async def _absent(tx: Transaction, before: Row, values: Mapping[str, Any]) -> Row:
    if values.get("checkIn") or values.get("checkOut"):
        raise Invalid.field("status", "who was absent did not check in or out")
    where = {"employee": before["employeeId"], "day": before["workDate"], "id": before["id"]}
    if await tx.one_or_none(_OTHERS, **where):
        raise Conflict("There is other attendance on that day", code="attendance_overlap")
    return _NO_STAY | {"status": "absent"}


async def _settle_days(tx: Transaction, before: Row, day: date, status: str) -> None:
    """The day that it left and the one it came to agree with what it is now."""
    employee_id, left = before["employeeId"], before["workDate"]
    for each in sorted({left, day}):
        await reassess(tx, employee_id, each, each, but=before["id"])
        # Whether somebody was absent on this very day is what was just said.
        if status == "present" or each != day:
            await sync_absences(tx, each, each, employee_id)


@lru_cache(maxsize=32)
def _update(names: tuple[str, ...]) -> Statement[Any]:
    return merging(attendance, {name: attendance.c[name] for name in names})
