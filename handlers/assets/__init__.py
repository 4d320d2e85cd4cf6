"""Inventory, assignments, tracking, maintenance and reservations of assets. Rules:
sunshine/modules/assets."""

from handlers.assets import assignments, config, inventory, maintenance, reservations, tracking

routes = [
    *config.routes,
    *inventory.routes,
    *assignments.routes,
    *tracking.routes,
    *maintenance.routes,
    *reservations.routes,
]
