"""Positions over HTTP. Rules: sunshine/modules/employees/positions.py. Tables:
models/positions.py."""

from sunshine.modules.employees.positions import positions
from sunshine.modules.employees.positions_schemas import CHANGE, CREATE, POSITION
from sunshine.web.guards import body, query, requires_permission, signed_in
from sunshine.web.records import Record, Records
from sunshine.web.response_specs import conflicts, created, item, ok_message, page
from sunshine.web.routes import Route


class Positions(Records):
    """All positions.

    A name is unique among positions that are not deleted. A position that employees hold cannot be
    deleted: 409. `level` is for sorting; 1 is the lowest.
    """

    records = positions


class Position(Record):
    """One position."""

    records = positions


routes = [
    Route(
        "/api/positions",
        Positions,
        GET=[
            signed_in,
            requires_permission("positions:read"),
            query(positions.listing.schema),
            page(POSITION),
        ],
        POST=[
            signed_in,
            requires_permission("positions:write"),
            body(CREATE),
            created(POSITION),
            conflicts("position_name_taken"),
        ],
    ),
    Route(
        "/api/positions/{id_}",
        Position,
        GET=[signed_in, requires_permission("positions:read"), item(POSITION)],
        PUT=[
            signed_in,
            requires_permission("positions:write"),
            body(CHANGE),
            item(POSITION),
            conflicts("position_name_taken"),
        ],
        DELETE=[signed_in, requires_permission("positions:write"), ok_message, conflicts("in_use")],
    ),
]
