"""What a booking must pass: its room, its people, its time. Used by schedule.py.

Whoever books, moves or cancels locks the room first, so that one of two at once sees what the other
did; the exclusion constraint is the net.
"""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import (
    ARRAY,
    Integer,
    Text,
    and_,
    any_,
    bindparam,
    func,
    literal,
    null,
    select,
    union_all,
)

from models.employees import employee
from models.leave import leave
from models.meeting_rooms import meeting_room, meeting_room_booking
from sunshine.core.errors import Conflict, Invalid, violations
from sunshine.database.database import Transaction
from sunshine.database.statements import Row, Statement
from sunshine.modules.meeting_rooms.availability import (
    Slot,
    free_rooms,
    next_free,
    over_slots,
    overlapping,
    times_of,
)
from sunshine.modules.meeting_rooms.rooms import BOOKED

TAKEN = Conflict("The room is taken at that time", code="room_taken")
violations({"meeting_room_booking_overlap": TAKEN})
MOST_WARNINGS = 200

_b, _r = meeting_room_booking.c, meeting_room.c
_ids = ARRAY(Integer)
_LOCK = Statement(
    select(
        _r.id,
        _r.capacity,
        _r.active,
        func.to_char(_r.opens_at, "HH24:MI").label("opensAt"),
        func.to_char(_r.closes_at, "HH24:MI").label("closesAt"),
    )
    .where(_r.id == any_(bindparam("ids", type_=_ids)), _r.deleted_at.is_(None))
    .order_by(_r.id)
    .with_for_update(key_share=True)
)
_ACTIVE = Statement(
    select(employee.c.id)
    .where(
        employee.c.id == any_(bindparam("ids", type_=_ids)),
        employee.c.status == "active",
        employee.c.deleted_at.is_(None),
    )
    .order_by(employee.c.id)
    .with_for_update(key_share=True, read=True)
)
_slots = over_slots()
_other = _b.id != bindparam("but", type_=Integer)
_CLASHES = Statement(
    select(_slots.c.starts_at.label("wanted"), _b.starts_at, _b.ends_at)
    .select_from(meeting_room_booking.join(_slots, overlapping(_slots)))
    .where(_b.room_id == bindparam("room"), BOOKED, _other)
    .order_by(_b.starts_at)
)


def _warnings() -> Statement[Any]:
    people = bindparam("people", type_=_ids)
    is_one = employee.c.id == any_(people)
    zone = bindparam("zone", type_=Text)
    who = (employee.c.id.label("employeeId"), employee.c.name)
    meetings = (
        select(*who, literal("meeting").label("type"), _b.title, _slots.c.starts_at.label("at"))
        .select_from(_slots)
        .join(
            meeting_room_booking,
            and_(_b.starts_at < _slots.c.ends_at, _b.ends_at > _slots.c.starts_at),
        )
        .join(employee, and_(employee.c.id == any_(_b.people), is_one))
        .where(
            _b.people.op("&&")(people),
            BOOKED,
            _other,
            # Said once for all slots, so that nobody's past is gone through.
            _b.starts_at > bindparam("first", type_=_b.starts_at.type),
            _b.starts_at < bindparam("last", type_=_b.starts_at.type),
        )
    )
    span = func.tsrange(
        func.timezone(zone, _slots.c.starts_at), func.timezone(zone, _slots.c.ends_at)
    )
    absences = (
        select(*who, literal("leave").label("type"), null().label("title"), _slots.c.starts_at)
        .select_from(_slots)
        .join(leave, and_(leave.c.span.op("&&")(span), leave.c.status == "approved"))
        .join(employee, and_(employee.c.id == leave.c.employee_id, is_one))
    )
    both = union_all(meetings, absences).subquery()
    return Statement(
        select(both).order_by(both.c.at, both.c.employeeId).limit(literal(MOST_WARNINGS))
    )


_WARNINGS = _warnings()


async def lock_rooms(tx: Transaction, *ids: int) -> dict[int, Row]:
    """The rooms that exist of these, by id, each locked until we are done."""
    return {row["id"]: row for row in await tx.all(_LOCK, ids=sorted(set(ids)))}


async def check_people(tx: Transaction, attendees: Sequence[int]) -> None:
    """Every attendee is an active employee."""
    if attendees:
        found = {row["id"] for row in await tx.all(_ACTIVE, ids=list(attendees))}
        if missing := [id_ for id_ in attendees if id_ not in found]:
            listed = ", ".join(map(str, missing[:10]))
            raise Invalid.field("attendees", f"not active employees: {listed}")


def check_room(room: Row | None, people: int, times: Mapping[str, Any]) -> Row:
    """The room takes so many people, and is open from `startTime` to `endTime`."""
    if room is None:
        raise Invalid.field("roomId", "does not exist")
    if not room["active"]:
        raise Conflict("The room is out of use", code="room_inactive")
    if people > room["capacity"]:
        raise Invalid.field(
            "attendees", f"with the organizer {people} people, the room takes {room['capacity']}"
        )
    if room["opensAt"] and f"{times['startTime']:%H:%M}" < room["opensAt"]:
        raise Invalid.field("startTime", f"the room opens at {room['opensAt']}")
    if room["closesAt"] and f"{times['endTime']:%H:%M}" > room["closesAt"]:
        raise Invalid.field("endTime", f"the room closes at {room['closesAt']}")
    return room


async def clashes(tx: Transaction, room_id: int, slots: Sequence[Slot], but: int = 0) -> list[Row]:
    """What the room is booked for in these slots, `but` one booking: wanted, starts_at, ends_at."""
    return await tx.all(_CLASHES, room=room_id, but=but, **times_of(slots))


async def taken(
    tx: Transaction, room: Row, slots: Sequence[Slot], found: Sequence[Row], people: int
) -> Conflict:
    """The refusal: what is in the way, and `suggestions` of rooms and of another time."""
    zone = tx.policy.timezone
    conflicts = [Slot(row["starts_at"], row["ends_at"]).shown(zone) for row in found]
    suggestions: dict[str, Any] = {
        "rooms": await free_rooms(tx, slots, zone, people=people, like=room["id"])
    }
    if len(slots) == 1:
        suggestions["nextFree"] = await next_free(tx, room, slots[0], zone)
    return Conflict(
        TAKEN.message, code=TAKEN.code, data={"conflicts": conflicts, "suggestions": suggestions}
    )


async def warnings(
    tx: Transaction, slots: Sequence[Slot], people: Sequence[int], but: int = 0
) -> list[Row]:
    """Who is elsewhere then: `{employeeId, name, type: meeting|leave, title?, date}`."""
    zone = tx.policy.timezone
    rows = await tx.all(
        _WARNINGS,
        **times_of(slots),
        people=list(people),
        but=but,
        zone=zone.key,
        first=slots[0].start - timedelta(days=1),  # no meeting is longer
        last=slots[-1].end,
    )
    for row in rows:
        row["date"] = row.pop("at").astimezone(zone).date()
        if row["title"] is None:
            del row["title"]
    return rows
