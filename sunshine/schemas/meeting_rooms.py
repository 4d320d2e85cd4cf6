"""Payloads of /api/meeting-rooms."""

from sunshine.schemas.fields import (
    Schema,
    changes,
    choice,
    date,
    digits,
    flag,
    list_of,
    query_flag,
    query_id,
    row_id,
    text,
    time,
    whole,
)

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
    "name": text(100, required=True),
    "capacity": whole(1, MAX_CAPACITY, required=True),
    "floor": whole(-100, 1000, nullable=True),
    # Words that a comma list in a query can name.
    "facilities": list_of(
        {"type": "string", "coerce": "trimmed", "maxlength": 50, "regex": r"[^,\s][^,\r\n]*"},
        50,
        check_with="distinct",
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
    "roomId": row_id(required=True),
    "title": text(200, required=True),
    "date": date(required=True),
    "startTime": time(required=True),
    "endTime": time(required=True),
    "attendees": list_of(row_id(), 1000, check_with="distinct"),
    "description": text(2000, nullable=True),
}
BOOK: Schema = {
    **_MEETING,
    "recurrence": {
        "type": "dict",
        "schema": {
            "freq": choice("daily", "weekly", "monthly", required=True),
            "interval": whole(1, 99),
            "until": date(),
            "count": whole(1, MAX_OCCURRENCES),
            "skipConflicts": flag(),
        },
    },
}
MOVE = changes(_MEETING)
CANCEL: Schema = {"scope": choice("one", "series", default="one")}
