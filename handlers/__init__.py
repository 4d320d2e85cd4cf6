"""Every endpoint: one file per module, its handlers and then its routes."""

from handlers import (
    attendance,
    attendance_report,
    auth,
    branding_approval,
    departments,
    employees,
    events,
    home,
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
    attendance_report,
    branding_approval,
    events,
)

routes = RouteTable(route for module in MODULES for route in module.routes)
