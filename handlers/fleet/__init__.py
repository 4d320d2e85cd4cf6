"""Drivers' sign-in, drivers, vehicles, locations. Rules: sunshine/modules/fleet."""

from handlers.fleet import driver_auth, drivers, locations, vehicles

routes = [
    *driver_auth.routes,
    *drivers.routes,
    *vehicles.routes,
    *locations.routes,
]
