"""`sunshine backup`: creates, keeps, verifies and restores backups. sunshine/backups."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from sunshine.commands import output
from sunshine.commands.output import json_option

if TYPE_CHECKING:
    from sunshine.backups.manifest import Manifest
    from sunshine.backups.repository import Kept
    from sunshine.core.settings import Settings

UNITS = {"h": timedelta(hours=1), "d": timedelta(days=1), "w": timedelta(weeks=1)}
COLUMNS = ("name", "created", "state", "rows", "files", "bytes", "sunshine", "postgresql")
PATH = click.argument("path", type=click.Path(exists=True, file_okay=False, path_type=Path))


class Retention(click.ParamType):
    """A period of time: 12h, 30d, 8w."""

    name = "TIME"

    def convert(self, value: Any, _: Any, __: Any) -> timedelta:
        """Convert text to a timedelta."""
        if isinstance(value, timedelta):
            return value
        found = re.fullmatch(r"([1-9][0-9]{0,3})([hdw])", value)
        if not found:
            raise click.BadParameter(f"{value!r} is no time such as 12h, 30d or 8w")
        return int(found[1]) * UNITS[found[2]]


@click.group()
def backup() -> None:
    """Backups: the four databases and the files, each backup in one folder. See docs/backups.md.

    DIR is the directory of the backups, by default BACKUP_DIR.
    """


@backup.command()
@click.option("--to", metavar="DIR", type=click.Path(path_type=Path), help="Store it in DIR.")
@click.option("--retention", type=Retention(), help="Then remove older ones, like prune.")
@json_option
def create(to: Path | None, retention: timedelta | None, as_json: bool) -> None:
    """Create a backup while the servers run.

    It appears when it is complete; a failed or interrupted one leaves nothing behind and removes
    nothing.
    """
    from sunshine.backups import repository
    from sunshine.backups.create import create as make
    from sunshine.backups.files import names
    from sunshine.commands.context import opened
    from sunshine.core import clock

    with opened(migrated=False) as settings:
        place = _place(settings, to)
        steps = len(settings.databases) + sum(1 for _ in names(settings.directory / "static"))
        with (
            repository.locked(place),
            _recording_failure(place),
            output.progress("Backup", steps) as advance,
        ):
            made = make(settings, place, clock.now, advance)
            old = repository.prune(place, clock.now(), retention) if retention else []
    if as_json:
        output.document(_shown(made) | {"path": str(place / made.name)})
    output.say(f"Created {place / made.name}: {_size(made.bytes)}.")
    if not made.files.archive:
        output.say(f"The files are in {made.files.storage}, which needs its own backups.")
    _say_removed(old)


@backup.command("list")
@click.argument("folder", metavar="[DIR]", required=False, type=click.Path(path_type=Path))
@json_option
def list_(folder: Path | None, as_json: bool) -> None:
    """List the backups in DIR, newest first; exits 4 if one is damaged.

    It checks that all parts exist with their full length; verify reads them.
    """
    from sunshine.backups import repository
    from sunshine.commands.context import configured

    found = repository.backups(_place(configured(), folder))
    output.table(map(_row, found), as_json=as_json, columns=COLUMNS)
    if not all(kept.good for kept in found):
        click.get_current_context().exit(output.BEHIND)


@backup.command()
@PATH
@json_option
def verify(path: Path, as_json: bool) -> None:
    """Prove that the backup at PATH can be restored; exits 4 if it cannot.

    Reads every part, restores the databases next to those in use, compares every table's rows and
    content with the manifest, and drops them again.
    """
    from sunshine.backups import manifest
    from sunshine.backups.manifest import BackupError
    from sunshine.backups.restore import verify as prove
    from sunshine.commands.context import opened

    try:
        found = manifest.read(path)
        with (
            opened(migrated=False) as settings,
            output.progress("Verifying", len(found.parts) + len(found.databases)) as advance,
        ):
            wrong = prove(settings, path, found, advance)
        _record_proof(path, good=not wrong)
    except BackupError as error:
        _record_proof(path, good=False)
        raise output.CommandError(str(error), output.BEHIND) from error
    lines = [{"database": name, "difference": line} for name in wrong for line in wrong[name]]
    output.table(lines, as_json=as_json, columns=("database", "difference"))
    if lines:
        raise output.CommandError(f"{path} is not restored as it was", output.BEHIND)
    tables = sum(len(part.content.tables) for part in found.databases.values())
    output.say(f"{path} can be restored: {tables} tables and {found.files.count} files are intact.")


@backup.command()
@PATH
@click.option("--force", is_flag=True, help="Replace the databases' contents.")
@click.option("--keep-tokens", is_flag=True, help="Keep everybody signed in, for a move.")
@json_option
def restore(path: Path, force: bool, keep_tokens: bool, as_json: bool) -> None:
    """Restore the backup at PATH: all of it, or nothing.

    Stop the servers first. Without --force the databases must be missing or empty; with it, those
    in use are kept under another name. All tokens are revoked: some may have been revoked since the
    backup.
    """
    from sunshine.backups import manifest
    from sunshine.backups.restore import Order
    from sunshine.backups.restore import restore as put_back
    from sunshine.commands.context import opened, operator
    from sunshine.core import clock

    found = manifest.read(path)
    steps = len(found.parts) + len(found.databases) + found.files.count
    with opened(migrated=False) as settings, output.progress("Restoring", steps) as advance:
        order = Order(clock.now(), operator().name, force, keep_tokens)
        done = put_back(settings, path, found, order, advance)
    if as_json:
        output.document({**_shown(found), "replaced": done.replaced, "filesPut": done.files})
    who = "Everybody is still signed in" if keep_tokens else "Everybody signs in again"
    output.say(f"{found.name} is restored. {who}; start the servers.")
    _say_where_files_are(found, settings)
    for name, database in done.replaced.items():
        output.say(
            f"The previous database {name} is kept. To drop it: "
            f"sunshine db shell -c 'DROP DATABASE \"{database}\"'"
        )


@backup.command()
@click.argument("folder", metavar="[DIR]", required=False, type=click.Path(path_type=Path))
@click.option(
    "--retention", type=Retention(), default="30d", show_default=True, help="Keep younger ones."
)
@click.option("--dry-run", is_flag=True, help="Only print what would be removed.")
def prune(folder: Path | None, retention: timedelta, dry_run: bool) -> None:
    """Remove the backups in DIR that are older than the retention.

    The newest good one stays, however old, and so does anything that is not a backup.
    """
    from sunshine.backups import repository
    from sunshine.commands.context import configured
    from sunshine.core import clock

    place = _place(configured(), folder)
    with _there(place), repository.locked(place):
        old = repository.prune(place, clock.now(), retention, dry_run=dry_run)
    _say_removed(old, "Would remove" if dry_run else "Removed")
    if not old:
        output.say("Nothing is older.")


@contextmanager
def _recording_failure(place: Path) -> Iterator[None]:
    """Record an error for monitoring: a failed backup leaves nothing else behind."""
    from sunshine.backups import outcomes
    from sunshine.core import clock

    try:
        yield
    except BaseException as error:
        explained = output.explained(error) if isinstance(error, Exception) else None
        reason = explained[0][0] if explained else type(error).__name__
        outcomes.failed(place, outcomes.Failure(clock.now(), reason))
        raise


def _record_proof(path: Path, *, good: bool) -> None:
    from sunshine.backups import outcomes, repository
    from sunshine.core import clock

    path = path.absolute()
    if repository.is_name(path.name):
        outcomes.verified(path.parent, outcomes.Proof(clock.now(), path.name, good))


@contextmanager
def _there(place: Path) -> Iterator[None]:
    if not place.is_dir():
        raise output.CommandError(f"{place}: no such folder", output.NOT_FOUND)
    yield


def _place(settings: "Settings", named: Path | None) -> Path:
    place = named.absolute() if named else settings.backup_dir
    if place is None:
        raise click.UsageError("name the folder of the backups, or set BACKUP_DIR")
    return place


def _say_where_files_are(restored: "Manifest", settings: "Settings") -> None:
    """Tell the operator where files are that the backup did not contain."""
    was, now = restored.files.storage, settings.storage_url
    if restored.files.archive is None and was != now:
        output.say(f"The files were in {was}, but the servers use {now}: copy them there.")
    elif restored.files.archive is None:
        output.say(f"The files are in {was}, and were not touched.")


def _say_removed(old: "list[Kept]", what: str = "Removed") -> None:
    for kept in old:
        output.say(f"{what} {kept.folder}.")


def _row(kept: "Kept") -> dict[str, Any]:
    state = "good" if kept.good else "parts are missing" if kept.manifest else "damaged"
    shown = _shown(kept.manifest) if kept.manifest else {}
    return {"name": kept.folder.name} | {name: shown.get(name) for name in COLUMNS[1:]} | {
        "state": state
    }  # fmt: skip


def _shown(made: "Manifest") -> dict[str, Any]:
    parts = made.databases.values()
    tables = [table for part in parts for table in part.content.tables.values()]
    return {
        "name": made.name,
        "created": made.created,
        "rows": sum(table["rows"] for table in tables),
        "files": made.files.count,
        "bytes": made.bytes,
        "sunshine": made.program,
        "postgresql": max((part.server for part in parts), default=None),
    }


def _size(count: float) -> str:
    for unit in ("bytes", "KiB", "MiB", "GiB"):
        if count < 1024 or unit == "GiB":
            break
        count /= 1024
    return f"{count:.0f} {unit}" if unit == "bytes" else f"{count:.1f} {unit}"
