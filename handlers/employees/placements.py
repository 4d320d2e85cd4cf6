"""Where employees work. Rules: sunshine/modules/employees/placements.py. Tables:
models/placements.py."""

from handlers.employees.periods import Period, Periods
from sunshine.modules.employees.placements import placements
from sunshine.modules.employees.placements_schemas import CHANGE, PLACE, PLACEMENT
from sunshine.web.guards import body, query, requires_permission, signed_in
from sunshine.web.response_specs import conflicts, created, item, ok_message, page
from sunshine.web.routes import Route


class Placements(Periods):
    """The locations where an employee is placed, period by period.

    The location is one of `/api/attendance/locations`; check-ins are measured against it. Periods
    of one employee at one location do not overlap: 409.
    """

    periods = placements


class Placement(Period):
    """One period at one location."""

    periods = placements


routes = [
    Route(
        "/api/employees/{employee_id}/placements",
        Placements,
        GET=[
            signed_in,
            requires_permission("employees:read"),
            query(placements.listing.schema),
            page(PLACEMENT),
        ],
        POST=[
            signed_in,
            requires_permission("placements:write"),
            body(PLACE),
            created(PLACEMENT),
            conflicts("placement_overlap"),
        ],
    ),
    Route(
        "/api/employees/{employee_id}/placements/{period_id}",
        Placement,
        GET=[signed_in, requires_permission("employees:read"), item(PLACEMENT)],
        PUT=[
            signed_in,
            requires_permission("placements:write"),
            body(CHANGE),
            item(PLACEMENT),
            conflicts("placement_overlap"),
        ],
        DELETE=[signed_in, requires_permission("placements:write"), ok_message],
    ),
]
