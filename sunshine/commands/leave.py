"""`sunshine leave`: balances from the command line. Rules: sunshine/modules/leave/ledger.py."""

from typing import TYPE_CHECKING, Any

import click

from sunshine.commands import output
from sunshine.commands.output import json_option, yes_option

if TYPE_CHECKING:
    from sunshine.database.database import Database
    from sunshine.modules.leave.rows import BalancesOfYear

BALANCES = click.Choice(["annual", "special"])
COLUMNS = (
    "type", "total", "used", "remaining", "pending", "available", "carriedForward", "expiresAt",
)  # fmt: skip
year_option = click.option(
    "--year", type=click.IntRange(1900, 9999), help="Default: the current year."
)


@click.group()
def leave() -> None:
    """Show and adjust leave balances. EMPLOYEE is an id, an email address or an employee code."""


@leave.command()
@click.argument("employee")
@year_option
@json_option
def balance(employee: str, year: int | None, as_json: bool) -> None:
    """Show an EMPLOYEE's balances: days in all, used and left."""
    from sunshine.commands.context import run

    _show(run(lambda database: _balances(database, employee, year)), as_json)


@leave.command()
@click.argument("employee")
@click.option("--type", "leave_type", type=BALANCES, required=True, help="The balance to change.")
@click.option("--days", type=float, required=True, help="The days to add, such as 2 or -1.5.")
@click.option("--reason", required=True, help="Kept in the ledger.")
@year_option
@yes_option
@json_option
def adjust(
    employee: str,
    leave_type: str,
    days: float,
    reason: str,
    year: int | None,
    yes: bool,
    as_json: bool,
) -> None:
    """Add days to an EMPLOYEE's balance, or take some, and show the new balance."""
    from sunshine.commands.context import run

    given = {"leaveType": leave_type, "days": days, "reason": reason}
    _show(run(lambda database: _adjusted(database, employee, given, year, yes)), as_json)


def _show(balances: "BalancesOfYear", as_json: bool) -> None:
    if as_json:
        output.document(balances)
        return
    rows = [
        {"type": "annual", **balances["annualLeave"]},
        {"type": "special", **balances["specialLeave"]},
    ]
    output.table(rows, columns=COLUMNS)


async def _balances(database: "Database", employee: str, year: int | None) -> "BalancesOfYear":
    from sunshine.modules.leave import ledger, lookups

    person = await lookups.find_employee(database, employee)
    return await ledger.balances_of(database, person["id"], year or database.today.year)


async def _adjusted(
    database: "Database", employee: str, given: dict[str, Any], year: int | None, yes: bool
) -> "BalancesOfYear":
    from sunshine.commands.context import operator
    from sunshine.core.validation import Payload
    from sunshine.modules.leave import ledger, lookups
    from sunshine.modules.leave.schemas import ADJUST

    values = Payload(ADJUST).check(given | {"year": year or database.today.year})
    person = await lookups.find_employee(database, employee)
    what = f"{values['days']:+g} days of {values['leaveType']} leave {values['year']}"
    output.confirm(f"{what} for {person['name']}?", yes=yes)
    async with database.transaction(operator()) as tx:
        return await ledger.adjust(tx, person["id"], values)
