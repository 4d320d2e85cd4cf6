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
    from sunshine.database.statements import Row

PAGE = 100
LOOK_SECONDS = 5.0
COLUMNS = ("seq", "at", "type", "entity", "entityId", "actor")


@click.group()
def events() -> None:
    """What happened: who changed what, and when."""


@events.command("list")
@click.option("--database", type=click.Choice(DATABASES), default="sunshine", show_default=True)
@click.option("--since", metavar="SEQ", help="Only what came after this event.")
@click.option("--type", "type_", metavar="TYPE", help="Such as user_created.")
@click.option("--entity", metavar="ENTITY", help="Such as employee.")
@click.option(
    "--limit",
    type=click.IntRange(1, 100_000),
    default=50,
    show_default=True,
    help="At most so many.",
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
    """List events, oldest first: the last ones, or with --since the first ones after it."""
    from sunshine.commands.context import run
    from sunshine.modules.users import audit_trail as rules

    given = {"since": since, "type": type_, "entity": entity}
    query = {name: value for name, value in given.items() if value is not None}

    async def work(database: "Database") -> "list[Row]":
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
    help="How many of the last ones to begin with.",
)
@click.option("-f", "--follow", is_flag=True, help="Go on with what happens, until Ctrl-C.")
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

    def show(row: "Row") -> None:
        if as_json:
            output.line(row)
        else:
            click.echo("\t".join(output.cell(value) for value in _line(row).values()))

    run(lambda reached: _tail(reached, query, lines, follow, show), database)


async def _tail(
    database: "Database", query: "Row", lines: int, follow: bool, show: "Callable[[Row], None]"
) -> None:
    """Pages of the log after the last one shown: the feed only says when to look, so that what was
    committed in any order, or while it was away, is shown once."""
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
    """Something happened, or the time has come to look without being told."""
    import asyncio

    with suppress(TimeoutError):
        await asyncio.wait_for(found.wait(), LOOK_SECONDS)


def _line(row: "Row") -> "Row":
    actor = row["actor"]
    who = (
        actor["name"] if actor["id"] is None else f"{actor['name']} ({actor['type']} {actor['id']})"
    )
    return {name: row[name] for name in COLUMNS} | {"actor": who}
