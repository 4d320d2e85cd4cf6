"""The reference pages that are made and not written: docs/cli.md, docs/configuration.md.

    .venv/bin/python -m tests.reference

writes them anew; tests/cli/test_reference.py fails when they are behind.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click

import cli
from sunshine.core.variables import VARIABLES

DOCS = Path(__file__).parents[1] / "docs"
COMMANDS = """\
# The command line

Made by `.venv/bin/python -m tests.reference` from the help of the commands; do not edit it.
`sunshine` is `bin/sunshine` in a checkout.
"""
SETTINGS = """\
# The configuration

Made by `.venv/bin/python -m tests.reference` from
[sunshine/core/variables.py](../sunshine/core/variables.py); do not edit it.

Variables come from the environment, then from `.env` in `SUNSHINE_HOME` (the checkout, or the
working directory); names may be of any case, as the original's. `X_FILE=path` reads `X` from that
file.
`sunshine config show` prints what is in force and where it came from, `sunshine config check` what
the server would refuse to start with.

| variable | default | meaning |
| --- | --- | --- |
"""


def pages() -> dict[str, str]:
    """Each page by its name."""
    return {"cli.md": _cli(), "configuration.md": _configuration()}


def _cli() -> str:
    text = COMMANDS
    for context in _commands(_context(cli.main, "sunshine")):
        help_ = "\n".join(line.rstrip() for line in context.get_help().splitlines())
        text += f"\n## {context.command_path}\n\n```\n{help_}\n```\n"
    return text


def _commands(context: click.Context) -> Iterator[click.Context]:
    """A command and all below it, each as it is called."""
    yield context
    group = context.command
    if isinstance(group, click.Group):
        for name in group.list_commands(context):
            command = group.get_command(context, name)
            if command is not None and not command.hidden:
                yield from _commands(_context(command, name, context))


def _context(command: click.Command, name: str, parent: Any = None) -> click.Context:
    settings = {"terminal_width": 100, **command.context_settings}
    return click.Context(command, info_name=name, parent=parent, **settings)


def _configuration() -> str:
    rows = [f"| `{name}` | {_default(v)} | {_meaning(v)} |" for name, v in VARIABLES.items()]
    return SETTINGS + "\n".join(rows) + "\n"


def _default(variable: dict[str, Any]) -> str:
    return f"`{variable['default']}`" if variable.get("default") else ""


def _meaning(variable: dict[str, Any]) -> str:
    secret = "; secret" if variable["meta"]["secret"] else ""
    return f"{variable['meta']['help']}{secret}".replace("|", "\\|")


def main() -> None:
    """Write them."""
    for name, text in pages().items():
        (DOCS / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
