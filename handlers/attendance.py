"""Attendance over HTTP. Rules: sunshine/rules/attendance.py. Tables: models/attendance.py."""

from sunshine.rules.attendance import locations
from sunshine.schemas.attendance import CHANGE_LOCATION, CREATE_LOCATION
from sunshine.web.guards import body, may, query, signed_in
from sunshine.web.records import Record, Records
from sunshine.web.routes import Route


class Locations(Records):
    """All places where people may check in."""

    records = locations


class Location(Record):
    """One place."""

    records = locations


routes = [
    Route(
        "/api/attendance/locations",
        Locations,
        GET=[signed_in, may("shifts:read"), query(locations.listing.schema)],
        POST=[signed_in, may("locations:write"), body(CREATE_LOCATION)],
    ),
    Route(
        "/api/attendance/locations/{id_}",
        Location,
        GET=[signed_in, may("shifts:read")],
        PUT=[signed_in, may("locations:write"), body(CHANGE_LOCATION)],
        DELETE=[signed_in, may("locations:write")],
    ),
]
