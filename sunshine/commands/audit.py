"""`sunshine audit`: what can be proven of the audit trail. sunshine/operations/audit.py."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from sunshine.commands import output
from sunshine.commands.output import json_option

if TYPE_CHECKING:
    from sunshine.core.settings import Settings

COLUMNS = ("database", "what", "id", "detail")


@click.group()
def audit() -> None:
    """The audit trail: whether it can be believed."""


@audit.command()
@click.option(
    "--against",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    metavar="PATH",
    help="A backup: its events are compared with those of today, one by one.",
)
@json_option
def verify(against: Path | None, as_json: bool) -> None:
    """Look for accounts that no event explains and, with --against, for events that were removed,
    altered or slipped in since a backup was made; exits 4 when there are any.

    Nothing in a database can prove itself to somebody who may write to it: keep backups where
    whoever administers the database cannot change them.
    """
    from sunshine.commands.context import opened
    from sunshine.operations import audit

    with opened() as settings:
        found = audit.accounts(settings)
        if against:
            found += _compared(settings, against)
    output.table(found, as_json=as_json, columns=COLUMNS)
    if found:
        raise output.CommandError(f"{len(found)} things are not as they were", output.BEHIND)
    output.say("Every account is as its events say.")
    if not against:
        output.say("The events themselves can be proven against a backup only: --against PATH.")


def _compared(settings: "Settings", folder: Path) -> list[dict[str, Any]]:
    from sunshine.backups import manifest
    from sunshine.operations import audit

    made = manifest.read(folder)
    manifest.check(folder, made)
    found: list[dict[str, Any]] = []
    for name in made.databases:
        count, lines = audit.against(settings, folder, made, name)
        output.say(f"{name}: {count} events compared.")
        found += lines
    return found
