"""`sunshine doctor`: finds problems and names their fixes. The checks: sunshine/doctor."""

from typing import TYPE_CHECKING

import click

from sunshine.commands import output
from sunshine.commands.output import json_option

if TYPE_CHECKING:
    from sunshine.doctor import Finding


@click.command()
@json_option
def doctor(as_json: bool) -> None:
    """Check everything a server relies on; exits 4 if something FAILs.

    OK, WARN or FAIL for each, with a fix. Changes nothing, except that the embedded PostgreSQL, if
    used, is started and stopped again.
    """
    findings = _findings()
    output.table([found._asdict() for found in findings], as_json=as_json)
    failed = sum(found.state == "FAIL" for found in findings)
    warned = sum(found.state == "WARN" for found in findings)
    output.say(f"{failed} failed, {warned} warnings." if failed or warned else "All is well.")
    click.get_current_context().exit(output.BEHIND if failed else 0)


def _findings() -> "list[Finding]":
    from dataclasses import replace

    from sunshine.commands.context import configured, opened
    from sunshine.core.environment import SettingsError
    from sunshine.database.embedded import PostgresError
    from sunshine.doctor import Finding, look, machine, postgres, upkeep
    from sunshine.operations import logs

    try:
        settings = configured()
    except SettingsError as error:
        mend = "mend it in .env or the environment; then sunshine config check"
        return [Finding("settings", "FAIL", line, mend) for line in error.lines]
    found = [Finding("settings", "OK", f"{settings.environment}, DIR {settings.directory}")]
    checks = (*postgres.CHECKS, *upkeep.CHECKS)
    try:
        with opened(migrated=False) as reached:
            logs.configure(replace(settings, log_level="error"))  # findings report the rest
            return found + look(reached, (*machine.CHECKS, *checks))
    except PostgresError as error:
        mend = "see the log beside DIR/private/postgres/data"
        away = Finding("postgresql", "FAIL", str(error), mend)
        return [*found, *look(settings, machine.CHECKS), away]
