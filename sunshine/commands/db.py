"""`sunshine db`: makes, migrates and inspects the four databases. sunshine/migrate.py, drift.py."""

import os
import shutil
import signal
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from sunshine.commands import output
from sunshine.commands.output import json_option, yes_option
from sunshine.variables import DATABASES

NAME = click.Choice(DATABASES)
NAMES = click.argument("names", metavar="[NAME]...", nargs=-1, type=NAME)


@click.group()
def db() -> None:
    """The four databases: sunshine, fleet, cms and mitra. Without a NAME: all of them."""


@db.command()
@NAMES
def create(names: tuple[str, ...]) -> None:
    """Make the databases that are missing, owned by the role that connects."""
    from sunshine import migrate
    from sunshine.commands.context import opened

    with opened(migrated=False) as settings:
        made = migrate.create(settings, names or DATABASES)
    output.say(f"Made {', '.join(made)}." if made else "Nothing is missing.")


@db.command()
@NAMES
@json_option
def status(names: tuple[str, ...], as_json: bool) -> None:
    """Show at which revision each database is; exits 4 when this version does not run on one."""
    from sunshine import migrate
    from sunshine.commands.context import opened

    with opened(migrated=False) as settings:
        standings = migrate.status(settings, names or DATABASES)
    output.table(map(_standing, standings), as_json=as_json)
    if not all(found.usable for found in standings):
        if any(found.behind for found in standings):
            output.say("To bring them up to date: sunshine db upgrade")
        else:
            output.say("A newer version migrated them: run that one.")
        click.get_current_context().exit(output.BEHIND)


@db.command()
@NAMES
@click.option("--revision", default="head", help="Go no further than this one.")
def upgrade(names: tuple[str, ...], revision: str) -> None:
    """Make what is missing and migrate what is behind, as `serve` does when it starts."""
    from sunshine import migrate
    from sunshine.commands.context import opened

    wanted = names or DATABASES
    with opened(migrated=False) as settings:
        made = migrate.create(settings, wanted)
        moved = migrate.upgrade(settings, wanted, revision)
    for database in made:
        output.say(f"Made {database}.")
    output.say(f"Migrated {', '.join(moved)}." if moved else "Everything is up to date.")


@db.command()
@click.argument("name", type=NAME)
@click.argument("revision")
@yes_option
def downgrade(name: str, revision: str, yes: bool) -> None:
    """Take a database back to a REVISION; `base` leaves nothing. Data is lost."""
    from sunshine import migrate
    from sunshine.commands.context import opened

    output.confirm(f"Take {name} back to {revision} and lose what came after?", yes=yes)
    with opened(migrated=False) as settings:
        moved = migrate.downgrade(settings, name, revision)
    output.say(f"{name} is at {revision} now." if moved else f"{name} was there already.")


@db.command()
@NAMES
@json_option
def check(names: tuple[str, ...], as_json: bool) -> None:
    """Compare the tables with what this version expects; exits 4 when they differ."""
    from sunshine import drift, migrate
    from sunshine.commands.context import opened

    wanted = names or DATABASES
    with opened(migrated=False) as settings:
        rows = [
            {"database": name, "difference": line}
            for name, standing in zip(wanted, migrate.status(settings, wanted), strict=True)
            for line in (
                [f"behind by {standing.behind} migrations"]
                if standing.behind
                else drift.differences(settings, name)
            )
        ]
    output.table(rows, as_json=as_json, columns=("database", "difference"))
    output.say(f"{len(rows)} differences (- lacking, + unexpected)." if rows else "No difference.")
    click.get_current_context().exit(output.BEHIND if rows else 0)


@db.command(context_settings={"ignore_unknown_options": True})
@click.argument("arguments", metavar="[NAME] [PSQL OPTION]...", nargs=-1, type=click.UNPROCESSED)
def shell(arguments: tuple[str, ...]) -> None:
    """Open psql on a database, sunshine where none is named; ends with psql's exit code."""
    from sunshine.commands.context import opened

    is_named = arguments[:1] and arguments[0] in DATABASES
    name, options = (arguments[0], arguments[1:]) if is_named else ("sunshine", arguments)
    with opened(migrated=False) as settings:
        found = settings.databases[name]
        environment = {
            "PGHOST": found.host,
            "PGPORT": str(found.port),
            "PGUSER": found.user,
            "PGDATABASE": found.database,
            # Not an argument: those are for everybody to read.
            **({"PGPASSWORD": found.password} if found.password else {}),
        }
        code = _psql(options, environment)
    click.get_current_context().exit(code)


def _psql(options: tuple[str, ...], environment: Mapping[str, str]) -> int:
    from sunshine.postgres import PostgresError, wheel_binaries

    program = shutil.which("psql")
    if program is None:
        try:
            program = str(Path(wheel_binaries()) / "psql")
        except PostgresError:
            message = "psql is not on the PATH: install PostgreSQL's client programs"
            raise output.CommandError(message) from None
    everything = {**os.environ, **environment}
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is psql's
    try:
        return subprocess.run([program, *options], env=everything).returncode  # noqa: S603 - psql
    finally:
        signal.signal(signal.SIGINT, before)


def _standing(found: Any) -> dict[str, Any]:
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
