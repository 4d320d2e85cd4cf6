"""Checking out: it closes the open record, whatever its date. Checking in: check_in.py."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import bindparam, select, update

from models.attendance import attendance
from sunshine.core.errors import Conflict, Invalid
from sunshine.core.principals import Principal
from sunshine.database.database import Transaction
from sunshine.database.distances import distance
from sunshine.database.statements import Statement
from sunshine.modules.attendance.assessment import (
    ASSESSED,
    EMPLOYEE,
    assess_stays,
    assessment_of,
    stays,
    store,
)
from sunshine.modules.attendance.claims import Claim, KeepPhoto, lock
from sunshine.modules.attendance.geofence import LATITUDE, LONGITUDE, is_implausible
from sunshine.modules.attendance.records import select_records
from sunshine.modules.attendance.rows import AttendanceRow, CheckOutRow


def _day() -> Statement[CheckOutRow]:
    """Return the statement of the stays of the day of the open record."""
    a = attendance.alias("open").c
    open_ = select(a.work_date).where(
        a.employee_id == EMPLOYEE, a.check_in_at.is_not(None), a.check_out_at.is_(None)
    )
    c = attendance.c
    began = (c.check_in_latitude, c.check_in_longitude)
    return Statement(
        stays(c.work_date == open_.scalar_subquery()).add_columns(
            distance((LATITUDE, LONGITUDE), began).label("metres"),
            c.notes,
            c.review,
            c.review_reasons,
        ),
        CheckOutRow,
    )


_DAY = _day()
_GIVEN = (
    "check_out_at", "check_out_latitude", "check_out_longitude", "check_out_photo", "review",
    "review_reasons", "notes",
)  # fmt: skip
_CLOSE = Statement(
    select_records(
        update(attendance)
        .where(attendance.c.id == bindparam("row_id"))
        .values({name: bindparam(name, type_=attendance.c[name].type) for name in _GIVEN})
        .values({column: bindparam(name, type_=column.type) for name, column in ASSESSED.items()})
        .values({"check_out_recorded_at": bindparam("now"), "updated_at": bindparam("now")})
        .returning(*attendance.c)
        .cte("closed")
    ),
    AttendanceRow,
)


async def check_out(
    tx: Transaction,
    body: Mapping[str, Any],
    *,
    actor: Principal,
    keep_photo: KeepPhoto,
) -> AttendanceRow:
    """Close the open record of an employee; Conflict `not_checked_in` without one."""
    claim = Claim.of(tx, body, actor)
    claim.check_date(tx.policy)
    await lock(tx, claim)
    where = {"latitude": claim.latitude, "longitude": claim.longitude}
    rows = await tx.all(_DAY, employee=claim.employee_id, **where)
    row = next((row for row in rows if row["check_out_at"] is None), None)
    if row is None:
        raise Conflict("Not checked in", code="not_checked_in")
    if claim.at < row["check_in_at"]:
        raise Invalid.field("timestamp", "must not be before the check-in")
    row["check_out_at"] = claim.at
    values = _values(claim, row, body) | {"check_out_photo": await keep_photo()}
    record = await _close(tx, rows, row, values)
    before = {"checkOut": None, **assessment_of(row)}
    after = claim.payload(record, tx.policy)
    await tx.record("attendance_checked_out", "attendance", row["id"], before=before, after=after)
    return record


async def _close(
    tx: Transaction, rows: Sequence[CheckOutRow], closing: CheckOutRow, values: Mapping[str, Any]
) -> AttendanceRow:
    """Close a record and return it; store what that means for the other stays of its day."""
    for row, after in zip(rows, assess_stays(rows, tx.policy), strict=True):
        if row is closing:
            values = {**values, **after}
        else:
            await store(tx, row, after)
    return await tx.one(_CLOSE, row_id=closing["id"], **values)


def _values(claim: Claim, row: CheckOutRow, body: Mapping[str, Any]) -> dict[str, Any]:
    """Return the values of the columns that a check-out writes."""
    reasons = claim.reasons()
    if row["metres"] is not None and is_implausible(row["metres"], claim.at - row["check_in_at"]):
        reasons.append("speed")
    notes = [text for text in (row["notes"], body.get("notes")) if text]
    return {
        "check_out_at": claim.at,
        "check_out_latitude": claim.latitude,
        "check_out_longitude": claim.longitude,
        "review": row["review"] or bool(reasons),
        "review_reasons": list(dict.fromkeys(row["review_reasons"] + reasons)),
        "notes": "\n".join(notes) or None,
    }
