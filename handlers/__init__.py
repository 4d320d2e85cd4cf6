"""Every endpoint: one file per module, its handlers and then its routes."""

from handlers import (
    attendance,
    auth,
    departments,
    employees,
    events,
    home,
    placements,
    positions,
    shifts,
    tickets,
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
    tickets,
    events,
)

routes = RouteTable(route for module in MODULES for route in module.routes)
