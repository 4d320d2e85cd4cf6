"""`sunshine assets`: list, assign, return and audit assets. Rules: sunshine/modules/assets."""

from datetime import datetime
from typing import TYPE_CHECKING, Any

import click

from sunshine.commands import output
from sunshine.commands.dates import DAY
from sunshine.commands.output import json_option

if TYPE_CHECKING:
    from sunshine.database.database import Database
    from sunshine.modules.assets.rows import AssetRow, FindingRow

COLUMNS = ("id", "assetCode", "name", "category", "status", "location", "assignedToName")


@click.group()
def assets() -> None:
    """The company's assets and who holds them. CODE is an asset's code, in any case."""


@assets.command("list")
@click.option(
    "--status",
    type=click.Choice(["active", "inactive", "maintenance", "retired"]),
    help="Only those with this status.",
)
@click.option("--category", help="Only of this category.")
@click.option("--holder", metavar="EMPLOYEE", help="Only what this employee holds.")
@click.option("--search", help="Only those with this in code, name or serial number.")
@json_option
def list_(
    status: str | None, category: str | None, holder: str | None, search: str | None, as_json: bool
) -> None:
    """List the assets. EMPLOYEE is an id, an email address or an employee code."""
    from sunshine.commands.context import run

    async def work(database: "Database") -> "list[AssetRow]":
        from sunshine.commands.lookup import employee
        from sunshine.modules.assets import inventory as rules

        given: dict[str, Any] = {"status": status, "category": category, "search": search}
        if holder is not None:
            given["assignedTo"] = (await employee(database, holder))["id"]
        asked = {name: value for name, value in given.items() if value is not None}
        return await rules.listing.every(database, asked, today=database.today)

    rows = run(work)
    output.table(rows, as_json=as_json, columns=COLUMNS)


@assets.command()
@click.argument("code")
@click.argument("employee")
@click.option("--date", "day", type=DAY, help="Since when; today by default.")
@click.option("--notes", help="Notes for its history.")
def assign(code: str, employee: str, day: datetime | None, notes: str | None) -> None:
    """Assign an asset to an EMPLOYEE: an id, an email address or an employee code."""
    from sunshine.commands.context import operator, run

    async def work(database: "Database") -> "AssetRow":
        from sunshine.commands import lookup
        from sunshine.modules.assets import assignments

        holder = await lookup.employee(database, employee)
        id_ = (await lookup.asset(database, code))["id"]
        async with database.transaction(operator()) as tx:
            return await assignments.assign(
                tx,
                id_,
                employeeId=holder["id"],
                assignDate=day.date() if day else None,
                notes=notes,
            )

    row = run(work)
    output.say(f"{row['assetCode']} is assigned to {row['assignedToName']}.")


@assets.command("return")
@click.argument("code")
@click.option("--date", "day", type=DAY, help="When; today by default.")
@click.option("--condition", help="Its condition on return.")
@click.option("--notes", help="Notes for its history.")
def return_(code: str, day: datetime | None, condition: str | None, notes: str | None) -> None:
    """Return an asset from its holder."""
    from sunshine.commands.context import operator, run

    async def work(database: "Database") -> "AssetRow":
        from sunshine.commands import lookup
        from sunshine.modules.assets import assignments

        id_ = (await lookup.asset(database, code))["id"]
        async with database.transaction(operator()) as tx:
            return await assignments.return_asset(
                tx, id_, returnDate=day.date() if day else None, condition=condition, notes=notes
            )

    output.say(f"{run(work)['assetCode']} is back.")


@assets.command()
@json_option
def audit(as_json: bool) -> None:
    """Find assets that need attention: exit code 4 when there are any.

    Assets held by former employees, in maintenance for over 90 days, held while reserved for
    somebody else, or with neither a holder nor a location.
    """
    from sunshine.commands.context import run

    async def work(database: "Database") -> "list[FindingRow]":
        from sunshine.modules.assets import audit as asset_audit

        return await asset_audit.findings(database)

    rows = run(work)
    output.table(rows, as_json=as_json, columns=("assetCode", "name", "finding"))
    if rows:
        raise output.CommandError(f"{len(rows)} assets need attention", output.BEHIND)
