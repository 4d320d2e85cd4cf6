"""`sunshine audit`: checks of the audit trail. sunshine/operations/audit.py."""

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
    """Check the audit trail."""


@audit.command()
@click.option(
    "--against",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    metavar="PATH",
    help="A backup, whose events are compared one by one with the current ones.",
)
@json_option
def verify(against: Path | None, as_json: bool) -> None:
    """Find accounts that no event explains and, with --against, events that were removed, altered
    or inserted since a backup was made; exits 4 if there are any.

    A database proves nothing against somebody who can write to it: keep backups where its
    administrators cannot change them.
    """
    from sunshine.commands.context import opened
    from sunshine.operations import audit

    with opened() as settings:
        found = audit.accounts(settings)
        if against:
            found += _compared(settings, against)
    output.table(found, as_json=as_json, columns=COLUMNS)
    if found:
        raise output.CommandError(f"{len(found)} differences", output.BEHIND)
    output.say("Every account matches its events.")
    if not against:
        output.say("The events themselves can only be checked against a backup: --against PATH.")


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
