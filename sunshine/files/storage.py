"""Where files are: in `static` for good, in `temp` until they are fetched or named by a row.

Below DIR on the local disk (local.py), or below STORAGE_URL in S3 (s3.py). A place is such as
`static/employee/photo.jpg`; a file is written once, under a name that nobody can guess, and never
changed. Files along with the rows that name them: sunshine/files/attachments.py.
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
    """An open file: whoever opened it closes it."""

    @property
    def size(self) -> int:
        """Bytes."""
        ...

    @property
    def modified(self) -> int:
        """Seconds since the epoch."""
        ...

    def chunks(self, begin: int, end: int) -> AsyncIterator[bytes | memoryview]:
        """The bytes from `begin` to before `end`, in pieces; one lasts until the next is asked."""
        ...

    def close(self) -> None: ...


@dataclass(frozen=True, slots=True)
class Found:
    """A file as a listing tells of it."""

    place: str
    size: int
    modified: datetime


class Storage(Protocol):
    """The files. What is written is durable when the method returns; StorageFull where there is no
    room left. NotFound for what is no file. `parts` is a folder of this machine where files are
    written that are on their way here."""

    parts: Path

    async def write(self, place: str, content: bytes) -> None:
        """A new file of these bytes."""
        ...

    async def take(self, part: Path, place: str) -> None:
        """Make a file of `parts`, which must be written to the disk, a new file here."""
        ...

    async def copy(self, place: str, to: str) -> None:
        """A new file of the bytes of another one."""
        ...

    async def open(self, place: str) -> Stored: ...

    async def remove(self, place: str) -> None:
        """Remove a file; one that is gone already is fine."""
        ...

    def files(self, area: str) -> AsyncIterator[Found]:
        """Every file of `static` or `temp`."""
        ...

    async def sweep(self, before: datetime) -> int:
        """Remove what was begun before then and never ended; how many files."""
        ...


def remove_parts(top: Path, before: datetime) -> int:
    """Remove the part files below a folder that nobody has written to since; how many."""
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
    """StorageFull instead of the system's word for it."""
    try:
        yield
    except OSError as error:
        if is_full(error):
            raise StorageFull from error
        raise


def is_full(error: BaseException | None) -> bool:
    """Whether this is the system's word for a disk, or a quota, that has no room left."""
    return isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT)
