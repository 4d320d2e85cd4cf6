"""Booking, moving and cancelling meetings. Checking in to them: check_in.py.

The organizer may change a booking, and holders of `rooms:manage` any. Reading bookings:
bookings.py. What a booking is checked against: conflicts.py. The days of a series: recurrence.py.
"""

from collections.abc import Mapping
from datetime import time
from typing import Any

from sqlalchemy import (
    Column,
    ColumnElement,
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
from sunshine.database.statements import IdRow, Statement
from sunshine.modules.meeting_rooms import conflicts as checks
from sunshine.modules.meeting_rooms.availability import Slot, over_slots, slot, slot_parameters
from sunshine.modules.meeting_rooms.bookings import (
    BY_ID,
    ENTITY,
    require_upcoming,
    rows_of,
    seen_by,
)
from sunshine.modules.meeting_rooms.recurrence import days_of
from sunshine.modules.meeting_rooms.rooms import IS_BOOKED
from sunshine.modules.meeting_rooms.rows import (
    Booked,
    BookedSeries,
    BookingRow,
    Cancelled,
    LockedRoomRow,
    MeetingWarning,
    Occurrence,
)
from sunshine.modules.scope import employee_of

_BUSY = Conflict("Somebody else is changing this right now; try again", code="busy")

_b = meeting_room_booking.c

_INSERT_SERIES = Statement(
    insert(meeting_room_series)
    .values(
        recurrence=bindparam("recurrence", type_=meeting_room_series.c.recurrence.type),
        created_at=bindparam("now"),
    )
    .returning(meeting_room_series.c.id),
    IdRow,
)
_STORED = {
    "roomId": _b.room_id,
    "attendees": _b.attendees,
    "title": _b.title,
    "description": _b.description,
}


def _insert() -> Statement[BookingRow]:
    slots = over_slots()
    given = {**_STORED, "organizer": _b.organizer_id, "series": _b.series_id}
    given |= {"now": _b.created_at}
    values: dict[Column[Any], ColumnElement[Any]] = {
        column: cast(bindparam(name), column.type) for name, column in given.items()
    }
    values |= {_b.updated_at: cast(bindparam("now"), _b.updated_at.type)}
    values |= {_b.starts_at: slots.c.starts_at, _b.ends_at: slots.c.ends_at}
    made = (
        insert(meeting_room_booking)
        .from_select(list(values), select(*values.values()).select_from(slots))
        .returning(*meeting_room_booking.c)
        .cte("made")
    )
    return Statement(rows_of(made).order_by(made.c.starts_at), BookingRow)


_INSERT = _insert()
_starts = bindparam("starts", type_=_b.starts_at.type)
_MOVE = Statement(
    update(meeting_room_booking)
    .where(_b.id == bindparam("row_id"), IS_BOOKED)
    .values({column: bindparam(name, type_=column.type) for name, column in _STORED.items()})
    .values(
        {
            _b.starts_at: _starts,
            _b.ends_at: bindparam("ends", type_=_b.ends_at.type),
            # A check-in counts for its start only.
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
        IS_BOOKED,
        _b.ends_at > bindparam("now"),
    )
    .values(status="cancelled", updated_at=bindparam("now"))
    .returning(_b.id),
    IdRow,
)


async def book(
    tx: Transaction, values: Mapping[str, Any], *, actor: Principal
) -> Booked | BookedSeries:
    """Book a room for one day, or for all days of a `recurrence` in one statement.

    Return the booking with `warnings`; of a series the first one, with `occurrences` and `skipped`
    days. Conflict `room_taken` names the overlaps and suggests alternatives.
    """
    me = employee_of(actor)
    full: dict[str, Any] = {"attendees": [], "description": None, **values}
    recurrence = full.pop("recurrence", None)
    days = days_of(full["date"], recurrence)
    slots = [slot(day, full["startTime"], full["endTime"], tx.policy.timezone) for day in days]
    people = {me, *full["attendees"]}
    await checks.check_people(tx, full["attendees"])
    skips = bool(recurrence and recurrence.get("skipConflicts"))
    free = await _free_slots(tx, full, slots, len(people), skips=skips)
    warnings = await checks.warnings(tx, free, sorted(people))
    rows = await _insert_all(tx, full, free, recurrence, actor)
    await tx.record_all("meeting_room_booked", ENTITY, [(row["id"], None, row) for row in rows])
    booked: Booked = {**rows[0], "warnings": warnings}
    if recurrence is None:
        return booked
    occurrences = [Occurrence(id=row["id"], date=row["date"]) for row in rows]
    skipped = [day for day, each in zip(days, slots, strict=True) if each not in free]
    series: BookedSeries = {**booked, "occurrences": occurrences, "skipped": skipped}
    return series


async def move(tx: Transaction, id_: int, values: Mapping[str, Any], *, actor: Principal) -> Booked:
    """Merge fields into a booking that is not over: room, time, attendees, title or description.

    Errors as for booking and as `_get_for_update`.
    """
    before, rooms = await _get_for_update(tx, id_, actor, values.get("roomId"))
    full = _merged(before, values)
    slots = [slot(full["date"], full["startTime"], full["endTime"], tx.policy.timezone)]
    people = {before["organizer"], *full["attendees"]}
    warnings: list[MeetingWarning] = []
    if "attendees" in values:
        await checks.check_people(tx, full["attendees"])
    if values.keys() - {"title", "description"}:
        room = checks.check_room(rooms.get(full["roomId"]), len(people), full)
        if overlaps := await checks.find_overlaps(tx, room["id"], slots, id_):
            raise await checks.room_taken(tx, room, slots, overlaps, len(people))
        warnings = await checks.warnings(tx, slots, sorted(people), id_)
    stored = {name: full[name] for name in _STORED}
    if not await tx.execute(_MOVE, row_id=id_, starts=slots[0].start, ends=slots[0].end, **stored):
        raise _BUSY
    after = await tx.one(BY_ID, id=id_, **seen_by(tx.database, actor))
    await record_change(tx, ENTITY, before, after, "meeting_room_booking_changed")
    return {**after, "warnings": warnings}


async def cancel(tx: Transaction, id_: int, *, scope: str, actor: Principal) -> Cancelled:
    """Cancel a booking, by the scope `series` with the later ones of its series. The rows stay."""
    before, _ = await _get_for_update(tx, id_, actor)
    series = before["seriesId"] if scope == "series" else None
    cancelled = await tx.all(_CANCEL, id=id_, series=series, since=before["startsAt"])
    was, is_ = {"status": "booked"}, {"status": "cancelled"}
    await tx.record_all(
        "meeting_room_cancelled", ENTITY, [(row["id"], was, is_) for row in cancelled]
    )
    after = await tx.one(BY_ID, id=id_, **seen_by(tx.database, actor))
    return {**after, "cancelled": len(cancelled)}


async def _free_slots(
    tx: Transaction, full: Mapping[str, Any], slots: list[Slot], people: int, *, skips: bool
) -> list[Slot]:
    """Lock the room and return the slots that are free; Conflict where one is not, unless `skips`
    leaves some."""
    rooms = await checks.lock_rooms(tx, full["roomId"])
    room = checks.check_room(rooms.get(full["roomId"]), people, full)
    overlaps = await checks.find_overlaps(tx, room["id"], slots)
    taken = {row["wanted"] for row in overlaps}
    free = [each for each in slots if each.start not in taken]
    if overlaps and not (free and skips):
        raise await checks.room_taken(tx, room, slots, overlaps, people)
    return free


async def _insert_all(
    tx: Transaction,
    full: Mapping[str, Any],
    slots: list[Slot],
    recurrence: Mapping[str, Any] | None,
    actor: Principal,
) -> list[BookingRow]:
    series = None if recurrence is None else await tx.one(_INSERT_SERIES, recurrence=recurrence)
    stored = {name: full[name] for name in _STORED}
    return await tx.all(
        _INSERT,
        **stored,
        **slot_parameters(slots),
        **seen_by(tx.database, actor),
        organizer=actor.employee_id,
        series=series and series["id"],
    )


def _merged(before: BookingRow, values: Mapping[str, Any]) -> dict[str, Any]:
    """Return the fields of a booking, overridden by `values`, with times as `time`."""
    start, end = time.fromisoformat(before["startTime"]), time.fromisoformat(before["endTime"])
    merged: dict[str, Any] = {**before, "startTime": start, "endTime": end, **values}
    return merged


async def _get_for_update(
    tx: Transaction, id_: int, actor: Principal, other_room: int | None = None
) -> tuple[BookingRow, dict[int, LockedRoomRow]]:
    """Lock a booking's rooms; return the booking and the rooms by id.

    NotAllowed unless the caller organizes it or manages rooms; NotFound; Conflict where it is over
    or no longer booked.
    """
    seen = seen_by(tx.database, actor)
    found = await tx.one_or_none(BY_ID, id=id_, **seen)
    manages = actor.may("rooms:manage")
    if not manages and (found is None or found["organizer"] != actor.employee_id):
        raise NotAllowed
    if found is None:
        raise NotFound
    rooms = await checks.lock_rooms(tx, found["roomId"], other_room or found["roomId"])
    current = await tx.one(BY_ID, id=id_, **seen)
    if current["roomId"] != found["roomId"]:
        raise _BUSY
    require_upcoming(tx, current)
    return current, rooms
