"""The folder in which backups are kept, each a folder of its own; one process at a time adds or
removes. What is no backup of ours in it is left alone."""

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
from sunshine.backups.manifest import BackupError, Manifest, plainly

_NAME = re.compile(r"sunshine-\d{8}T\d{6}Z")
_PART = re.compile(r"\.sunshine-\d{8}T\d{6}Z\.(part|old)")


@dataclass(frozen=True)
class Kept:
    """A backup on the shelf. `manifest` is None where it is damaged; whole: its parts are there."""

    folder: Path
    manifest: Manifest | None
    whole: bool

    @property
    def good(self) -> bool:
        return self.manifest is not None and self.whole


def name_at(now: datetime) -> str:
    """What a backup of this instant is called."""
    return f"sunshine-{now:%Y%m%dT%H%M%SZ}"


def is_name(name: str) -> bool:
    """Whether a backup of ours is called so."""
    return _NAME.fullmatch(name) is not None


@contextmanager
def locked(shelf: Path) -> Iterator[None]:
    """One process at a time; BackupError at once while another is at it.

    Whoever holds the lock finds what a killed process left, and removes it.
    """
    with plainly(shelf):
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
    """A folder to fill: a backup once the block has ended well, and nothing otherwise."""
    with plainly(shelf):
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
    """The folders of backups on the shelf, the newest first."""
    with plainly(shelf):
        found = [path for path in shelf.iterdir() if _NAME.fullmatch(path.name) and path.is_dir()]
    return sorted(found, reverse=True)


def backups(shelf: Path) -> list[Kept]:
    """What is on the shelf, the newest first."""
    return [_kept(folder) for folder in names(shelf)]


def newest(shelf: Path) -> Manifest | None:
    """The newest good one."""
    return next((kept.manifest for kept in map(_kept, names(shelf)) if kept.good), None)


def prune(shelf: Path, now: datetime, retention: timedelta, *, dry_run: bool = False) -> list[Kept]:
    """Remove what is older than the retention, and never the newest good one; what was removed.

    Under `locked`. Without a good one nothing is removed: then what is left is all there is.
    """
    kept = backups(shelf)
    newest = next((backup for backup in kept if backup.good), None)
    old = [
        backup
        for backup in kept
        if newest and backup is not newest and backup.manifest
        and backup.manifest.created < now - retention
    ]  # fmt: skip
    with plainly(shelf):
        for backup in old if not dry_run else ():
            # Renamed first: a half removed one must not look like a backup.
            gone = shelf / f".{backup.folder.name}.old"
            backup.folder.rename(gone)
            shutil.rmtree(gone)
    return old


def sync(folder: Path) -> None:
    """Make what was renamed or made in a folder survive a power cut."""
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
