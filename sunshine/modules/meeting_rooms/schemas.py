"""Payloads and responses of /api/meeting-rooms."""

from sunshine.core.fields import (
    Schema,
    changes,
    choice,
    date,
    digits,
    flag,
    instant,
    list_of,
    prose,
    query_flag,
    query_id,
    row_id,
    text,
    time,
    whole,
)
from sunshine.core.shapes import Shape, array_of, object_of, optional, resource_shape, string

MAX_CAPACITY = 10_000
MAX_OCCURRENCES = 366

FILTERS: Schema = {
    "capacity": digits(1, MAX_CAPACITY),
    "floor": digits(-100, 1000),
    "facilities": text(500),
    "active": query_flag(),
    "search": text(100),
}
CREATE: Schema = {
    "name": text(100, required=True, example="Borobudur"),
    "capacity": whole(1, MAX_CAPACITY, required=True, example=8),
    "floor": whole(-100, 1000, nullable=True, example=2),
    # Without commas and newlines: a query names several in a comma-separated list.
    "facilities": list_of(
        text(50, regex=r"[^,\s][^,\r\n]*"),
        50,
        check_with="distinct",
        example=["projector", "whiteboard"],
    ),
    "location": text(200, nullable=True),
    "opensAt": time(nullable=True),
    "closesAt": time(nullable=True),
    "active": flag(),
}
CHANGE = changes(CREATE)

DAY: Schema = {"date": date()}

SCHEDULE: Schema = {
    "roomId": query_id(),
    "date": date(),
    "startDate": date(),
    "endDate": date(),
    "organizer": query_id(),
    "attendee": query_id(),
    "seriesId": query_id(),
    "mine": query_flag(),
    "search": text(100),
    "status": choice("booked", "cancelled", "released", "any", default="booked"),
}
_MEETING: Schema = {
    "roomId": row_id(required=True, example=5),
    "title": text(200, required=True, example="Team Standup"),
    "date": date(required=True, example="2024-01-15"),
    "startTime": time(required=True, example="09:00"),
    "endTime": time(required=True, example="10:00"),
    "attendees": list_of(row_id(), 1000, check_with="distinct", example=[123, 456, 789]),
    "description": prose(2000, nullable=True, example="Daily team standup meeting"),
}
BOOK: Schema = {
    **_MEETING,
    "recurrence": {
        "type": "dict",
        "schema": {
            "freq": choice("daily", "weekly", "monthly", required=True),
            "interval": whole(1, 99),
            # It ends by exactly one of `until` and `count`.
            "until": date(required=True),
            "count": whole(1, MAX_OCCURRENCES, excludes="until", instead_of="until"),
            "skipConflicts": flag(),
        },
    },
}
MOVE = changes(_MEETING)
CANCEL: Schema = {"scope": choice("one", "series", default="one")}

ROOM = resource_shape("MeetingRoom", CREATE)
_SPAN = Shape("RoomTimes", {"startTime": time(), "endTime": time()})
AVAILABILITY = Shape(
    "RoomAvailability",
    {"date": date(), "room": object_of(ROOM), "booked": array_of(_SPAN), "free": array_of(_SPAN)},
)
BOOKING = resource_shape(
    "MeetingRoomBooking",
    _MEETING,
    room=string(),
    startsAt=instant(),
    endsAt=instant(),
    organizer=row_id(),
    organizerName=string(),
    seriesId=row_id(nullable=True),
    status=choice("booked", "cancelled", "released"),
    checkedInAt=instant(nullable=True),
)
_WARNING = Shape(
    "MeetingWarning",
    {
        "employeeId": row_id(),
        "name": string(),
        "type": choice("meeting", "leave"),
        "title": optional(string()),
        "date": date(),
    },
)
_OCCURRENCE = Shape("MeetingOccurrence", {"id": row_id(), "date": date()})
BOOKED = Shape(
    "MeetingRoomBooked",
    {
        **BOOKING.fields,
        "warnings": array_of(_WARNING),
        "occurrences": optional(array_of(_OCCURRENCE)),
        "skipped": optional(list_of(date())),
    },
)
CANCELLED = Shape("MeetingRoomCancelled", {**BOOKING.fields, "cancelled": whole(0)})
