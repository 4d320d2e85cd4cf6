"""Checking in: one open record per employee. Checking out: check_out.py.

Every change of an employee's attendance locks the employee first and reads in further statements:
one that had to wait for the lock has only seen what was there before it waited.
"""

from collections.abc import Mapping
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import (
    DateTime,
    bindparam,
    func,
    insert,
    select,
    true,
)

from models.attendance import SPAN, attendance
from sunshine.core.clock import today
from sunshine.core.errors import Conflict, Invalid, NotAllowed, violations
from sunshine.core.policy import Policy
from sunshine.core.principals import Principal
from sunshine.database.database import Transaction
from sunshine.database.records import stamped
from sunshine.database.statements import Statement
from sunshine.modules.attendance.absences import sync_absences
from sunshine.modules.attendance.assessment import EMPLOYEE, reassess
from sunshine.modules.attendance.claims import Claim, KeepPhoto, lock
from sunshine.modules.attendance.geofence import is_implausible, last_seen, nearest
from sunshine.modules.attendance.records import GET, select_records
from sunshine.modules.attendance.rows import AttendanceRow, CheckInRow
from sunshine.modules.attendance.time_rules import Day, assess
from sunshine.modules.attendance.workday import around, choose, dates_around
from sunshine.modules.employees.locking import LockedEmployee

OPEN = Conflict("Already checked in", code="already_checked_in")
OVERLAP = Conflict("Overlaps another attendance", code="attendance_overlap")
violations({"attendance_open_key": OPEN, "attendance_overlap": OVERLAP})


def _context() -> Statement[CheckInRow]:
    """Return the statement of all that a check-in depends on: a row for each day around it."""
    a = attendance.c
    mine = select(a.id).where(a.employee_id == EMPLOYEE, a.check_in_at.is_not(None))
    at = bindparam("at", type_=DateTime(timezone=True))
    place, seen = nearest().subquery("place"), last_seen().subquery("seen")
    return Statement(
        around()
        .add_columns(
            mine.where(a.check_out_at.is_(None)).scalar_subquery().label("open_id"),
            mine.where(SPAN.op("&&")(func.tstzrange(at, at, "[]")))
            .limit(1).scalar_subquery().label("overlap_id"),
            place.c.id.is_not(None).label("has_place"),
            place.c.at_id.label("place_id"),
            place.c.timezone.label("place_zone"),
            place.c.metres.label("place_metres"),
            place.c.within,
            seen.c.seen_at,
            seen.c.metres.label("seen_metres"),
        )
        .outerjoin(place, true())
        .outerjoin(seen, true()),
        CheckInRow,
    )  # fmt: skip


_CONTEXT = _context()
_GIVEN = (
    "employee_id", "work_date", "shift_id", "late", "check_in_at", "check_in_latitude",
    "check_in_longitude", "check_in_location_id", "check_in_distance", "within_geofence",
    "check_in_photo", "review", "review_reasons", "notes",
)  # fmt: skip
_INSERT = Statement(
    select_records(
        insert(attendance)
        .values({name: bindparam(name, type_=attendance.c[name].type) for name in _GIVEN})
        .values({"status": "present", "check_in_recorded_at": bindparam("now")})
        .values(stamped(attendance))
        .returning(*attendance.c)
        .cte("made")
    ),
    AttendanceRow,
)


async def check_in(
    tx: Transaction,
    body: Mapping[str, Any],
    *,
    actor: Principal,
    keep_photo: KeepPhoto,
) -> tuple[AttendanceRow, bool]:
    """Check somebody in; return the record and True.

    An exact repeat of the open record returns that record and False. Conflict `already_checked_in`
    or `attendance_overlap` with the record in the way, `employee_inactive`; NotAllowed
    `outside_geofence` where the geofence is enforced.
    """
    claim = Claim.of(tx, body, actor)
    person = await lock(tx, claim)
    rows = await _read_context(tx, claim, person)
    seen = rows[0]
    if existing := await _existing(tx, seen):
        if claim.repeats(existing):
            return existing, False
        claim.check_date(tx.policy)
        problem = OPEN if seen["open_id"] else OVERLAP
        raise Conflict(problem.message, code=problem.code, data=existing)
    claim.check_date(tx.policy)
    if person["status"] != "active":
        raise Conflict(f"{person['name']} is not an active employee", code="employee_inactive")
    _check_fence(claim, seen, tx.policy)
    row, day = choose(rows, claim.at, tx.policy, place_zone=seen["place_zone"])
    values = _values(claim, seen, row, day) | {
        "check_in_photo": await keep_photo(), "notes": body.get("notes"),
    }  # fmt: skip
    record = await _update_day(tx, row, await tx.one(_INSERT, **values))
    payload = claim.payload(record, tx.policy)
    await tx.record("attendance_checked_in", "attendance", record["id"], after=payload)
    return record, True


async def _read_context(tx: Transaction, claim: Claim, person: LockedEmployee) -> list[CheckInRow]:
    zone = ZoneInfo(person["timezone"]) if person["timezone"] else tx.policy.timezone
    return await tx.all(
        _CONTEXT, employee=claim.employee_id, at=claim.at, on=today(claim.at, zone),
        latitude=claim.latitude, longitude=claim.longitude, **dates_around(claim.at),
    )  # fmt: skip


async def _existing(tx: Transaction, seen: CheckInRow) -> AttendanceRow | None:
    """Return the record in the way: the open one, else the one that lasted at that instant."""
    id_ = seen["open_id"] or seen["overlap_id"]
    return await tx.one(GET, id=id_) if id_ else None


def _values(claim: Claim, seen: CheckInRow, row: CheckInRow, day: Day) -> dict[str, Any]:
    """Return the values of the columns of a new record."""
    reasons = _reasons(claim, seen, day)
    metres = seen["place_metres"]
    return {
        "employee_id": claim.employee_id,
        "work_date": day.date,
        "shift_id": row["shift_id"],
        "late": assess(day, [(claim.at, None)])[0].late,
        "check_in_at": claim.at,
        "check_in_latitude": claim.latitude,
        "check_in_longitude": claim.longitude,
        "check_in_location_id": seen["place_id"],
        "check_in_distance": metres and round(metres, 1),
        "within_geofence": seen["within"],
        "review": bool(reasons),
        "review_reasons": reasons,
    }


async def _update_day(tx: Transaction, row: CheckInRow, record: AttendanceRow) -> AttendanceRow:
    """Make the other records of the day agree with a new one; return that as it is then."""
    employee_id, day = record["employeeId"], record["workDate"]
    if "absent" in row["statuses"]:
        await sync_absences(tx, day, day, employee_id)
    if "present" not in row["statuses"]:
        return record
    await reassess(tx, employee_id, day, day, but=record["id"])
    return await tx.one(GET, id=record["id"])


def _check_fence(claim: Claim, seen: CheckInRow, policy: Policy) -> None:
    """Reject a position outside all allowed locations, and an own claim without a position.

    Only where the geofence is enforced.
    """
    if not (policy.geofence_enforced and seen["has_place"]):
        return
    if claim.latitude is not None and not seen["within"]:
        raise NotAllowed(
            f"The nearest location to check in at is {seen['place_metres']:.0f} m away",
            code="outside_geofence",
        )
    if claim.latitude is None and claim.is_own:
        raise Invalid.field("location", "is required")


def _reasons(claim: Claim, seen: CheckInRow, day: Day) -> list[str]:
    """Return the reasons for a review."""
    reasons = claim.reasons()
    if seen["within"] is False:
        reasons.append("outside")
    metres, seen_at = seen["seen_metres"], seen["seen_at"]
    if metres is not None and seen_at is not None and is_implausible(metres, claim.at - seen_at):
        reasons.append("speed")
    if "full" in day.leave:
        reasons.append("on_leave")
    return reasons
