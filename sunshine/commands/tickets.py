"""`sunshine tickets`: what is asked of the help desk, read. Rules:
sunshine/modules/tickets/tickets.py."""

from typing import TYPE_CHECKING, Any

import click

from sunshine.commands import output
from sunshine.commands.output import json_option

if TYPE_CHECKING:
    from sunshine.database.database import Database
    from sunshine.database.statements import Row

STATUSES = click.Choice(["open", "in_progress", "resolved", "closed"])
PRIORITIES = click.Choice(["low", "medium", "high", "urgent"])
COLUMNS = ("number", "status", "priority", "title", "reporter", "assignee", "dueAt", "breached")
EVERY = {"page": 1, "limit": 1_000_000}


@click.group()
def tickets() -> None:
    """The help desk's tickets. NUMBER is a ticket's number, such as TCK-000123 or 123."""


@tickets.command("list")
@click.option("--status", type=STATUSES, help="Only those in this status.")
@click.option("--priority", type=PRIORITIES, help="Only those of this priority.")
@click.option("--category", help="Only those of this category, in any case.")
@click.option("--assigned-to", type=int, metavar="ID", help="Only what this employee solves.")
@click.option("--breached", is_flag=True, default=None, help="Only those that are late.")
@click.option("--search", help="Only those with this in number, title, text or a comment.")
@click.option(
    "--limit",
    type=click.IntRange(1, 1_000_000),
    default=50,
    show_default=True,
    help="At most so many.",
)
@json_option
def list_(
    status: str | None,
    priority: str | None,
    category: str | None,
    assigned_to: int | None,
    breached: bool | None,
    search: str | None,
    limit: int,
    as_json: bool,
) -> None:
    """List tickets, the latest first."""
    from sunshine.commands.context import run

    given = {
        "status": status,
        "priority": priority,
        "category": category,
        "assignedTo": assigned_to,
        "breached": breached,
        "search": search,
    }
    rows = run(lambda database: _listed(database, given, limit))
    shown = rows if as_json else [{name: row[name] for name in COLUMNS} for row in rows]
    output.table(shown, as_json=as_json, columns=COLUMNS)


@tickets.command()
@click.argument("number")
@json_option
def show(number: str, as_json: bool) -> None:
    """Show a ticket and all that was said about it, internal comments too."""
    from sunshine.commands.context import run

    row = run(lambda database: _found(database, number))
    if as_json:
        output.document(row)
        return
    comments = row.pop("comments")
    lines = [{"field": name, "value": value} for name, value in row.items()]
    lines += [{"field": "comment", "value": _said(comment)} for comment in comments]
    output.table(lines)


def _said(comment: "Row") -> str:
    kind = " (internal)" if comment["internal"] else ""
    return f"{comment['createdAt']:%Y-%m-%d %H:%M}Z {comment['author']}{kind}: {comment['comment']}"


async def _listed(
    database: "Database", given: dict[str, Any], limit: int = EVERY["limit"]
) -> "list[Row]":
    from sunshine.modules.tickets.tickets import LISTINGS

    asked = {name: value for name, value in given.items() if value is not None}
    listing = LISTINGS[True]  # whoever is at the machine sees everything
    page = await listing.page(
        database, {"page": 1, "limit": limit, **asked}, me=None, now=database.clock()
    )
    for row in page.rows:
        del row["watching"]
    return page.rows


async def _found(database: "Database", number: str) -> "Row":
    from sunshine.core.errors import NotFound
    from sunshine.modules.tickets.comments import comments

    full = f"TCK-{number.zfill(6)}" if number.isdigit() else number.upper()
    for row in await _listed(database, {"search": full}):
        if row["number"] == full:
            said = await comments.page(database, EVERY, ticket=row["id"])
            return {**row, "comments": said.rows}
    raise NotFound(f"there is no ticket {number}")
