"""What a booking is checked against: its room, people and time. Used by schedule.py.

Booking, moving and cancelling lock the room first, so that the second of two at once sees what the
first did; the exclusion constraint is the net.
"""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import ARRAY, Integer, Text, any_, bindparam, func, select, text

from models.employees import employee
from models.meeting_rooms import meeting_room, meeting_room_booking
from sunshine.core.errors import Conflict, Invalid, violations
from sunshine.database.database import Transaction
from sunshine.database.statements import IdRow, Statement
from sunshine.modules.meeting_rooms.availability import (
    Slot,
    free_rooms,
    next_free,
    over_slots,
    overlapping,
    slot_parameters,
)
from sunshine.modules.meeting_rooms.rooms import IS_BOOKED
from sunshine.modules.meeting_rooms.rows import (
    LockedRoomRow,
    MeetingWarning,
    OverlapRow,
    Suggestions,
    WarningRow,
)

TAKEN = Conflict("The room is taken at that time", code="room_taken")
violations({"meeting_room_booking_overlap": TAKEN})
MOST_WARNINGS = 200

_b, _r = meeting_room_booking.c, meeting_room.c
_ids, _instants = ARRAY(Integer), ARRAY(_b.starts_at.type)
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
    .with_for_update(key_share=True),
    LockedRoomRow,
)
_ACTIVE = Statement(
    select(employee.c.id)
    .where(
        employee.c.id == any_(bindparam("ids", type_=_ids)),
        employee.c.status == "active",
        employee.c.deleted_at.is_(None),
    )
    .order_by(employee.c.id)
    .with_for_update(key_share=True, read=True),
    IdRow,
)
_slots = over_slots()
_OVERLAPS = Statement(
    select(_slots.c.starts_at.label("wanted"), _b.starts_at, _b.ends_at)
    .select_from(meeting_room_booking.join(_slots, overlapping(_slots)))
    .where(_b.room_id == bindparam("room"), IS_BOOKED, _b.id != bindparam("but", type_=Integer))
    .order_by(_b.starts_at),
    OverlapRow,
)


# `first` and `last` bound all slots at once, so that the index skips people's earlier meetings.
_WARNINGS = Statement(
    text(
        """
        SELECT employee.id AS "employeeId", employee.name, 'meeting' AS type,
               booking.title, slot.starts_at AS at
        FROM unnest(:starts, :ends) AS slot (starts_at, ends_at)
        JOIN meeting_room_booking AS booking
            ON booking.starts_at < slot.ends_at AND booking.ends_at > slot.starts_at
        JOIN employee ON employee.id = ANY (booking.people) AND employee.id = ANY (:people)
        WHERE booking.people && :people AND booking.status = 'booked' AND booking.id <> :but
            AND booking.starts_at > :first AND booking.starts_at < :last
        UNION ALL
        SELECT employee.id, employee.name, 'leave', NULL, slot.starts_at
        FROM unnest(:starts, :ends) AS slot (starts_at, ends_at)
        JOIN leave ON leave.status = 'approved' AND leave.span && tsrange(
            timezone(:zone, slot.starts_at), timezone(:zone, slot.ends_at))
        JOIN employee ON employee.id = leave.employee_id AND employee.id = ANY (:people)
        ORDER BY at, "employeeId"
        LIMIT :most
        """
    )
    .bindparams(
        bindparam("starts", type_=_instants),
        bindparam("ends", type_=_instants),
        bindparam("people", type_=_ids),
        bindparam("but", type_=Integer),
        bindparam("first", type_=_b.starts_at.type),
        bindparam("last", type_=_b.starts_at.type),
        bindparam("zone", type_=Text),
        bindparam("most", MOST_WARNINGS, type_=Integer),
    )
    .columns(employeeId=Integer, name=Text, type=Text, title=Text, at=_b.starts_at.type),
    WarningRow,
)


async def lock_rooms(tx: Transaction, *ids: int) -> dict[int, LockedRoomRow]:
    """Lock those of these rooms that exist until the transaction ends; return them by id."""
    return {row["id"]: row for row in await tx.all(_LOCK, ids=sorted(set(ids)))}


async def check_people(tx: Transaction, attendees: Sequence[int]) -> None:
    """Raise Invalid unless every attendee is an active employee."""
    if attendees:
        found = {row["id"] for row in await tx.all(_ACTIVE, ids=list(attendees))}
        if missing := [id_ for id_ in attendees if id_ not in found]:
            listed = ", ".join(map(str, missing[:10]))
            raise Invalid.field("attendees", f"not active employees: {listed}")


def check_room(room: LockedRoomRow | None, people: int, times: Mapping[str, Any]) -> LockedRoomRow:
    """Return the room if it is in use, takes that many people, and is open from `startTime` to
    `endTime`; else Invalid, or Conflict `room_inactive`."""
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


async def find_overlaps(
    tx: Transaction, room_id: int, slots: Sequence[Slot], but: int = 0
) -> list[OverlapRow]:
    """Return the bookings of a room that overlap these slots, except the booking `but`."""
    return await tx.all(_OVERLAPS, room=room_id, but=but, **slot_parameters(slots))


async def room_taken(
    tx: Transaction,
    room: LockedRoomRow,
    slots: Sequence[Slot],
    overlaps: Sequence[OverlapRow],
    people: int,
) -> Conflict:
    """Return the Conflict that names the overlaps and suggests other rooms and another time."""
    zone = tx.policy.timezone
    conflicts = [Slot(row["starts_at"], row["ends_at"]).local(zone) for row in overlaps]
    rooms = await free_rooms(tx, slots, zone, people=people, like=room["id"])
    suggestions = Suggestions(rooms=rooms)
    if len(slots) == 1:
        suggestions["nextFree"] = await next_free(tx, room, slots[0], zone)
    return Conflict(
        TAKEN.message, code=TAKEN.code, data={"conflicts": conflicts, "suggestions": suggestions}
    )


async def warnings(
    tx: Transaction, slots: Sequence[Slot], people: Sequence[int], but: int = 0
) -> list[MeetingWarning]:
    """Return at most 200 cases of people who are elsewhere during these slots, in another meeting
    than `but` or on approved leave."""
    zone = tx.policy.timezone
    rows = await tx.all(
        _WARNINGS,
        **slot_parameters(slots),
        people=list(people),
        but=but,
        zone=zone.key,
        first=slots[0].start - timedelta(days=1),  # no meeting is longer
        last=slots[-1].end,
    )
    return [_warning(row, zone) for row in rows]


def _warning(row: WarningRow, zone: ZoneInfo) -> MeetingWarning:
    day = row["at"].astimezone(zone).date()
    warning = MeetingWarning(
        employeeId=row["employeeId"], name=row["name"], type=row["type"], date=day
    )
    if row["title"] is not None:
        warning["title"] = row["title"]
    return warning
