"""Drivers over HTTP. Rules: sunshine/modules/fleet/drivers.py. Tables: models/fleet.py."""

from typing import Any

from sunshine.core.errors import Invalid
from sunshine.modules.fleet import driver_auth
from sunshine.modules.fleet import drivers as rules
from sunshine.modules.fleet.schemas import CHANGE_DRIVER, CREATE_DRIVER, CREDENTIALS, DRIVER
from sunshine.web import rate_limits
from sunshine.web.guards import any_principal, body, query, requires_permission, signed_in
from sunshine.web.handler import Handler
from sunshine.web.response_specs import conflicts, created, errors, item, ok_message, page
from sunshine.web.routes import Route


class Drivers(Handler):
    """All drivers."""

    bucket = "fleet"

    async def get(self) -> None:
        """List drivers.

        Licence number, phone, username and employee id are shown to managers of the fleet only.
        `licenseStatus` is `expiring` from 30 days before the licence expires.
        """
        self.reply_page(await rules.page(self.db["fleet"], self.query, actor=self.actor))

    async def post(self) -> None:
        """Register a driver.

        Licence numbers are unique. With `username` and `password` the driver can sign in. A vehicle
        has one driver at a time.
        """
        values = self.body
        hashed = await _hashed(self, values)
        async with self.transaction("fleet") as tx:
            driver = await rules.create(tx, values, people=self.db.sunshine)
            if hashed:
                await driver_auth.set_credentials(
                    tx, driver["id"], username=values["username"], hashed=hashed
                )
                driver = await rules.get(tx, driver["id"])
            self.reply(driver, message="Driver created", status=201)


class Driver(Handler):
    """One driver."""

    bucket = "fleet"

    async def get(self, driver_id: int) -> None:
        """Get a driver.

        Licence number, phone, username and employee id are shown to the driver and to managers of
        the fleet only.
        """
        self.reply(await rules.find(self.db["fleet"], driver_id, actor=self.actor))

    async def put(self, driver_id: int) -> None:
        """Change a driver.

        Drivers change their own phone, and their password with `currentPassword`; of several
        password changes at once one succeeds, the others are 409. A driver whose status is no
        longer `active` is signed out at once.
        """
        values = self.body
        rules.check_change(self.actor, driver_id, values)
        current = values.pop("currentPassword", None)
        hashed = None
        if "password" in values:
            await self._check_current(current)
            names = {"username": self.actor.username, "name": self.actor.name}
            hashed = await _hashed(self, values | names)
            del values["password"]
        async with self.transaction("fleet") as tx:
            if hashed:
                await driver_auth.set_own_password(tx, hashed=hashed, actor=self.actor)
            driver = await rules.change(tx, driver_id, values, people=self.db.sunshine)
            self.reply(driver, message="Driver updated")

    async def delete(self, driver_id: int) -> None:
        """Delete a driver.

        Every token of the driver ends at once, and their vehicle is released.
        """
        async with self.transaction("fleet") as tx:
            await rules.delete(tx, driver_id)
            self.reply(message="Driver deleted")

    async def _check_current(self, password: str | None) -> None:
        if password is None:
            raise Invalid.field("currentPassword", "required to change your own password")
        counted = await rate_limits.count_own_guess(self)
        known = await driver_auth.own_hash(self.db["fleet"], actor=self.actor)
        if not await self.application.passwords.matches(password, known):
            raise Invalid.field("currentPassword", "is wrong", code="wrong_password")
        await rate_limits.uncount(self, counted)


class Credentials(Handler):
    """A driver's username and password, set by managers of the fleet."""

    async def post(self, driver_id: int) -> None:
        """Set a driver's username and password.

        Every token of the driver ends at once. Drivers' usernames are unique regardless of case.
        """
        driver = await rules.get(self.db["fleet"], driver_id)
        hashed = await _hashed(self, {**self.body, "name": driver["name"]})
        async with self.transaction("fleet") as tx:
            username = self.body["username"]
            await driver_auth.set_credentials(tx, driver_id, username=username, hashed=hashed or "")
            driver = await rules.get(tx, driver_id)
            self.reply(driver, message="Credentials set")


async def _hashed(handler: Handler, values: dict[str, Any]) -> str | None:
    if "password" not in values:
        return None
    passwords = handler.application.passwords
    passwords.check(values["password"], names=(values.get("username"), values.get("name")))
    return await passwords.hash(values["password"])


READS = requires_permission("fleet:read", "fleet:manage")
OWN = requires_permission("fleet:read", "fleet:manage", "fleet:self")
MANAGES = requires_permission("fleet:manage")

routes = [
    Route(
        "/api/fleet/drivers",
        Drivers,
        GET=[signed_in, READS, query(rules.listing.schema), page(DRIVER)],
        POST=[
            signed_in,
            MANAGES,
            body(CREATE_DRIVER),
            created(DRIVER),
            conflicts("license_taken", "username_taken", "vehicle_taken", "driver_has_vehicle"),
        ],
    ),
    Route(
        "/api/fleet/drivers/{driver_id}",
        Driver,
        GET=[any_principal, OWN, item(DRIVER)],
        PUT=[
            any_principal,
            requires_permission("fleet:manage", "fleet:self"),
            body(CHANGE_DRIVER),
            item(DRIVER),
            errors(400, "wrong_password"),
            conflicts("license_taken", "vehicle_taken", "driver_has_vehicle", "changed"),
        ],
        DELETE=[signed_in, MANAGES, ok_message],
    ),
    Route(
        "/api/fleet/drivers/{driver_id}/credentials",
        Credentials,
        POST=[signed_in, MANAGES, body(CREDENTIALS), item(DRIVER), conflicts("username_taken")],
    ),
]
