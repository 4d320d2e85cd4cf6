"""When rooms are taken and free: availability, and what to suggest instead.

Meetings have wall-clock times of the business and are stored as instants; here one becomes the
other. Intervals are half-open.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import ARRAY, DateTime, Integer, Text, bindparam, exists, func, or_, select
from sqlalchemy import Time as TimeOfDay

from models.meeting_rooms import meeting_room, meeting_room_booking
from sunshine.core.errors import Invalid
from sunshine.database.database import Database, Reader
from sunshine.database.pages import lowered
from sunshine.database.statements import Row, Statement
from sunshine.modules.meeting_rooms.rooms import BOOKED, rooms

# What can be booked to at most, and so is shown as free.
LAST = time(23, 59)
LOOK_AHEAD = 14  # days
SUGGESTED = 5
YEARS = range(1970, 2970)


@dataclass(frozen=True, slots=True)
class Slot:
    """From one instant (UTC) to another."""

    start: datetime
    end: datetime

    def shown(self, zone: ZoneInfo) -> Row:
        """`{date, startTime, endTime}` on the wall."""
        start = self.start.astimezone(zone)
        return {
            "date": start.date(),
            "startTime": f"{start:%H:%M}",
            "endTime": f"{self.end.astimezone(zone):%H:%M}",
        }


def slot(day: date, start: time, end: time, zone: ZoneInfo) -> Slot:
    """The instants of a meeting; Invalid where the clocks jump over its start or end."""
    _check_year(day)
    if end <= start:
        raise Invalid.field("endTime", "must be after startTime")
    instants = []
    for field, at in (("startTime", start), ("endTime", end)):
        instant = datetime.combine(day, at, zone).astimezone(UTC)
        if instant.astimezone(zone).time() != at:
            raise Invalid.field(field, f"{at:%H:%M} does not exist on {day}: the clocks change")
        instants.append(instant)
    return Slot(*instants)


def open_hours(room: Row, day: date, zone: ZoneInfo) -> Slot:
    """From a room's opening to its closing on a day."""
    opens, closes = (
        time.fromisoformat(room[name]) if room[name] else whole_day
        for name, whole_day in (("opensAt", time()), ("closesAt", LAST))
    )
    start, end = (datetime.combine(day, at, zone).astimezone(UTC) for at in (opens, closes))
    return Slot(start, end)


def gaps(taken: Iterable[Slot], within: Slot) -> Iterator[Slot]:
    """What is left of `within`; `taken` comes in the order of starts."""
    start = within.start
    for each in taken:
        if each.start > start < within.end:
            yield Slot(start, min(each.start, within.end))
        start = max(start, each.end)
    if start < within.end:
        yield Slot(start, within.end)


def over_slots() -> Any:
    """The parameters `starts` and `ends` as rows, for statements about many slots at once."""
    instants = ARRAY(DateTime(timezone=True))
    return (
        func.unnest(bindparam("starts", type_=instants), bindparam("ends", type_=instants))
        .table_valued("starts_at", "ends_at")
        .render_derived("slot")
    )


def times_of(slots: Sequence[Slot]) -> dict[str, list[datetime]]:
    """The values of those parameters."""
    return {"starts": [each.start for each in slots], "ends": [each.end for each in slots]}


_b, _r = meeting_room_booking.c, meeting_room.c


def overlapping(slots: Any) -> Any:
    """The condition that a booking overlaps a slot: as the index has it."""
    return func.tstzrange(_b.starts_at, _b.ends_at).op("&&")(
        func.tstzrange(slots.c.starts_at, slots.c.ends_at)
    )


_slots = over_slots()
_TAKEN = Statement(
    select(_b.starts_at, _b.ends_at)
    .select_from(meeting_room_booking.join(_slots, overlapping(_slots)))
    .where(_b.room_id == bindparam("room"), BOOKED)
    .order_by(_b.starts_at)
)
_NONE = bindparam("none", [], ARRAY(Text))
_like = meeting_room.alias("like")
_facilities = (
    select(lowered(_like.c.facilities))
    .where(_like.c.id == bindparam("like", type_=Integer))
    .scalar_subquery()
)
_FREE = Statement(
    select(_r.id, _r.name, _r.capacity, _r.floor, _r.facilities, _r.location)
    .where(
        _r.active,
        _r.deleted_at.is_(None),
        _r.id != func.coalesce(bindparam("like", type_=Integer), 0),
        _r.capacity >= bindparam("people", type_=Integer),
        lowered(_r.facilities).op("@>")(func.coalesce(_facilities, _NONE)),
        or_(_r.opens_at.is_(None), _r.opens_at <= bindparam("opens", type_=TimeOfDay)),
        or_(_r.closes_at.is_(None), _r.closes_at >= bindparam("closes", type_=TimeOfDay)),
        ~exists()
        .where(_b.room_id == _r.id, BOOKED, overlapping(_slots))
        .select_from(meeting_room_booking, _slots)
        .correlate(meeting_room),
    )
    .order_by(_r.capacity, _r.id)
    .limit(bindparam("most", type_=Integer))
)  # fmt: skip


async def availability(database: Database, room_id: int, day: date | None) -> Row:
    """`{date, room, booked, free}` of a day, today unless said: times, nobody's titles."""
    room = await rooms.find(database, room_id)
    zone = database.policy.timezone
    day = day or database.today
    _check_year(day)
    whole = open_hours({"opensAt": None, "closesAt": None}, day, zone)
    taken = await _taken(database, room_id, whole)
    free = gaps(taken, open_hours(room, day, zone)) if room["active"] else ()
    return {
        "date": day,
        "room": room,
        "booked": [_times(each, zone) for each in taken],
        "free": [_times(each, zone) for each in free],
    }


async def free_rooms(
    reader: Reader, slots: Sequence[Slot], zone: ZoneInfo, *, people: int,
    like: int | None = None, most: int = SUGGESTED,
) -> list[Row]:  # fmt: skip
    """Rooms for so many people that are free in every slot, the smallest first.

    `like` names a room whose facilities they have too, itself left out.
    """
    # A series has the same times each day.
    opens, closes = (
        at.astimezone(zone).time().replace(tzinfo=None) for at in (slots[0].start, slots[0].end)
    )
    return await reader.all(
        _FREE, **times_of(slots), people=people, like=like, opens=opens, closes=closes, most=most
    )


async def next_free(reader: Reader, room: Row, wanted: Slot, zone: ZoneInfo) -> Row | None:
    """The room's first free slot of the same length from the wanted start on; two weeks at most."""
    length = wanted.end - wanted.start
    first = wanted.start.astimezone(zone).date()
    days = [open_hours(room, first + timedelta(n), zone) for n in range(LOOK_AHEAD)]
    taken = await _taken(reader, room["id"], Slot(wanted.start, days[-1].end))
    for day in days:
        within = Slot(max(day.start, wanted.start), day.end)
        for gap in gaps((each for each in taken if each.end > within.start), within):
            if gap.end - gap.start >= length:
                return Slot(gap.start, gap.start + length).shown(zone)
    return None


async def _taken(reader: Reader, room_id: int, within: Slot) -> list[Slot]:
    rows = await reader.all(_TAKEN, room=room_id, **times_of([within]))
    return [
        Slot(max(row["starts_at"], within.start), min(row["ends_at"], within.end)) for row in rows
    ]


def _check_year(day: date) -> None:
    if day.year not in YEARS:
        raise Invalid.field("date", f"must be in the years {YEARS[0]} to {YEARS[-1]}")


def _times(each: Slot, zone: ZoneInfo) -> Row:
    shown = each.shown(zone)
    return {"startTime": shown["startTime"], "endTime": shown["endTime"]}
