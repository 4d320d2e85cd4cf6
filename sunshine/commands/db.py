"""`sunshine db`: creates, migrates and inspects the four databases.

sunshine/database/migrations.py, sunshine/database/schema_check.py.
"""

import shutil
import signal
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from sunshine.commands import output
from sunshine.commands.output import json_option, yes_option
from sunshine.core.variables import DATABASES

if TYPE_CHECKING:
    from sunshine.core.database_settings import DatabaseSettings
    from sunshine.database.migrations import Standing

NAME = click.Choice(DATABASES)
dry_run_option = click.option(
    "--dry-run", is_flag=True, help="Only print what would be done; exits 4 if that is anything."
)
NAMES = click.argument("names", metavar="[NAME]...", nargs=-1, type=NAME)


@click.group()
def db() -> None:
    """The four databases: sunshine, fleet, cms and mitra. Without a NAME: all of them."""


@db.command()
@NAMES
@dry_run_option
def create(names: tuple[str, ...], dry_run: bool) -> None:
    """Create the missing databases, owned by the role that connects."""
    from sunshine.commands.context import opened
    from sunshine.database import migrations

    with opened(migrated=False) as settings:
        if dry_run:
            found = migrations.status(settings, names or DATABASES)
            _say_steps([f"Would create {each.database}." for each in found if not each.exists])
            return
        made = migrations.create(settings, names or DATABASES)
    output.say(f"Created {', '.join(made)}." if made else "Nothing is missing.")


@db.command()
@NAMES
@json_option
def status(names: tuple[str, ...], as_json: bool) -> None:
    """Show each database's revision; exits 4 if this version does not run on one of them."""
    from sunshine.commands.context import opened
    from sunshine.database import migrations

    with opened(migrated=False) as settings:
        standings = migrations.status(settings, names or DATABASES)
    output.table(map(_standing, standings), as_json=as_json)
    if not all(found.usable for found in standings):
        if any(found.behind for found in standings):
            output.say("To migrate them: sunshine db upgrade")
        else:
            output.say("A newer version migrated them: run that one.")
        click.get_current_context().exit(output.BEHIND)


@db.command()
@NAMES
@click.option("--revision", default="head", help="Stop at this revision.")
@dry_run_option
def upgrade(names: tuple[str, ...], revision: str, dry_run: bool) -> None:
    """Create missing databases and migrate old ones, as `serve` does at start."""
    from sunshine.commands.context import opened
    from sunshine.database import migrations

    wanted = names or DATABASES
    with opened(migrated=False) as settings:
        if dry_run:
            _say_steps(
                [
                    line
                    for each in migrations.status(settings, wanted)
                    for line in _up(each, revision)
                ]
            )
            return
        made = migrations.create(settings, wanted)
        moved = migrations.upgrade(settings, wanted, revision)
    for database in made:
        output.say(f"Created {database}.")
    output.say(f"Migrated {', '.join(moved)}." if moved else "Everything is up to date.")


@db.command()
@click.argument("name", type=NAME)
@click.argument("revision")
@yes_option
@dry_run_option
def downgrade(name: str, revision: str, yes: bool, dry_run: bool) -> None:
    """Migrate a database down to a REVISION; `base` leaves nothing. Data is lost."""
    from sunshine.commands.context import opened
    from sunshine.database import migrations

    if dry_run:
        with opened(migrated=False) as settings:
            _say_steps(_down(migrations.status(settings, [name])[0], revision))
        return
    output.confirm(f"Migrate {name} down to {revision} and lose all later data?", yes=yes)
    with opened(migrated=False) as settings:
        moved = migrations.downgrade(settings, name, revision)
    output.say(f"{name} is now at {revision}." if moved else f"{name} was already there.")


@db.command()
@NAMES
@json_option
def check(names: tuple[str, ...], as_json: bool) -> None:
    """Compare the tables with what this version expects; exits 4 if they differ."""
    from sunshine.commands.context import opened
    from sunshine.database import migrations, schema_check

    wanted = names or DATABASES
    with opened(migrated=False) as settings:
        rows = [
            {"database": name, "difference": line}
            for name, standing in zip(wanted, migrations.status(settings, wanted), strict=True)
            for line in (
                [f"behind by {standing.behind} migrations"]
                if standing.behind
                else schema_check.differences(settings, name)
            )
        ]
    output.table(rows, as_json=as_json, columns=("database", "difference"))
    output.say(f"{len(rows)} differences (- missing, + unexpected)." if rows else "No difference.")
    click.get_current_context().exit(output.BEHIND if rows else 0)


@db.command(context_settings={"ignore_unknown_options": True})
@click.argument("arguments", metavar="[NAME] [PSQL OPTION]...", nargs=-1, type=click.UNPROCESSED)
def shell(arguments: tuple[str, ...]) -> None:
    """Open psql on a database, by default sunshine; exits with psql's exit code."""
    from sunshine.commands.context import opened

    is_named = arguments[:1] and arguments[0] in DATABASES
    name, options = (arguments[0], arguments[1:]) if is_named else ("sunshine", arguments)
    with opened(migrated=False) as settings:
        code = _psql(options, settings.databases[name])
    click.get_current_context().exit(code)


def _say_steps(steps: list[str]) -> None:
    for step in steps:
        output.say(step)
    if not steps:
        output.say("There is nothing to do.")
    click.get_current_context().exit(output.BEHIND if steps else 0)


def _up(found: "Standing", revision: str) -> list[str]:
    """Return the steps of an upgrade, in order."""
    from sunshine.database import migrations

    if found.ahead:
        raise output.CommandError(f"{found.database} is at {found.current}, ahead of this program")
    until = _known(found.name, revision, found.head)
    made = [] if found.exists else [f"Would create {found.database}."]
    steps = migrations.revisions(found.name)
    return made + [
        f"Would migrate {found.database} to {step}."
        for step in steps
        if (found.current or "") < step <= until
    ]


def _down(found: "Standing", revision: str) -> list[str]:
    """Return the steps of a downgrade, in order."""
    from sunshine.database import migrations

    until = "" if revision == "base" else _known(found.name, revision, found.head)
    return [
        f"Would revert {step} of {found.database}, with its data."
        for step in reversed(migrations.revisions(found.name))
        if until < step <= (found.current or "")
    ]


def _known(name: str, revision: str, head: str) -> str:
    from sunshine.database import migrations

    if revision == "head":
        return head
    if revision not in migrations.revisions(name):
        raise output.CommandError(f"{name} has no revision {revision}", output.NOT_FOUND)
    return revision


def _psql(options: tuple[str, ...], database: "DatabaseSettings") -> int:
    from sunshine.database import pg_tools
    from sunshine.database.embedded import PostgresError, wheel_binaries

    program = shutil.which("psql")
    if program is None:
        try:
            program = str(Path(wheel_binaries()) / "psql")
        except PostgresError:
            message = "psql is not on the PATH: install PostgreSQL's client programs"
            raise output.CommandError(message) from None
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is psql's
    try:
        with pg_tools.reaching(database) as (environment, inherited):
            return subprocess.run(  # noqa: S603 - psql
                [program, *options], env=environment, pass_fds=inherited
            ).returncode
    finally:
        signal.signal(signal.SIGINT, before)


def _standing(found: "Standing") -> dict[str, Any]:
    return {
        "name": found.name,
        "database": found.database,
        "exists": found.exists,
        "current": found.current,
        "head": found.head,
        "behind": found.behind,
        "ahead": found.ahead,
        "usable": found.usable,
    }
