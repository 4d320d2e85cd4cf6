"""Every endpoint: one file per module, its handlers and then its routes."""

from handlers import (
    asset_maintenance,
    asset_reservations,
    assets,
    attendance,
    auth,
    departments,
    employees,
    events,
    fleet_auth,
    fleet_drivers,
    fleet_locations,
    fleet_vehicles,
    freelance,
    home,
    onapps,
    onapps_redemptions,
    onapps_vouchers,
    placements,
    positions,
    sales,
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
    assets,
    asset_maintenance,
    asset_reservations,
    fleet_auth,
    fleet_drivers,
    fleet_vehicles,
    fleet_locations,
    sales,
    freelance,
    onapps,
    onapps_vouchers,
    onapps_redemptions,
    events,
)

routes = RouteTable(route for module in MODULES for route in module.routes)
