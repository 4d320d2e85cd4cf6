"""`sunshine fleet`: drivers and vehicles from the command line. Rules:
sunshine/modules/fleet."""

from typing import TYPE_CHECKING

import click

from sunshine.commands import output
from sunshine.commands.output import json_option
from sunshine.commands.users import password_of, stdin_option

if TYPE_CHECKING:
    from sunshine.database.database import Database
    from sunshine.modules.fleet.rows import DriverNameRow, DriverRow, VehicleRow

DRIVERS = ("id", "name", "status", "licenseNumber", "licenseExpiry", "licenseStatus", "username")
VEHICLES = ("id", "plateNumber", "type", "status", "driver", "registrationExpiry")


@click.group()
def fleet() -> None:
    """Drivers and vehicles."""


@fleet.command()
@click.option(
    "--status",
    type=click.Choice(["active", "inactive", "suspended"]),
    help="Only those with this status.",
)
@click.option("--search", help="Only those with this in name, licence, phone or username.")
@json_option
def drivers(status: str | None, search: str | None, as_json: bool) -> None:
    """List the drivers."""
    from sunshine.commands.context import run

    async def work(database: "Database") -> "list[DriverRow]":
        from sunshine.modules.fleet import drivers as rules

        asked = {k: v for k, v in {"status": status, "search": search}.items() if v is not None}
        return await rules.listing.every(database, asked, **rules.license_days(database))

    rows = run(work, "fleet")
    output.table(rows, as_json=as_json, columns=DRIVERS)


@fleet.command()
@click.option(
    "--status",
    type=click.Choice(["active", "inactive", "maintenance"]),
    help="Only those with this status.",
)
@click.option("--search", help="Only those with this in plate, brand or model.")
@json_option
def vehicles(status: str | None, search: str | None, as_json: bool) -> None:
    """List the vehicles and who drives them."""
    from sunshine.commands.context import run

    async def work(database: "Database") -> "list[VehicleRow]":
        from sunshine.modules.fleet import vehicles as rules

        asked = {k: v for k, v in {"status": status, "search": search}.items() if v is not None}
        return await rules.listing.every(database, asked)

    rows = run(work, "fleet")
    output.table(rows, as_json=as_json, columns=VEHICLES)


@fleet.command()
@click.argument("license_number", metavar="LICENCE")
@click.argument("username", metavar="NAME")
@stdin_option
def credentials(license_number: str, username: str, password_stdin: bool) -> None:
    """Let the driver with this LICENCE sign in as NAME; their present tokens end at once."""
    from sunshine.commands.context import check_password, hashed, operator, run
    from sunshine.core.validation import Payload
    from sunshine.modules.fleet.schemas import CREDENTIALS

    password = password_of(password_stdin)
    values = Payload(CREDENTIALS).check({"username": username, "password": password})

    async def work(database: "Database") -> "DriverRow":
        from sunshine.modules.fleet import driver_auth

        driver = await _licensed(database, license_number)
        check_password(password, (username, driver["name"]))
        made = await hashed(password)
        async with database.transaction(operator()) as tx:
            await driver_auth.set_credentials(
                tx, driver["id"], username=values["username"], hashed=made
            )
        return driver

    output.say(f"{run(work, 'fleet')['name']} may sign in as {username}.")


@fleet.command()
@click.argument("username", metavar="NAME")
def unlock(username: str) -> None:
    """Forget the failed sign-ins of the driver who signs in as NAME, which slow down attempts from
    elsewhere; at once, in every running server."""
    from sunshine.commands.context import operator, run

    async def work(database: "Database") -> "DriverNameRow":
        from sunshine.modules.fleet import driver_auth

        async with database.transaction(operator()) as tx:
            return await driver_auth.unlock(tx, username=username)

    output.say(f"{run(work, 'fleet')['name']} may try again from anywhere.")


async def _licensed(database: "Database", license_number: str) -> "DriverRow":
    from sunshine.core.errors import NotFound
    from sunshine.modules.fleet import drivers as rules

    asked = {"search": license_number}
    for row in await rules.listing.every(database, asked, **rules.license_days(database)):
        if row["licenseNumber"].lower() == license_number.lower():
            return row
    raise NotFound(f"there is no driver with licence {license_number}")
