"""Where files are: in `static` for good, in `temp` until they are fetched or named by a row.

Below DIR on the local disk, or below STORAGE_URL in S3 (sunshine/files/s3.py). A place is such as
`static/employee/photo.jpg`; a file is written once, under a name that nobody can guess, and never
changed. Files along with the rows that name them: sunshine/files/attachments.py.
"""

import asyncio
import errno
import os
import secrets
import shutil
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO, Protocol

from sunshine.core.errors import NotFound, StorageFull
from sunshine.core.settings import Settings

STATIC = "static"
TEMP = "temp"
PART = ".part"
CHUNK = 256 * 1024  # bytes
_NOWAIT: int | None = getattr(os, "RWF_NOWAIT", None)  # Linux


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


def storage_of(settings: Settings) -> Storage:
    """The storage that is configured."""
    if settings.storage_url:
        from sunshine.files.s3 import S3Storage  # takes its time to import

        return S3Storage.configured(settings)
    return LocalStorage(settings.directory)


class LocalFile:
    """A file of the local disk: what is in memory already is read at once, the rest in a thread."""

    def __init__(self, stream: BinaryIO) -> None:
        found = os.fstat(stream.fileno())
        self._stream = stream
        self.size = found.st_size
        self.modified = int(found.st_mtime)

    async def chunks(self, begin: int, end: int) -> AsyncIterator[memoryview]:
        """As Stored."""
        # One buffer for all: a large file costs no more than a small one.
        buffer = memoryview(bytearray(min(CHUNK, end - begin)))
        while begin < end:
            piece = buffer[: end - begin]
            size = self._at_hand(piece, begin) or await asyncio.to_thread(self._read, piece, begin)
            if not size:
                raise OSError(f"{self._stream.name} ends early")
            yield piece[:size]
            begin += size

    def _at_hand(self, piece: memoryview, begin: int) -> int:
        """How much was read without waiting for the disk; a thread costs more than the copy."""
        if _NOWAIT is None:
            return 0
        try:
            return os.preadv(self._stream.fileno(), [piece], begin, _NOWAIT)
        except OSError:  # not in memory, or a file system that cannot tell
            return 0

    def _read(self, piece: memoryview, begin: int) -> int:
        return os.preadv(self._stream.fileno(), [piece], begin)

    def close(self) -> None:
        """As Stored."""
        self._stream.close()


class LocalStorage:
    """The folders `static` and `temp` below one folder. Its methods work in a thread."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self.parts = root / TEMP

    async def write(self, place: str, content: bytes) -> None:
        """As Storage."""
        await asyncio.to_thread(self._write, place, content)

    async def take(self, part: Path, place: str) -> None:
        """As Storage."""
        await asyncio.to_thread(self._take, part, place)

    async def copy(self, place: str, to: str) -> None:
        """As Storage."""
        await asyncio.to_thread(self._copy, place, to)

    async def open(self, place: str) -> Stored:
        """As Storage; only what is reached without links below `static` and `temp`."""
        return await asyncio.to_thread(self._open, place)

    async def remove(self, place: str) -> None:
        """As Storage."""
        await asyncio.to_thread((self._root / place).unlink, missing_ok=True)

    async def files(self, area: str) -> AsyncIterator[Found]:
        """As Storage."""
        for found in await asyncio.to_thread(self._files, area):
            yield found

    async def sweep(self, before: datetime) -> int:
        """As Storage."""
        areas = (self._root / STATIC, self._root / TEMP)
        return sum([await asyncio.to_thread(remove_parts, area, before) for area in areas])

    def _write(self, place: str, content: bytes) -> None:
        with on_full_disk(), self._new(place) as part, part.open("xb") as stream:
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())

    def _take(self, part: Path, place: str) -> None:
        with on_full_disk(), self._new(place, part):
            pass

    def _copy(self, place: str, to: str) -> None:
        source = self._file(place)
        if not source.is_file():
            raise NotFound
        with on_full_disk(), self._new(to) as part:
            try:
                os.link(source, part)  # the same bytes under another name: it takes no room
            except OSError:  # on another disk, or one that knows no links
                shutil.copyfile(source, part)
                _sync(part)

    @contextmanager
    def _new(self, place: str, part: Path | None = None) -> Iterator[Path]:
        """A part file that becomes a new file, or nothing."""
        file = self._file(place)
        is_new = not file.parent.exists()
        file.parent.mkdir(parents=True, exist_ok=True)
        part = part or file.with_name(f".{secrets.token_hex(16)}{PART}")
        try:
            yield part
            part.rename(file)
        except BaseException:
            part.unlink(missing_ok=True)
            raise
        depth = len(file.parent.relative_to(self._root).parts)
        for changed in (file.parent, *(file.parents[1 : depth + 1] if is_new else ())):
            _sync(changed)

    def _open(self, place: str) -> Stored:
        area, *parts = place.split("/")
        if any(part.startswith(".") or part == "" or "\\" in part for part in parts):
            raise NotFound
        if area in (STATIC, TEMP) and parts:
            file = (self._root / area).resolve().joinpath(*parts)
            with suppress(OSError):
                if file.resolve() == file and file.is_file():
                    return LocalFile(file.open("rb"))
        raise NotFound

    def _files(self, area: str) -> list[Found]:
        found = []
        top = self._root / area
        for folder, _, names in os.walk(top):
            for name in names:
                file = Path(folder, name)
                if name.startswith("."):
                    continue
                with suppress(FileNotFoundError):  # it may go meanwhile
                    at = file.lstat()
                    place = f"{area}/{file.relative_to(top).as_posix()}"
                    modified = datetime.fromtimestamp(at.st_mtime, UTC)
                    found.append(Found(place, at.st_size, modified))
        return sorted(found, key=lambda file: file.place)

    def _file(self, place: str) -> Path:
        return self._root / place


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


def _sync(path: Path) -> None:
    """Make a file's bytes, or what was renamed or made in a folder, survive a power cut."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
