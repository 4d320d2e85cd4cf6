"""`sunshine events`: the audit trail from the command line. Rules: sunshine/rules/events.py."""

from typing import TYPE_CHECKING

import click

from sunshine.commands import output
from sunshine.commands.output import json_option
from sunshine.variables import DATABASES

if TYPE_CHECKING:
    from sunshine.db import Database, Row

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
    from sunshine.rules import events as rules

    given = {"since": since, "type": type_, "entity": entity}
    query = {name: value for name, value in given.items() if value is not None}

    async def work(database: "Database") -> "list[Row]":
        return (await rules.page(database, {"page": 1, "limit": limit, **query})).rows

    rows = run(work, database)
    if since is None:  # a page has the latest first
        rows.reverse()
    shown = rows if as_json else [_line(row) for row in rows]
    output.table(shown, as_json=as_json, columns=COLUMNS)


def _line(row: "Row") -> "Row":
    actor = row["actor"]
    who = (
        actor["name"] if actor["id"] is None else f"{actor['name']} ({actor['type']} {actor['id']})"
    )
    return {name: row[name] for name in COLUMNS} | {"actor": who}
