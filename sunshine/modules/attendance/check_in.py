"""Coming to work: one open record per employee. Leaving: check_out.py.

Whoever writes an employee's attendance locks the employee first, and reads in another statement:
one that waited for its lock has seen what was there before it waited.
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
from sunshine.database.statements import Row, Statement
from sunshine.modules.attendance.absences import sync_absences
from sunshine.modules.attendance.assessment import EMPLOYEE, reassess
from sunshine.modules.attendance.claims import Claim, KeepPhoto, lock
from sunshine.modules.attendance.geofence import is_implausible, last_seen, nearest
from sunshine.modules.attendance.records import FIND, shape
from sunshine.modules.attendance.time_rules import Day, assess
from sunshine.modules.attendance.workday import around, choose, dates_around

OPEN = Conflict("Already checked in", code="already_checked_in")
OVERLAP = Conflict("Overlaps another attendance", code="attendance_overlap")
violations({"attendance_open_key": OPEN, "attendance_overlap": OVERLAP})


def _context() -> Statement[Any]:
    """All that a check-in depends on, in a row for each day around it."""
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
        .outerjoin(seen, true())
    )  # fmt: skip


_CONTEXT = _context()
_GIVEN = (
    "employee_id", "work_date", "shift_id", "late", "check_in_at", "check_in_latitude",
    "check_in_longitude", "check_in_location_id", "check_in_distance", "within_geofence",
    "check_in_photo", "review", "review_reasons", "notes",
)  # fmt: skip
_INSERT = Statement(
    shape(
        insert(attendance)
        .values({name: bindparam(name, type_=attendance.c[name].type) for name in _GIVEN})
        .values({"status": "present", "check_in_recorded_at": bindparam("now")})
        .values(stamped(attendance))
        .returning(*attendance.c)
        .cte("made")
    )
)


async def check_in(
    tx: Transaction,
    body: Mapping[str, Any],
    *,
    actor: Principal,
    keep_photo: KeepPhoto,
) -> tuple[Row, bool]:
    """The record, and whether it is new: an exact repeat of the open one answers that.

    Conflict `already_checked_in` or `attendance_overlap` with the record in the way, Conflict
    `employee_inactive`, NotAllowed `outside_geofence` where that is enforced.
    """
    claim = Claim.of(tx, body, actor)
    person = await lock(tx, claim)
    rows = await _look(tx, claim, person)
    seen = rows[0]
    if standing := await _standing(tx, seen):
        if claim.repeats(standing):
            return standing, False
        claim.check_date(tx.policy)
        problem = OPEN if seen["open_id"] else OVERLAP
        raise Conflict(problem.message, code=problem.code, data=standing)
    claim.check_date(tx.policy)
    if person["status"] != "active":
        raise Conflict(f"{person['name']} is not an active employee", code="employee_inactive")
    _check_fence(claim, seen, tx.policy)
    row, day = choose(rows, claim.at, tx.policy, place_zone=seen["place_zone"])
    values = _values(claim, seen, row, day) | {
        "check_in_photo": await keep_photo(), "notes": body.get("notes"),
    }  # fmt: skip
    record = await _settle_day(tx, row, await tx.one(_INSERT, **values))
    told = claim.told(record, tx.policy)
    await tx.record("attendance_checked_in", "attendance", record["id"], after=told)
    return record, True


async def _look(tx: Transaction, claim: Claim, person: Row) -> list[Row]:
    zone = ZoneInfo(person["timezone"]) if person["timezone"] else tx.policy.timezone
    return await tx.all(
        _CONTEXT, employee=claim.employee_id, at=claim.at, on=today(claim.at, zone),
        latitude=claim.latitude, longitude=claim.longitude, **dates_around(claim.at),
    )  # fmt: skip


async def _standing(tx: Transaction, seen: Row) -> Row | None:
    """The record in the way: the open one, else the one that lasted at that instant."""
    id_ = seen["open_id"] or seen["overlap_id"]
    return await tx.one(FIND, id=id_) if id_ else None


def _values(claim: Claim, seen: Row, row: Row, day: Day) -> Row:
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


async def _settle_day(tx: Transaction, row: Row, record: Row) -> Row:
    """The record, once what else the day holds agrees with it and it with that."""
    employee_id, day = record["employeeId"], record["workDate"]
    if "absent" in row["statuses"]:
        await sync_absences(tx, day, day, employee_id)
    if "present" not in row["statuses"]:
        return record
    await reassess(tx, employee_id, day, day, but=record["id"])
    return await tx.one(FIND, id=record["id"])


def _check_fence(claim: Claim, seen: Row, policy: Policy) -> None:
    """Where it is enforced, one's own position is needed and must be within an allowed location."""
    if not (policy.geofence_enforced and seen["has_place"]):
        return
    if claim.latitude is not None and not seen["within"]:
        raise NotAllowed(
            f"The nearest location to check in at is {seen['place_metres']:.0f} m away",
            code="outside_geofence",
        )
    if claim.latitude is None and claim.is_own:
        raise Invalid.field("location", "is required")


def _reasons(claim: Claim, seen: Row, day: Day) -> list[str]:
    """Why somebody should look at it."""
    reasons = claim.reasons()
    if seen["within"] is False:
        reasons.append("outside")
    travelled = seen["seen_metres"]
    if travelled is not None and is_implausible(travelled, claim.at - seen["seen_at"]):
        reasons.append("speed")
    if "full" in day.leave:
        reasons.append("on_leave")
    return reasons
