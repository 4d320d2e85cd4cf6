"""The directory of the backups, each in a folder of its own.

One process at a time adds or removes backups. Anything in it that is not a backup of ours is left
alone.
"""

import fcntl
import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from sunshine.backups import manifest
from sunshine.backups.manifest import BackupError, Manifest, one_line_errors

_NAME = re.compile(r"sunshine-\d{8}T\d{6}Z")
_PART = re.compile(r"\.sunshine-\d{8}T\d{6}Z\.(part|old)")


@dataclass(frozen=True)
class Kept:
    """A backup in the directory.

    `manifest` is None if it is damaged; `whole`: all its parts exist.
    """

    folder: Path
    manifest: Manifest | None
    whole: bool

    @property
    def good(self) -> bool:
        return self.manifest is not None and self.whole


def name_at(now: datetime) -> str:
    """Return the name of a backup created at this instant."""
    return f"sunshine-{now:%Y%m%dT%H%M%SZ}"


def is_name(name: str) -> bool:
    """Return whether a name is that of a backup."""
    return _NAME.fullmatch(name) is not None


@contextmanager
def locked(shelf: Path) -> Iterator[None]:
    """Lock the directory against other processes; BackupError at once if another one has the lock.

    The process with the lock removes what a killed process left.
    """
    with one_line_errors(shelf):
        shelf.mkdir(mode=0o700, parents=True, exist_ok=True)
        handle = os.open(shelf / ".lock", os.O_CREAT | os.O_RDWR, 0o600)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise BackupError(f"another backup is being made or pruned in {shelf}") from None
        for left in shelf.iterdir():
            if _PART.fullmatch(left.name):
                shutil.rmtree(left)
        yield
    finally:
        os.close(handle)


@contextmanager
def added(shelf: Path, name: str) -> Iterator[Path]:
    """Yield a folder to fill; it becomes a backup if the block succeeds, otherwise it is
    removed."""
    with one_line_errors(shelf):
        if (shelf / name).exists():
            raise BackupError(f"{shelf / name} is there already")
        part = shelf / f".{name}.part"
        part.mkdir(mode=0o700)
        try:
            yield part
            sync(part)
            part.rename(shelf / name)
        except BaseException:
            shutil.rmtree(part, ignore_errors=True)
            raise
        sync(shelf)


def names(shelf: Path) -> list[Path]:
    """Return the folders of the backups in the directory, newest first."""
    with one_line_errors(shelf):
        found = [path for path in shelf.iterdir() if _NAME.fullmatch(path.name) and path.is_dir()]
    return sorted(found, reverse=True)


def backups(shelf: Path) -> list[Kept]:
    """Return the backups in the directory, newest first."""
    return [_kept(folder) for folder in names(shelf)]


def newest(shelf: Path) -> Manifest | None:
    """Return the newest good one."""
    return next((kept.manifest for kept in map(_kept, names(shelf)) if kept.good), None)


def prune(shelf: Path, now: datetime, retention: timedelta, *, dry_run: bool = False) -> list[Kept]:
    """Remove backups older than the retention, but never the newest good one; return the removed
    ones.

    Needs `locked`. Without a good backup nothing is removed: the damaged ones are all there is.
    """
    kept = backups(shelf)
    newest = next((backup for backup in kept if backup.good), None)
    old = [
        backup
        for backup in kept
        if newest and backup is not newest and backup.manifest
        and backup.manifest.created < now - retention
    ]  # fmt: skip
    with one_line_errors(shelf):
        for backup in old if not dry_run else ():
            # Renamed first: a half-removed one must not look like a backup.
            gone = shelf / f".{backup.folder.name}.old"
            backup.folder.rename(gone)
            shutil.rmtree(gone)
    return old


def sync(folder: Path) -> None:
    """Make renamed or created entries of a folder survive a power failure."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _kept(folder: Path) -> Kept:
    try:
        found = manifest.read(folder)
    except BackupError:
        return Kept(folder, None, False)
    return Kept(folder, found, manifest.is_whole(folder, found))
