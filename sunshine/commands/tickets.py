"""`sunshine tickets`: read the tickets of the help desk. Rules:
sunshine/modules/tickets/tickets.py."""

from typing import TYPE_CHECKING, Any

import click

from sunshine.commands import output
from sunshine.commands.output import json_option

if TYPE_CHECKING:
    from sunshine.database.database import Database
    from sunshine.modules.tickets.rows import CommentRow, TicketRow

STATUSES = click.Choice(["open", "in_progress", "resolved", "closed"])
PRIORITIES = click.Choice(["low", "medium", "high", "urgent"])
COLUMNS = ("number", "status", "priority", "title", "reporter", "assignee", "dueAt", "breached")
EVERY = {"page": 1, "limit": 1_000_000}


@click.group()
def tickets() -> None:
    """The help desk's tickets. NUMBER is a ticket's number, such as TCK-000123 or 123."""


@tickets.command("list")
@click.option("--status", type=STATUSES, help="Only tickets in this status.")
@click.option("--priority", type=PRIORITIES, help="Only tickets of this priority.")
@click.option("--category", help="Only tickets of this category, in any case.")
@click.option(
    "--assigned-to", type=int, metavar="ID", help="Only tickets that are assigned to this employee."
)
@click.option(
    "--breached", is_flag=True, default=None, help="Only tickets that have missed a target."
)
@click.option(
    "--search", help="Only tickets with this text in number, title, description or a comment."
)
@click.option(
    "--limit",
    type=click.IntRange(1, 1_000_000),
    default=50,
    show_default=True,
    help="At most this many tickets.",
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
    output.table(map(_shown, rows), as_json=as_json, columns=COLUMNS)


@tickets.command()
@click.argument("number")
@json_option
def show(number: str, as_json: bool) -> None:
    """Show a ticket and all its comments, internal ones too."""
    from sunshine.commands.context import run

    row, comments = run(lambda database: _found(database, number))
    if as_json:
        output.document({**_shown(row), "comments": comments})
        return
    lines = [{"field": name, "value": value} for name, value in _shown(row).items()]
    lines += [{"field": "comment", "value": _line(comment)} for comment in comments]
    output.table(lines)


def _shown(row: "TicketRow") -> dict[str, object]:
    """Return a ticket without `watching`, which is the caller's: here there is none."""
    return {name: value for name, value in row.items() if name != "watching"}


def _line(comment: "CommentRow") -> str:
    kind = " (internal)" if comment["internal"] else ""
    return f"{comment['createdAt']:%Y-%m-%d %H:%M}Z {comment['author']}{kind}: {comment['comment']}"


async def _listed(
    database: "Database", given: dict[str, Any], limit: int = EVERY["limit"]
) -> "list[TicketRow]":
    from sunshine.modules.tickets.tickets import LISTINGS

    asked = {name: value for name, value in given.items() if value is not None}
    listing = LISTINGS[True]  # operators see everything
    page = await listing.page(
        database, {"page": 1, "limit": limit, **asked}, me=None, now=database.clock()
    )
    return page.rows


async def _found(database: "Database", number: str) -> "tuple[TicketRow, list[CommentRow]]":
    from sunshine.core.errors import NotFound
    from sunshine.modules.tickets.comments import comments

    full = f"TCK-{number.zfill(6)}" if number.isdigit() else number.upper()
    for row in await _listed(database, {"search": full}):
        if row["number"] == full:
            return row, (await comments.page(database, EVERY, ticket=row["id"])).rows
    raise NotFound(f"there is no ticket {number}")
