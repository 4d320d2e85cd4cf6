"""Payloads of /api/attendance/locations."""

from sunshine.schemas.fields import Schema, changes, flag, number, query_flag, text, timezone, whole

LOCATION_FILTERS: Schema = {"active": query_flag(), "search": text(100)}

CREATE_LOCATION: Schema = {
    "name": text(100, required=True),
    "latitude": number(-90, 90, required=True),
    "longitude": number(-180, 180, required=True),
    "radiusMeters": whole(1, 100_000, required=True),
    "address": text(500, nullable=True),
    "timezone": timezone(nullable=True),
    "active": flag(),
}
CHANGE_LOCATION = changes(CREATE_LOCATION)
