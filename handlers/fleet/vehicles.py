"""Vehicles over HTTP. Rules: sunshine/modules/fleet/vehicles.py. Tables: models/fleet.py."""

from sunshine.modules.fleet import vehicles as rules
from sunshine.modules.fleet.schemas import CHANGE_VEHICLE, CREATE_VEHICLE, DRIVEN, VEHICLE
from sunshine.web.guards import any_principal, body, query, requires_permission, signed_in
from sunshine.web.handler import Handler
from sunshine.web.response_specs import conflicts, created, item, ok_message, page
from sunshine.web.routes import Route


class Vehicles(Handler):
    """All vehicles."""

    bucket = "fleet"

    async def get(self) -> None:
        """List vehicles.

        A driver's list holds their own vehicle only.
        """
        self.reply_page(await rules.page(self.db["fleet"], self.query, actor=self.actor))

    async def post(self) -> None:
        """Create a vehicle.

        Plate numbers are unique, regardless of spacing. A vehicle has one driver at a time, and a
        driver one vehicle: 409.
        """
        async with self.transaction("fleet") as tx:
            vehicle = await rules.create(tx, self.body)
            self.reply(vehicle, message="Vehicle created", status=201)


class Vehicle(Handler):
    """One vehicle."""

    bucket = "fleet"

    async def get(self, vehicle_id: int) -> None:
        """Get a vehicle.

        A driver gets their own only.
        """
        self.reply(await rules.get(self.db["fleet"], vehicle_id, actor=self.actor))

    async def put(self, vehicle_id: int) -> None:
        """Change a vehicle.

        `driverId` assigns it to a driver, null releases it; the history records who drove it when.
        """
        async with self.transaction("fleet") as tx:
            vehicle = await rules.change(tx, vehicle_id, self.body)
            self.reply(vehicle, message="Vehicle updated")

    async def delete(self, vehicle_id: int) -> None:
        """Delete a vehicle.

        A vehicle that has a driver is 409.
        """
        async with self.transaction("fleet") as tx:
            await rules.delete(tx, vehicle_id)
            self.reply(message="Vehicle deleted")


class History(Handler):
    """The drivers of a vehicle."""

    async def get(self, vehicle_id: int) -> None:
        """List the drivers of a vehicle, the latest first.

        `since` and `until` bound each assignment; `until` is null for the current driver.
        """
        database = self.db["fleet"]
        await rules.get(database, vehicle_id, actor=self.actor)
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
