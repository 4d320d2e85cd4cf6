"""Who has which room when: booked, moved, cancelled, checked in to.

The organizer may change a booking, and holders of rooms:manage any. How it is read:
bookings.py. What it must pass: conflicts.py. On which days a recurring
meeting is: recurrence.py.
"""

from collections.abc import Mapping
from datetime import time, timedelta
from typing import Any

from sqlalchemy import (
    Integer,
    and_,
    bindparam,
    case,
    cast,
    insert,
    or_,
    select,
    update,
)

from models.meeting_rooms import meeting_room_booking, meeting_room_series
from sunshine.core.errors import Conflict, NotAllowed, NotFound
from sunshine.core.principals import Principal
from sunshine.database.database import Transaction
from sunshine.database.records import record_change
from sunshine.database.statements import Row, Statement
from sunshine.modules.meeting_rooms import conflicts as checks
from sunshine.modules.meeting_rooms.availability import Slot, over_slots, slot, times_of
from sunshine.modules.meeting_rooms.bookings import FIND, rows_of, seen_by
from sunshine.modules.meeting_rooms.recurrence import days_of
from sunshine.modules.meeting_rooms.rooms import BOOKED
from sunshine.modules.scope import employee_of

CHECK_IN_BEFORE = timedelta(minutes=15)
ENTITY = "meeting_room_booking"

_b = meeting_room_booking.c

_INSERT_SERIES = Statement(
    insert(meeting_room_series)
    .values(
        recurrence=bindparam("recurrence", type_=meeting_room_series.c.recurrence.type),
        created_at=bindparam("now"),
    )
    .returning(meeting_room_series.c.id)
)
_STORED = {
    "roomId": _b.room_id,
    "attendees": _b.attendees,
    "title": _b.title,
    "description": _b.description,
}


def _insert() -> Statement[Any]:
    slots = over_slots()
    given = {**_STORED, "organizer": _b.organizer_id, "series": _b.series_id}
    given |= {"now": _b.created_at}
    values = {column: cast(bindparam(name), column.type) for name, column in given.items()}
    values |= {_b.updated_at: cast(bindparam("now"), _b.updated_at.type)}
    values |= {_b.starts_at: slots.c.starts_at, _b.ends_at: slots.c.ends_at}
    made = (
        insert(meeting_room_booking)
        .from_select(list(values), select(*values.values()).select_from(slots))
        .returning(*meeting_room_booking.c)
        .cte("made")
    )
    return Statement(rows_of(made).order_by(made.c.starts_at))


_INSERT = _insert()
_starts = bindparam("starts", type_=_b.starts_at.type)
_MOVE = Statement(
    update(meeting_room_booking)
    .where(_b.id == bindparam("row_id"), BOOKED)
    .values({column: bindparam(name, type_=column.type) for name, column in _STORED.items()})
    .values(
        {
            _b.starts_at: _starts,
            _b.ends_at: bindparam("ends", type_=_b.ends_at.type),
            # Who was there then is not there yet.
            _b.checked_in_at: case((_b.starts_at == _starts, _b.checked_in_at)),
            _b.updated_at: bindparam("now"),
        }
    )
)
_CANCEL = Statement(
    update(meeting_room_booking)
    .where(
        or_(
            _b.id == bindparam("id"),
            and_(
                _b.series_id == bindparam("series", type_=Integer),
                _b.starts_at >= bindparam("since", type_=_b.starts_at.type),
            ),
        ),
        BOOKED,
        _b.ends_at > bindparam("now"),
    )
    .values(status="cancelled", updated_at=bindparam("now"))
    .returning(_b.id)
)
_CHECK_IN = Statement(
    update(meeting_room_booking)
    .where(
        _b.id == bindparam("id"),
        BOOKED,
        _b.checked_in_at.is_(None),
        _b.starts_at <= bindparam("soon", type_=_b.starts_at.type),
        _b.ends_at > bindparam("now"),
    )
    .values(checked_in_at=bindparam("now"), updated_at=bindparam("now"))
)


async def book(tx: Transaction, values: Mapping[str, Any], *, actor: Principal) -> Row:
    """Book a room, with a `recurrence` all its days in one statement.

    The booking with `warnings`; of a series the first one, with `occurrences` and `skipped` days.
    Conflict `room_taken` names what is in the way and free alternatives.
    """
    me = employee_of(actor)
    full = {"attendees": [], "description": None} | dict(values)
    recurrence = full.pop("recurrence", None)
    days = days_of(full["date"], recurrence)
    slots = [slot(day, full["startTime"], full["endTime"], tx.policy.timezone) for day in days]
    people = {me, *full["attendees"]}
    await checks.check_people(tx, full["attendees"])
    found_rooms = await checks.lock_rooms(tx, full["roomId"])
    room = checks.check_room(found_rooms.get(full["roomId"]), len(people), full)
    found = await checks.clashes(tx, room["id"], slots)
    skipped = {row["wanted"] for row in found}
    free = [each for each in slots if each.start not in skipped]
    if found and not (free and recurrence and recurrence.get("skipConflicts")):
        raise await checks.taken(tx, room, slots, found, len(people))
    warnings = await checks.warnings(tx, free, sorted(people))
    rows = await _insert_all(tx, full, free, recurrence, actor)
    await tx.record_all("meeting_room_booked", ENTITY, [(row["id"], None, row) for row in rows])
    if recurrence is None:
        return rows[0] | {"warnings": warnings}
    return rows[0] | {
        "occurrences": [{"id": row["id"], "date": row["date"]} for row in rows],
        "skipped": [day for day, each in zip(days, slots, strict=True) if each not in free],
        "warnings": warnings,
    }


async def move(tx: Transaction, id_: int, values: Mapping[str, Any], *, actor: Principal) -> Row:
    """Merge into a booking that is not over: another room, time, people or words."""
    before, rooms = await _held(tx, id_, actor, values.get("roomId"))
    times = {name: time.fromisoformat(before[name]) for name in ("startTime", "endTime")}
    full = {name: before[name] for name in (*_STORED, "date")} | times | dict(values)
    slots = [slot(full["date"], full["startTime"], full["endTime"], tx.policy.timezone)]
    people = {before["organizer"], *full["attendees"]}
    warnings: list[Row] = []
    if "attendees" in values:
        await checks.check_people(tx, full["attendees"])
    if values.keys() - {"title", "description"}:
        room = checks.check_room(rooms.get(full["roomId"]), len(people), full)
        if found := await checks.clashes(tx, room["id"], slots, id_):
            raise await checks.taken(tx, room, slots, found, len(people))
        warnings = await checks.warnings(tx, slots, sorted(people), id_)
    stored = {name: full[name] for name in _STORED}
    if not await tx.execute(_MOVE, row_id=id_, starts=slots[0].start, ends=slots[0].end, **stored):
        raise _BUSY
    after = await tx.one(FIND, id=id_, **seen_by(tx.database, actor))
    await record_change(tx, ENTITY, before, after, "meeting_room_booking_changed")
    return after | {"warnings": warnings}


async def cancel(tx: Transaction, id_: int, *, scope: str, actor: Principal) -> Row:
    """Give the room free; with scope `series` also in all that follows. The rows stay."""
    before, _ = await _held(tx, id_, actor)
    series = before["seriesId"] if scope == "series" else None
    cancelled = await tx.all(_CANCEL, id=id_, series=series, since=before["startsAt"])
    was, is_ = {"status": "booked"}, {"status": "cancelled"}
    await tx.record_all(
        "meeting_room_cancelled", ENTITY, [(row["id"], was, is_) for row in cancelled]
    )
    after = await tx.one(FIND, id=id_, **seen_by(tx.database, actor))
    return after | {"cancelled": len(cancelled)}


async def check_in(tx: Transaction, id_: int, *, actor: Principal) -> Row:
    """Somebody is there: from a quarter of an hour before the start until the end, once."""
    seen = seen_by(tx.database, actor)
    before = await tx.one_or_none(FIND, id=id_, **seen)
    if not actor.may("rooms:manage"):
        employee_of(actor)
    there = before and actor.employee_id in (before["organizer"], *before["attendees"])
    if not (there or actor.may("rooms:manage")):
        raise NotAllowed
    if before is None:
        raise NotFound
    changed = await tx.execute(_CHECK_IN, id=id_, soon=tx.now + CHECK_IN_BEFORE)
    after = await tx.one(FIND, id=id_, **seen)
    if changed:
        await record_change(tx, ENTITY, before, after, "meeting_room_checked_in")
        return after
    _check_alive(tx, after)
    if after["checkedInAt"] is None:
        raise Conflict("Check-in begins 15 minutes before the start", code="too_early")
    return after


_BUSY = Conflict("Somebody else is changing this right now; try again", code="busy")


async def _insert_all(
    tx: Transaction,
    full: Mapping[str, Any],
    slots: list[Slot],
    recurrence: Mapping[str, Any] | None,
    actor: Principal,
) -> list[Row]:
    series = None if recurrence is None else await tx.one(_INSERT_SERIES, recurrence=recurrence)
    stored = {name: full[name] for name in _STORED}
    return await tx.all(
        _INSERT,
        **stored,
        **times_of(slots),
        **seen_by(tx.database, actor),
        organizer=actor.employee_id,
        series=series and series["id"],
    )


async def _held(
    tx: Transaction, id_: int, actor: Principal, other_room: int | None = None
) -> tuple[Row, dict[int, Row]]:
    """A booking that the caller may change and that is not over, and its locked rooms."""
    seen = seen_by(tx.database, actor)
    found = await tx.one_or_none(FIND, id=id_, **seen)
    manages = actor.may("rooms:manage")
    if not manages and (found is None or found["organizer"] != actor.employee_id):
        raise NotAllowed
    if found is None:
        raise NotFound
    rooms = await checks.lock_rooms(tx, found["roomId"], other_room or found["roomId"])
    current = await tx.one(FIND, id=id_, **seen)
    if current["roomId"] != found["roomId"]:
        raise _BUSY
    _check_alive(tx, current)
    return current, rooms


def _check_alive(tx: Transaction, row: Row) -> None:
    if row["status"] != "booked":
        raise Conflict(f"The booking is {row['status']}", code=f"booking_{row['status']}")
    if row["endsAt"] <= tx.now:
        raise Conflict("The meeting is over", code="booking_past")
