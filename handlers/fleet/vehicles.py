"""Vehicles over HTTP. Rules: sunshine/modules/fleet/vehicles.py. Tables: models/fleet.py."""

from sunshine.modules.fleet import vehicles as rules
from sunshine.modules.fleet.schemas import CHANGE_VEHICLE, CREATE_VEHICLE, DRIVEN, VEHICLE
from sunshine.web.guards import any_principal, body, query, requires_permission, signed_in
from sunshine.web.handler import Handler
from sunshine.web.response_specs import conflicts, created, item, ok_message, page
from sunshine.web.routes import Route


class Vehicles(Handler):
    """Everything that is driven."""

    bucket = "fleet"

    async def get(self) -> None:
        """List vehicles.

        To a driver their own.
        """
        self.reply_page(await rules.page(self.db["fleet"], self.query, actor=self.actor))

    async def post(self) -> None:
        """Create a vehicle.

        Plate numbers are unique, however they are spaced. One vehicle has one driver at a time, and
        the other way round: 409.
        """
        async with self.transaction("fleet") as tx:
            vehicle = await rules.create(tx, self.body)
            self.reply(vehicle, message="Vehicle created", status=201)


class Vehicle(Handler):
    """One vehicle."""

    bucket = "fleet"

    async def get(self, vehicle_id: int) -> None:
        """Get a vehicle.

        To a driver their own.
        """
        self.reply(await rules.find(self.db["fleet"], vehicle_id, actor=self.actor))

    async def put(self, vehicle_id: int) -> None:
        """Change a vehicle.

        `driverId` hands it over, null takes it back; the history keeps who drove it when.
        """
        async with self.transaction("fleet") as tx:
            vehicle = await rules.change(tx, vehicle_id, self.body)
            self.reply(vehicle, message="Vehicle updated")

    async def delete(self, vehicle_id: int) -> None:
        """Delete a vehicle.

        Unless somebody drives it: 409.
        """
        async with self.transaction("fleet") as tx:
            await rules.delete(tx, vehicle_id)
            self.reply(message="Vehicle deleted")


class History(Handler):
    """Who drove a vehicle."""

    async def get(self, vehicle_id: int) -> None:
        """List who drove a vehicle, the latest first.

        From when until when; an open end is the present driver.
        """
        database = self.db["fleet"]
        await rules.find(database, vehicle_id, actor=self.actor)
        self.reply_page(await rules.history.page(database, self.query, vehicle=vehicle_id))


READS = requires_permission("fleet:read", "fleet:manage")
OWN = requires_permission("fleet:read", "fleet:manage", "fleet:self")
MANAGES = requires_permission("fleet:manage")

routes = [
    Route(
        "/api/fleet/vehicles",
        Vehicles,
        GET=[any_principal, OWN, query(rules.listing.schema), page(VEHICLE)],
        POST=[
            signed_in,
            MANAGES,
            body(CREATE_VEHICLE),
            created(VEHICLE),
            conflicts("plate_number_taken", "driver_has_vehicle", "vehicle_taken"),
        ],
    ),
    Route(
        "/api/fleet/vehicles/{vehicle_id}",
        Vehicle,
        GET=[any_principal, OWN, item(VEHICLE)],
        PUT=[
            signed_in,
            MANAGES,
            body(CHANGE_VEHICLE),
            item(VEHICLE),
            conflicts("plate_number_taken", "driver_has_vehicle", "vehicle_taken"),
        ],
        DELETE=[signed_in, MANAGES, ok_message, conflicts("in_use")],
    ),
    Route(
        "/api/fleet/vehicles/{vehicle_id}/history",
        History,
        GET=[signed_in, READS, query(rules.history.schema), page(DRIVEN)],
    ),
]
