"""When rooms are booked and free, and what to suggest instead of a taken one.

Meetings have local times of the business and are stored as instants, which this file converts.
Intervals are half-open.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import (
    ARRAY,
    ColumnElement,
    DateTime,
    Integer,
    TableValuedAlias,
    Text,
    bindparam,
    exists,
    func,
    or_,
    select,
)
from sqlalchemy import Time as TimeOfDay

from models.meeting_rooms import meeting_room, meeting_room_booking
from sunshine.core.errors import Invalid
from sunshine.database.database import Database, Reader
from sunshine.database.pages import lowered
from sunshine.database.statements import Statement
from sunshine.modules.meeting_rooms.rooms import IS_BOOKED, rooms
from sunshine.modules.meeting_rooms.rows import (
    Availability,
    FreeRoomRow,
    HoursRow,
    IntervalRow,
    LocalSlot,
    LockedRoomRow,
    Times,
)

# The latest end of a booking, and so of what is shown as free.
LAST = time(23, 59)
LOOK_AHEAD = 14  # days
SUGGESTED = 5
YEARS = range(1970, 2970)


@dataclass(frozen=True, slots=True)
class Slot:
    """A half-open interval between two instants in UTC."""

    start: datetime
    end: datetime

    def local(self, zone: ZoneInfo) -> LocalSlot:
        """Return the slot as a day and times in a timezone."""
        day = self.start.astimezone(zone).date()
        return LocalSlot(date=day, **self.times(zone))

    def times(self, zone: ZoneInfo) -> Times:
        """Return the slot as times in a timezone."""
        start, end = self.start.astimezone(zone), self.end.astimezone(zone)
        return Times(startTime=f"{start:%H:%M}", endTime=f"{end:%H:%M}")


def slot(day: date, start: time, end: time, zone: ZoneInfo) -> Slot:
    """Return the instants of a meeting; Invalid where the clocks skip its start or end."""
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


def open_hours(room: HoursRow, day: date, zone: ZoneInfo) -> Slot:
    """Return the slot between a room's opening and closing on a day."""
    opens = time.fromisoformat(room["opensAt"]) if room["opensAt"] else time()
    closes = time.fromisoformat(room["closesAt"]) if room["closesAt"] else LAST
    start, end = (datetime.combine(day, at, zone).astimezone(UTC) for at in (opens, closes))
    return Slot(start, end)


def gaps(taken: Iterable[Slot], within: Slot) -> Iterator[Slot]:
    """Yield the slots of `within` that `taken` leaves free; `taken` is ordered by start."""
    start = within.start
    for each in taken:
        if each.start > start < within.end:
            yield Slot(start, min(each.start, within.end))
        start = max(start, each.end)
    if start < within.end:
        yield Slot(start, within.end)


def over_slots() -> TableValuedAlias:
    """Return the parameters `starts` and `ends` as rows, for statements about many slots."""
    instants = ARRAY(DateTime(timezone=True))
    return (
        func.unnest(bindparam("starts", type_=instants), bindparam("ends", type_=instants))
        .table_valued("starts_at", "ends_at")
        .render_derived("slot")
    )


def slot_parameters(slots: Sequence[Slot]) -> dict[str, list[datetime]]:
    """Return the values of the parameters of `over_slots`."""
    return {"starts": [each.start for each in slots], "ends": [each.end for each in slots]}


_b, _r = meeting_room_booking.c, meeting_room.c


def overlapping(slots: TableValuedAlias) -> ColumnElement[bool]:
    """Return the condition that a booking overlaps a slot, in the form that the index serves."""
    return func.tstzrange(_b.starts_at, _b.ends_at).op("&&")(
        func.tstzrange(slots.c.starts_at, slots.c.ends_at)
    )


_slots = over_slots()
_TAKEN = Statement(
    select(_b.starts_at, _b.ends_at)
    .select_from(meeting_room_booking.join(_slots, overlapping(_slots)))
    .where(_b.room_id == bindparam("room"), IS_BOOKED)
    .order_by(_b.starts_at),
    IntervalRow,
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
        .where(_b.room_id == _r.id, IS_BOOKED, overlapping(_slots))
        .select_from(meeting_room_booking, _slots)
        .correlate(meeting_room),
    )
    .order_by(_r.capacity, _r.id)
    .limit(bindparam("most", type_=Integer)),
    FreeRoomRow,
)  # fmt: skip


async def availability(database: Database, room_id: int, day: date | None) -> Availability:
    """Return when a room is booked and free on a day, today by default; titles are not shown.

    NotFound; Invalid for a year out of range.
    """
    room = await rooms.find(database, room_id)
    zone = database.policy.timezone
    day = day or database.today
    _check_year(day)
    whole = open_hours(HoursRow(opensAt=None, closesAt=None), day, zone)
    taken = await _taken(database, room_id, whole)
    free = gaps(taken, open_hours(room, day, zone)) if room["active"] else ()
    return Availability(
        date=day,
        room=room,
        booked=[each.times(zone) for each in taken],
        free=[each.times(zone) for each in free],
    )


async def free_rooms(
    reader: Reader, slots: Sequence[Slot], zone: ZoneInfo, *, people: int,
    like: int | None = None, most: int = SUGGESTED,
) -> list[FreeRoomRow]:  # fmt: skip
    """Return at most `most` rooms for that many people that are free in every slot, the smallest
    first.

    `like` is the id of another room, whose facilities they have too.
    """
    # A series has the same times each day.
    opens, closes = (
        at.astimezone(zone).time().replace(tzinfo=None) for at in (slots[0].start, slots[0].end)
    )
    return await reader.all(
        _FREE,
        **slot_parameters(slots),
        people=people,
        like=like,
        opens=opens,
        closes=closes,
        most=most,
    )


async def next_free(
    reader: Reader, room: LockedRoomRow, wanted: Slot, zone: ZoneInfo
) -> LocalSlot | None:
    """Return the room's first free slot as long as the wanted one, from its start on, two weeks
    ahead at most."""
    length = wanted.end - wanted.start
    first = wanted.start.astimezone(zone).date()
    days = [open_hours(room, first + timedelta(n), zone) for n in range(LOOK_AHEAD)]
    taken = await _taken(reader, room["id"], Slot(wanted.start, days[-1].end))
    for day in days:
        within = Slot(max(day.start, wanted.start), day.end)
        for gap in gaps((each for each in taken if each.end > within.start), within):
            if gap.end - gap.start >= length:
                return Slot(gap.start, gap.start + length).local(zone)
    return None


async def _taken(reader: Reader, room_id: int, within: Slot) -> list[Slot]:
    rows = await reader.all(_TAKEN, room=room_id, **slot_parameters([within]))
    return [
        Slot(max(row["starts_at"], within.start), min(row["ends_at"], within.end)) for row in rows
    ]


def _check_year(day: date) -> None:
    if day.year not in YEARS:
        raise Invalid.field("date", f"must be in the years {YEARS[0]} to {YEARS[-1]}")
