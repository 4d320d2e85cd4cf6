"""`sunshine config`: the settings and their sources. sunshine/core/settings.py."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from sunshine.commands import output
from sunshine.commands.output import json_option


@click.group()
def config() -> None:
    """The settings: environment variables, then .env, then defaults."""


@config.command()
@click.argument("names", metavar="[NAME]...", nargs=-1)
@json_option
def show(names: tuple[str, ...], as_json: bool) -> None:
    """Print every variable with its value and source, or those whose name contains a NAME.

    Secrets are shown as ***.
    """
    from sunshine.commands.context import configured
    from sunshine.core.variables import VARIABLES

    values = configured().values
    sources = _sources()
    rows = [
        {
            "name": name,
            "value": _shown(values.get(name), variable),
            "source": sources.get(name) or ("default" if values.get(name) else ""),
            "help": variable["meta"]["help"],
        }
        for name, variable in VARIABLES.items()
        if not names or any(part.upper() in name for part in names)
    ]
    if not rows:
        raise output.CommandError(f"no variable is named {' or '.join(names)}", output.NOT_FOUND)
    output.table(rows, as_json=as_json)


@config.command()
@json_option
def check(as_json: bool) -> None:
    """Check the settings as the server does at start; exits 78 if it would refuse them.

    Warnings are about settings it accepts but that should change: exit 0. --json prints a list of
    lines, warnings with the prefix "warning: "; of good settings it is [].
    """
    from sunshine.commands.context import configured
    from sunshine.core.environment import SettingsError
    from sunshine.core.unsafe_settings import warnings

    try:
        found = warnings(configured())
    except SettingsError as error:
        if not as_json:
            raise
        output.document(error.lines)
        click.get_current_context().exit(output.UNSAFE)
    if as_json:
        output.document([f"warning: {line}" for line in found])
    for line in found if not as_json else ():
        output.say(f"Warning: {line}")
    count = f"{len(found)} warning{'s' if len(found) > 1 else ''}"
    output.say(f"The settings can be used, with {count}." if found else "The settings are fine.")


def _shown(value: Any, variable: Mapping[str, Any]) -> Any:
    if value in (None, ""):
        return None
    if variable["meta"]["secret"]:
        return "***"
    return list(value) if isinstance(value, tuple) else value


def _sources() -> dict[str, str]:
    """Return the source of each variable that is set, by upper-case name; the first one wins."""
    from dotenv import dotenv_values

    from sunshine.core.variables import VARIABLES

    file = Path(os.environ.get("SUNSHINE_HOME") or Path.cwd()) / ".env"
    places = [("environment", dict(os.environ))]
    if file.is_file():
        places.append((str(file), {k: v or "" for k, v in dotenv_values(file).items()}))
    found: dict[str, str] = {}
    for place, pairs in places:
        for key, value in pairs.items():
            name = key.upper()
            base = name if name in VARIABLES else name.removesuffix("_FILE")
            if value.strip():
                found.setdefault(base, place if base == name else f"{place} ({name})")
    return found
