"""Storage of files: `static` for good, `temp` until they are fetched or named by a row.

Below DIR on the local disk (local.py), or below STORAGE_URL in S3 (s3.py). A place is a path, such
as `static/employee/photo.jpg`; a file is written once, under a name that nobody can guess, and
never changed. Files along with the rows that name them: sunshine/files/attachments.py.
"""

import errno
import os
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Protocol

from sunshine.core.errors import StorageFull

STATIC = "static"
TEMP = "temp"
PART = ".part"
CHUNK = 256 * 1024  # bytes


class Stored(Protocol):
    """An open file; the code that opened it must close it."""

    @property
    def size(self) -> int:
        """Bytes."""
        ...

    @property
    def modified(self) -> int:
        """Seconds since the epoch."""
        ...

    def chunks(self, begin: int, end: int) -> AsyncIterator[bytes | memoryview]:
        """Iterate over the bytes from `begin` to before `end`; a piece is valid until the next."""
        ...

    def close(self) -> None: ...


@dataclass(frozen=True, slots=True)
class Found:
    """A file in a listing."""

    place: str
    size: int
    modified: datetime


class Storage(Protocol):
    """A storage of files.

    A written file is durable when the method returns; StorageFull where there is no room left.
    NotFound where there is no file. `parts` is a folder of this machine for incomplete files.
    """

    parts: Path

    async def write(self, place: str, content: bytes) -> None:
        """Write a new file."""
        ...

    async def take(self, part: Path, place: str) -> None:
        """Move a file of `parts`, which must be flushed to the disk, to a new place."""
        ...

    async def copy(self, place: str, to: str) -> None:
        """Copy a file to a new place."""
        ...

    async def open(self, place: str) -> Stored: ...

    async def remove(self, place: str) -> None:
        """Remove a file; a missing one is not an error."""
        ...

    def files(self, area: str) -> AsyncIterator[Found]:
        """Iterate over all files of `static` or `temp`."""
        ...

    async def sweep(self, before: datetime) -> int:
        """Remove files begun before then and never completed; return how many."""
        ...


def remove_parts(top: Path, before: datetime) -> int:
    """Remove the part files below a folder that were last written before then; return how many."""
    removed = 0
    for folder, _, names in os.walk(top):
        for name in names:
            file = Path(folder, name)
            with suppress(FileNotFoundError):
                if name.endswith(PART) and file.lstat().st_mtime < before.timestamp():
                    file.unlink()
                    removed += 1
    return removed


@contextmanager
def on_full_disk() -> Iterator[None]:
    """Raise StorageFull instead of the system's error for a full disk."""
    try:
        yield
    except OSError as error:
        if is_full(error):
            raise StorageFull from error
        raise


def is_full(error: BaseException | None) -> bool:
    """Return whether it is the system's error for a full disk or quota."""
    return isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT)
