"""Where an employee works. Rules: sunshine/rules/placements.py. Tables: models/placements.py."""

from handlers.periods import Period, Periods
from sunshine.rules.placements import placements
from sunshine.schemas.placements import CHANGE, PLACE
from sunshine.web.guards import body, may, query, signed_in
from sunshine.web.routes import Route


class Placements(Periods):
    """The locations an employee is placed at, period by period."""

    periods = placements


class Placement(Period):
    """One period at one location."""

    periods = placements


routes = [
    Route(
        "/api/employees/{employee_id}/placements",
        Placements,
        GET=[signed_in, may("employees:read"), query(placements.listing.schema)],
        POST=[signed_in, may("placements:write"), body(PLACE)],
    ),
    Route(
        "/api/employees/{employee_id}/placements/{period_id}",
        Placement,
        GET=[signed_in, may("employees:read")],
        PUT=[signed_in, may("placements:write"), body(CHANGE)],
        DELETE=[signed_in, may("placements:write")],
    ),
]
