"""Positions over HTTP. Rules: sunshine/rules/positions.py. Tables: models/positions.py."""

from sunshine.rules.positions import positions
from sunshine.schemas.positions import CHANGE, CREATE
from sunshine.web.guards import body, may, query, signed_in
from sunshine.web.records import Record, Records
from sunshine.web.routes import Route


class Positions(Records):
    """All positions."""

    records = positions


class Position(Record):
    """One position."""

    records = positions


routes = [
    Route(
        "/api/positions",
        Positions,
        GET=[signed_in, may("positions:read"), query(positions.listing.schema)],
        POST=[signed_in, may("positions:write"), body(CREATE)],
    ),
    Route(
        "/api/positions/{id_}",
        Position,
        GET=[signed_in, may("positions:read")],
        PUT=[signed_in, may("positions:write"), body(CHANGE)],
        DELETE=[signed_in, may("positions:write")],
    ),
]
