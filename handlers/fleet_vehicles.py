"""Vehicles over HTTP. Rules: sunshine/rules/fleet_vehicles.py. Tables: models/fleet.py."""

from sunshine.rules import fleet_vehicles as rules
from sunshine.schemas.fleet import CHANGE_VEHICLE, CREATE_VEHICLE
from sunshine.web.guards import any_principal, body, may, query, signed_in
from sunshine.web.handler import Handler
from sunshine.web.routes import Route


class Vehicles(Handler):
    """Everything that is driven."""

    async def get(self) -> None:
        """A page; to a driver their own vehicle."""
        self.reply_page(await rules.page(self.db["fleet"], self.query, actor=self.actor))

    async def post(self) -> None:
        """A new vehicle."""
        async with self.transaction("fleet") as tx:
            vehicle = await rules.create(tx, self.body)
            self.reply(vehicle, message="Vehicle created", status=201)


class Vehicle(Handler):
    """One vehicle."""

    async def get(self, vehicle_id: int) -> None:
        """The vehicle; to a driver their own."""
        self.reply(await rules.find(self.db["fleet"], vehicle_id, actor=self.actor))

    async def put(self, vehicle_id: int) -> None:
        """Merge what is sent; `driverId` hands it over, null takes it back."""
        async with self.transaction("fleet") as tx:
            vehicle = await rules.change(tx, vehicle_id, self.body)
            self.reply(vehicle, message="Vehicle updated")

    async def delete(self, vehicle_id: int) -> None:
        """Take it out of the fleet, unless somebody drives it."""
        async with self.transaction("fleet") as tx:
            await rules.delete(tx, vehicle_id)
            self.reply(message="Vehicle deleted")


class History(Handler):
    """Who drove a vehicle."""

    async def get(self, vehicle_id: int) -> None:
        """A page, the latest first."""
        database = self.db["fleet"]
        await rules.find(database, vehicle_id, actor=self.actor)
        self.reply_page(await rules.history.page(database, self.query, vehicle=vehicle_id))


READS = may("fleet:read", "fleet:manage")
OWN = may("fleet:read", "fleet:manage", "fleet:self")
MANAGES = may("fleet:manage")

routes = [
    Route(
        "/api/fleet/vehicles",
        Vehicles,
        GET=[any_principal, OWN, query(rules.listing.schema)],
        POST=[signed_in, MANAGES, body(CREATE_VEHICLE)],
    ),
    Route(
        "/api/fleet/vehicles/{vehicle_id}",
        Vehicle,
        GET=[any_principal, OWN],
        PUT=[signed_in, MANAGES, body(CHANGE_VEHICLE)],
        DELETE=[signed_in, MANAGES],
    ),
    Route(
        "/api/fleet/vehicles/{vehicle_id}/history",
        History,
        GET=[signed_in, READS, query(rules.history.schema)],
    ),
]
