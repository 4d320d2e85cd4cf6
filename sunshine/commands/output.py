"""Output of the command line: data on stdout, messages on stderr, and the exit code."""

import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from typing import Any

import click

from sunshine.core.characters import shown_in_json, shown_in_line, shown_in_lines

FAILED = 1
USAGE = 2
NOT_FOUND = 3
BEHIND = 4
UNSAFE = 78
INTERRUPTED = 130

CHART_WIDTH = 100

Rows = Iterable[Mapping[str, Any]]

json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON.")
yes_option = click.option("--yes", is_flag=True, help="Do not ask.")


class CommandError(Exception):
    """A command cannot do what was requested; `code` is its exit code."""

    def __init__(self, message: str, code: int = FAILED) -> None:
        super().__init__(message)
        self.code = code


def say(text: str) -> None:
    """Print a message, never part of the data; quoted text cannot act on the terminal."""
    click.echo(shown_in_lines(text), err=True)


def table(rows: Rows, *, as_json: bool = False, columns: Iterable[str] = ()) -> None:
    """Print rows that share their keys; `columns` are the keys of a table that may be empty."""
    listed = list(rows)
    names = list(columns) or list(listed[0] if listed else ())
    if as_json:
        document(listed)
    elif sys.stdout.isatty():
        _draw(names, listed)
    else:
        for line in (names, *([cell(row[name]) for name in names] for row in listed)):
            click.echo("\t".join(line))


def chart(rows: Rows, *, columns: Iterable[str], amount: str) -> None:
    """Print rows as a table; on a terminal each with a bar as long as its amount."""
    listed, names = list(rows), list(columns)
    if sys.stdout.isatty():
        _draw_bars(names, listed, amount)
    else:
        table(listed, columns=names)


def document(value: Any) -> None:
    """Print one JSON value."""
    from msgspec import json

    encoder = json.Encoder(enc_hook=str, decimal_format="number")
    click.echo(shown_in_json(json.format(encoder.encode(value), indent=2).decode()))


def line(value: Any) -> None:
    """Print one JSON value on a line of its own, unbuffered: somebody may be following."""
    click.echo(encoded(value))


def encoded(value: Any) -> str:
    """Return one JSON value on one line."""
    from msgspec import json

    encoder = json.Encoder(enc_hook=str, decimal_format="number")
    return shown_in_json(encoder.encode(value).decode())


def confirm(question: str, *, yes: bool) -> None:
    """Continue only after a yes; without a terminal, only with --yes."""
    if yes:
        return
    if not sys.stdin.isatty():
        raise click.UsageError(
            f"{shown_in_lines(question)} There is no terminal to ask: pass --yes."
        )
    if not click.confirm(question, err=True):
        raise CommandError("nothing was changed")


@contextmanager
def progress(what: str, total: int) -> Iterator[Callable[[], None]]:
    """Show a progress bar on stderr if that is a terminal; call the yielded function once per
    step."""
    from rich.console import Console
    from rich.progress import Progress

    console = Console(stderr=True)
    with Progress(console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task(shown_in_line(what), total=total)
        yield lambda: bar.advance(task)


def explained(error: Exception) -> tuple[list[str], int] | None:
    """Return the lines and the exit code of an expected error; None for a bug of ours."""
    from sunshine.core.environment import SettingsError
    from sunshine.core.errors import AppError, Invalid, NotFound
    from sunshine.database.cluster import PostgresError

    if isinstance(error, CommandError):
        return [str(error)], error.code
    if isinstance(error, SettingsError):
        return error.lines, UNSAFE
    if isinstance(error, AppError):
        fields = [f"{wrong['field']} {wrong['message']}" for wrong in error.errors]
        fields += [f"and {error.omitted} more"] if error.omitted else []
        code = {Invalid: USAGE, NotFound: NOT_FOUND}.get(type(error), FAILED)
        return fields if isinstance(error, Invalid) and fields else [error.message], code
    if isinstance(error, OSError) and error.strerror and not isinstance(error, BrokenPipeError):
        where = f"{error.filename}: " if error.filename else ""
        return [f"{where}{error.strerror}"], FAILED
    if isinstance(error, PostgresError) or _is_of_a_database(error):
        return [str(error).strip().splitlines()[0]], FAILED
    return None


def _is_of_a_database(error: Exception) -> bool:
    import psycopg

    from sunshine.backups.manifest import BackupError
    from sunshine.database.migrations import MigrationError

    expected = BackupError | MigrationError | psycopg.OperationalError
    return isinstance(error, expected | psycopg.errors.ReadOnlySqlTransaction)


def _draw(names: list[str], rows: list[Mapping[str, Any]]) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    drawn = Table(*names, box=None, header_style="bold", pad_edge=False)
    for row in rows:
        drawn.add_row(*(Text(cell(row[name])) for name in names))
    Console().print(drawn)


def _draw_bars(names: list[str], rows: list[Mapping[str, Any]], amount: str) -> None:
    from rich.bar import Bar
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    drawn = Table(box=None, header_style="bold", pad_edge=False)
    for number, name in enumerate(names):
        drawn.add_column(name, justify="right" if number else "left", no_wrap=True)
    drawn.add_column(min_width=10)
    most = max((float(row[amount]) for row in rows), default=0.0)
    for row in rows:
        shown = {name: cell(row[name]) for name in names} | {amount: f"{row[amount]:,.2f}"}
        bar = Bar(most, 0, float(row[amount])) if most else ""
        drawn.add_row(*(Text(text) for text in shown.values()), bar)
    console = Console()
    console.print(drawn, width=min(console.width, CHART_WIDTH))


def cell(value: Any) -> str:
    """Return a value as text: one harmless line without tabs; lists with commas, instants in
    UTC."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, datetime):
        return value.isoformat(timespec="seconds").replace("+00:00", "Z")
    if isinstance(value, list | tuple):
        return ",".join(cell(item) for item in value)
    return shown_in_line(str(value))
