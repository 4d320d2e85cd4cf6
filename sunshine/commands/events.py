"""`sunshine events`: the audit trail from the command line. Rules:
sunshine/modules/users/audit_trail.py."""

from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING

import click

from sunshine.commands import output
from sunshine.commands.output import json_option
from sunshine.core.variables import DATABASES

if TYPE_CHECKING:
    import asyncio

    from sunshine.database.database import Database
    from sunshine.modules.users.rows import EventEntry

PAGE = 100
LOOK_SECONDS = 5.0
COLUMNS = ("seq", "at", "type", "entity", "entityId", "actor")


@click.group()
def events() -> None:
    """The audit trail: who changed what, and when."""


@events.command("list")
@click.option("--database", type=click.Choice(DATABASES), default="sunshine", show_default=True)
@click.option("--since", metavar="SEQ", help="Only events after this one.")
@click.option("--type", "type_", metavar="TYPE", help="Such as user_created.")
@click.option("--entity", metavar="ENTITY", help="Such as employee.")
@click.option(
    "--limit",
    type=click.IntRange(1, 100_000),
    default=50,
    show_default=True,
    help="At most this many events.",
)
@json_option
def list_(
    database: str,
    since: str | None,
    type_: str | None,
    entity: str | None,
    limit: int,
    as_json: bool,
) -> None:
    """List events, oldest first: the last ones or, with --since, the first ones after it."""
    from sunshine.commands.context import run
    from sunshine.modules.users import audit_trail as rules

    given = {"since": since, "type": type_, "entity": entity}
    query = {name: value for name, value in given.items() if value is not None}

    async def work(database: "Database") -> "list[EventEntry]":
        return (await rules.page(database, {"page": 1, "limit": limit, **query})).rows

    rows = run(work, database)
    if since is None:  # a page has the latest first
        rows.reverse()
    shown = rows if as_json else [_line(row) for row in rows]
    output.table(shown, as_json=as_json, columns=COLUMNS)


@events.command()
@click.option("--database", type=click.Choice(DATABASES), default="sunshine", show_default=True)
@click.option("--type", "type_", metavar="TYPE", help="Such as user_created.")
@click.option("--entity", metavar="ENTITY", help="Such as employee.")
@click.option(
    "-n",
    "--lines",
    type=click.IntRange(0, 1000),
    default=10,
    show_default=True,
    help="Begin with this many of the last events.",
)
@click.option("-f", "--follow", is_flag=True, help="Continue with new events until Ctrl-C.")
@json_option
def tail(
    database: str,
    type_: str | None,
    entity: str | None,
    lines: int,
    follow: bool,
    as_json: bool,
) -> None:
    """Print the last events, a line each, oldest first; --json prints a JSON object per line."""
    from sunshine.commands.context import run

    given = {"type": type_, "entity": entity}
    query = {name: value for name, value in given.items() if value is not None}

    def show(row: "EventEntry") -> None:
        if as_json:
            output.line(row)
        else:
            click.echo("\t".join(output.cell(value) for value in _line(row).values()))

    run(lambda reached: _tail(reached, query, lines, follow, show), database)


async def _tail(
    database: "Database",
    query: dict[str, str],
    lines: int,
    follow: bool,
    show: "Callable[[EventEntry], None]",
) -> None:
    """Show the last events, then pages of the log after the last one shown.

    The feed only says when to look: events that were committed in any order, or while the feed was
    away, are shown once.
    """
    import asyncio

    from sunshine.database.event_log import Feed
    from sunshine.modules.users import audit_trail as rules

    found = asyncio.Event()
    feed = Feed(database)
    feed.subscribe(lambda _: found.set())
    if follow:
        feed.start()
    try:
        newest = (await rules.page(database, {"page": 1, "limit": 1})).rows
        since = newest[0]["seq"] if newest else "0-0"
        if lines:
            for row in reversed(
                (await rules.page(database, {"page": 1, "limit": lines, **query})).rows
            ):
                show(row)
        while follow:
            found.clear()
            page = await rules.page(database, {"page": 1, "limit": PAGE, "since": since, **query})
            for row in page.rows:
                show(row)
                since = row["seq"]
            if len(page.rows) < PAGE:
                await _changed(found)
    finally:
        await feed.stop()


async def _changed(found: "asyncio.Event") -> None:
    """Wait until something happened, or it is time to look anyway."""
    import asyncio

    with suppress(TimeoutError):
        await asyncio.wait_for(found.wait(), LOOK_SECONDS)


def _line(row: "EventEntry") -> dict[str, object]:
    """Return the COLUMNS of an event."""
    actor = row["actor"]
    who = actor["name"]
    if actor["id"] is not None:
        who += f" ({actor['type']} {actor['id']})"
    values = (row["seq"], row["at"], row["type"], row["entity"], row["entityId"], who)
    return dict(zip(COLUMNS, values, strict=True))
