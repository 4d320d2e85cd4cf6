"""The rows that the statements of meeting rooms return, keys as the API names them. `startTime`,
`endTime`, `opensAt` and `closesAt` are `HH:MM` in BUSINESS_TZ."""

import datetime as dt
from typing import NotRequired, TypedDict


class HoursRow(TypedDict):
    """The opening hours of a room; null for the whole day."""

    opensAt: str | None
    closesAt: str | None


class LockedRoomRow(HoursRow):
    """What a booking is checked against."""

    id: int
    capacity: int
    active: bool


class RoomRow(LockedRoomRow):
    """A room."""

    name: str
    floor: int | None
    facilities: list[str]
    location: str | None
    createdAt: dt.datetime
    updatedAt: dt.datetime


class FreeRoomRow(TypedDict):
    """A room that is free."""

    id: int
    name: str
    capacity: int
    floor: int | None
    facilities: list[str]
    location: str | None


class IntervalRow(TypedDict):
    """When a room is booked."""

    starts_at: dt.datetime
    ends_at: dt.datetime


class OverlapRow(IntervalRow):
    """A booking that overlaps a slot, which begins at `wanted`."""

    wanted: dt.datetime


class BookingRow(TypedDict):
    """A booking; `description` is null for those who are not shown it."""

    id: int
    roomId: int
    room: str
    title: str
    date: dt.date
    startTime: str
    endTime: str
    startsAt: dt.datetime
    endsAt: dt.datetime
    organizer: int
    organizerName: str
    attendees: list[int]
    description: str | None
    seriesId: int | None
    status: str
    checkedInAt: dt.datetime | None
    createdAt: dt.datetime
    updatedAt: dt.datetime


class CalendarRow(IntervalRow):
    """A booking in a calendar feed."""

    id: int
    title: str
    updated_at: dt.datetime


class WarningRow(TypedDict):
    """A person who is elsewhere during the slot that begins at `at`; a leave has no title."""

    employeeId: int
    name: str
    type: str
    title: str | None
    at: dt.datetime


class MeetingWarning(TypedDict):
    """A person who is elsewhere that day, at a `meeting` or on `leave`."""

    employeeId: int
    name: str
    type: str
    date: dt.date
    title: NotRequired[str]


class Occurrence(TypedDict):
    """One booking of a series."""

    id: int
    date: dt.date


class Booked(BookingRow):
    """A booking just made or changed."""

    warnings: list[MeetingWarning]


class BookedSeries(Booked):
    """The first booking of a series just made, and all its days."""

    occurrences: list[Occurrence]
    skipped: list[dt.date]


class Cancelled(BookingRow):
    """A booking just cancelled, and how many were with it."""

    cancelled: int


class Times(TypedDict):
    """From one time of a day to another."""

    startTime: str
    endTime: str


class LocalSlot(Times):
    """A day, and times on it."""

    date: dt.date


class Availability(TypedDict):
    """When a room is booked and free on a day."""

    date: dt.date
    room: RoomRow
    booked: list[Times]
    free: list[Times]


class Suggestions(TypedDict):
    """Alternatives to a room that is taken; `nextFree` is of a single booking only."""

    rooms: list[FreeRoomRow]
    nextFree: NotRequired[LocalSlot | None]
