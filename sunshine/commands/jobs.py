"""`sunshine jobs`: periodic jobs, and running them by hand. Rules: sunshine/jobs/runner.py,
sunshine/modules/registry.py."""

from datetime import datetime
from typing import TYPE_CHECKING, Any

import click

from sunshine.commands import output
from sunshine.commands.output import json_option

if TYPE_CHECKING:
    from collections.abc import Mapping
    from zoneinfo import ZoneInfo

    from sunshine.core.settings import Settings
    from sunshine.database.database import Databases
    from sunshine.jobs.runner import JobState, Runner

COLUMNS = ("name", "schedule", "due", "finished", "status", "attempt", "error", "nextDue")


@click.group()
def jobs() -> None:
    """Periodic jobs: what the server does by itself."""


@jobs.command("list")
@json_option
def list_(as_json: bool) -> None:
    """List the jobs: when each is due, how its last run went, when it starts next.

    Daily jobs are due by the clock of BUSINESS_TZ. A job whose next start is in the past is due:
    it starts with the server, or within half a minute if the server runs.
    """
    from sunshine.commands.context import run_on_all

    async def work(databases: "Databases", settings: "Settings") -> "list[JobState]":
        return await _runner(databases, settings).states()

    rows = run_on_all(work)
    lines = [_line(row) for row in rows]
    output.table(rows if as_json else lines, as_json=as_json, columns=COLUMNS)


@jobs.command()
@click.argument("name")
@click.option(
    "--as-of",
    metavar="DATE|INSTANT",
    help="Run as if at this time. A date such as 2026-03-01 means the end of that day, 23:59:59 in "
    "BUSINESS_TZ; an instant is taken as it is: 2026-03-01T08:00:00+07:00.",
)
@click.option("--dry-run", is_flag=True, help="Run it, print what was done, and roll it back.")
@json_option
def run(name: str, as_of: str | None, dry_run: bool, as_json: bool) -> None:
    """Run the job NAME now, due or not, and print what it did.

    It runs in this process, and not while another process runs it. The server's schedule is not
    affected. With --as-of in the future it really does what would be due then.
    """
    from sunshine.commands.context import run_on_all

    async def work(databases: "Databases", settings: "Settings") -> "Mapping[str, int]":
        at = None if as_of is None else _instant(as_of, settings.business_tz)
        return await _runner(databases, settings).run(name, as_of=at, dry_run=dry_run)

    counts = run_on_all(work)
    if as_json:
        output.document(counts)
    else:
        output.table([{"what": what, "count": count} for what, count in counts.items()])
    output.say("A dry run: nothing of this was kept." if dry_run else f"{name} is done.")


def _runner(databases: "Databases", settings: "Settings") -> "Runner":
    from sunshine.core import clock
    from sunshine.files.backends import storage_of
    from sunshine.jobs.runner import Runner
    from sunshine.modules.registry import jobs as all_jobs

    return Runner(databases, all_jobs(storage_of(settings)), clock.now, settings.business_tz)


def _instant(text: str, zone: "ZoneInfo") -> datetime:
    """Return the last second of a day, or an instant; Invalid where the text is neither."""
    from datetime import UTC, time

    from sunshine.core.errors import Invalid
    from sunshine.core.fields import date, instant
    from sunshine.core.validation import Payload

    field = "--as-of"
    if "T" in text.upper():
        at: datetime = Payload({field: instant()}).check({field: text})[field]
        return at
    try:
        day = Payload({field: date()}).check({field: text})[field]
    except Invalid:
        message = "must be a date as 2026-03-01 or an instant as 2026-03-01T08:00:00+07:00"
        raise Invalid.field(field, message) from None
    # fold: the later one where the clocks show the time twice.
    return datetime.combine(day, time(23, 59, 59, fold=1), zone).astimezone(UTC)


def _line(row: "JobState") -> dict[str, Any]:
    last: Mapping[str, Any] = row["lastRun"] or dict.fromkeys(
        ("dueAt", "finishedAt", "status", "attempt", "error")
    )
    return {
        "name": row["name"],
        "schedule": row["schedule"],
        "due": last["dueAt"],
        "finished": last["finishedAt"],
        "status": last["status"],
        "attempt": last["attempt"],
        "error": last["error"],
        "nextDue": row["nextDue"],
    }
