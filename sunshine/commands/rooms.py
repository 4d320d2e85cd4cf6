"""`sunshine rooms`: meeting rooms from the command line. Rules: sunshine/modules/meeting_rooms."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import click

from sunshine.commands import output
from sunshine.commands.dates import Moment
from sunshine.commands.output import json_option

if TYPE_CHECKING:
    from sunshine.database.database import Database
    from sunshine.modules.meeting_rooms.rows import FreeRoomRow, RoomRow

COLUMNS = ("id", "name", "capacity", "floor", "facilities", "opensAt", "closesAt", "active")
FREE = ("id", "name", "capacity", "floor", "facilities", "location")
MOST = 100_000


@click.group()
def rooms() -> None:
    """Meeting rooms, and which of them are free."""


@rooms.command("list")
@click.option("--capacity", type=click.IntRange(1), help="Only for at least this many people.")
@click.option("--floor", type=int, help="Only on this floor.")
@click.option("--facilities", help="Only with all of these, comma-separated.")
@json_option
def list_(capacity: int | None, floor: int | None, facilities: str | None, as_json: bool) -> None:
    """List the rooms."""
    from sunshine.commands.context import run

    async def work(database: "Database") -> "list[RoomRow]":
        from sunshine.modules.meeting_rooms import rooms as rules

        given = {"capacity": capacity, "floor": floor, "facilities": facilities}
        asked = {name: value for name, value in given.items() if value is not None}
        return await rules.rooms.listing.every(database, asked)

    _show(run(work), COLUMNS, as_json)


@rooms.command()
@click.option(
    "--at",
    type=Moment(["%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M"]),
    help="From when, in the company's timezone; now by default.",
)
@click.option("--minutes", type=click.IntRange(1, 1439), default=60, show_default=True,
              help="How long.")  # fmt: skip
@click.option("--capacity", type=click.IntRange(1), default=1, show_default=True,
              help="For how many people.")  # fmt: skip
@json_option
def free(at: datetime | None, minutes: int, capacity: int, as_json: bool) -> None:
    """List the rooms that are free and open, the smallest first."""
    from sunshine.commands.context import run

    async def work(database: "Database") -> "list[FreeRoomRow]":
        from sunshine.core.errors import Invalid
        from sunshine.modules.meeting_rooms.availability import free_rooms, slot

        zone = database.policy.timezone
        start = at or database.clock().astimezone(zone).replace(second=0, microsecond=0)
        start = start.replace(tzinfo=None)
        end = start + timedelta(minutes=minutes)
        if end.date() != start.date():
            raise Invalid("a meeting ends on the day it begins")
        wanted = slot(start.date(), start.time(), end.time(), zone)
        return await free_rooms(database, [wanted], zone, people=capacity, most=MOST)

    _show(run(work), FREE, as_json)


def _show(rows: Sequence[Mapping[str, Any]], columns: tuple[str, ...], as_json: bool) -> None:
    shown = (
        rows
        if as_json
        else [
            {name: row[name] for name in columns} | {"facilities": ", ".join(row["facilities"])}
            for row in rows
        ]
    )
    output.table(shown, as_json=as_json, columns=columns)
