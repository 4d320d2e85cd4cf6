"""Every endpoint: one file per module, its handlers and then its routes."""

from handlers import (
    attendance,
    auth,
    departments,
    employees,
    events,
    files,
    home,
    leave_calendar,
    permit,
    placements,
    positions,
    shifts,
    users,
)
from sunshine.web.routes import RouteTable

MODULES = (
    home,
    auth,
    users,
    employees,
    departments,
    positions,
    shifts,
    placements,
    attendance,
    events,
    files,
    permit,
    leave_calendar,
)

routes = RouteTable(route for module in MODULES for route in module.routes)
