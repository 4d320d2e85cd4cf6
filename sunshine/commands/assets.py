"""`sunshine assets`: who holds what, from the command line. Rules:
sunshine/modules/assets/inventory.py."""

from datetime import datetime
from typing import TYPE_CHECKING, Any

import click

from sunshine.commands import output
from sunshine.commands.dates import DAY
from sunshine.commands.output import json_option

if TYPE_CHECKING:
    from sunshine.database.database import Database
    from sunshine.database.statements import Row

COLUMNS = ("id", "assetCode", "name", "category", "status", "location", "assignedToName")


@click.group()
def assets() -> None:
    """What the company owns and who holds it. CODE is an asset's code, in any case."""


@assets.command("list")
@click.option(
    "--status",
    type=click.Choice(["active", "inactive", "maintenance", "retired"]),
    help="Only in this state.",
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

    async def work(database: "Database") -> "list[Row]":
        from sunshine.commands.lookup import employee
        from sunshine.modules.assets import inventory as rules

        given: dict[str, Any] = {"status": status, "category": category, "search": search}
        if holder is not None:
            given["assignedTo"] = (await employee(database, holder))["id"]
        asked = {name: value for name, value in given.items() if value is not None}
        return await rules.listing.every(database, asked, today=database.today)

    rows = run(work)
    shown = rows if as_json else [{name: row[name] for name in COLUMNS} for row in rows]
    output.table(shown, as_json=as_json, columns=COLUMNS)


@assets.command()
@click.argument("code")
@click.argument("employee")
@click.option("--date", "day", type=DAY, help="Since when; today unless said.")
@click.option("--notes", help="What to remember of it.")
def assign(code: str, employee: str, day: datetime | None, notes: str | None) -> None:
    """Hand an asset to an EMPLOYEE: an id, an email address or an employee code."""
    from sunshine.commands.context import operator, run

    async def work(database: "Database") -> "Row":
        from sunshine.commands import lookup
        from sunshine.modules.assets import assignments

        whom = await lookup.employee(database, employee)
        id_ = (await lookup.asset(database, code))["id"]
        async with database.transaction(operator()) as tx:
            return await assignments.assign(
                tx, id_, employeeId=whom["id"], assignDate=day.date() if day else None, notes=notes
            )

    row = run(work)
    output.say(f"{row['assetCode']} is assigned to {row['assignedToName']}.")


@assets.command("return")
@click.argument("code")
@click.option("--date", "day", type=DAY, help="When; today unless said.")
@click.option("--condition", help="In what state it came back.")
@click.option("--notes", help="What to remember of it.")
def return_(code: str, day: datetime | None, condition: str | None, notes: str | None) -> None:
    """Take an asset back from whoever holds it."""
    from sunshine.commands.context import operator, run

    async def work(database: "Database") -> "Row":
        from sunshine.commands import lookup
        from sunshine.modules.assets import assignments

        id_ = (await lookup.asset(database, code))["id"]
        async with database.transaction(operator()) as tx:
            return await assignments.give_back(
                tx, id_, returnDate=day.date() if day else None, condition=condition, notes=notes
            )

    output.say(f"{run(work)['assetCode']} is back.")


@assets.command()
@json_option
def audit(as_json: bool) -> None:
    """Look for what needs somebody: exit code 4 when there is anything.

    Assets held by people who left, in maintenance for over 90 days, held past their reservation,
    without a holder and without a place.
    """
    from sunshine.commands.context import run

    async def work(database: "Database") -> "list[Row]":
        from sunshine.modules.assets import audit as asset_audit

        return await asset_audit.findings(database)

    rows = run(work)
    output.table(rows, as_json=as_json, columns=("assetCode", "name", "finding"))
    if rows:
        raise output.CommandError(f"{len(rows)} assets need attention", output.BEHIND)
