"""Files on the local disk, below DIR. See sunshine/files/storage.py."""

import asyncio
import os
import secrets
import shutil
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO

from sunshine.core.errors import NotFound
from sunshine.files.storage import (
    CHUNK,
    PART,
    STATIC,
    TEMP,
    Found,
    Stored,
    on_full_disk,
    remove_parts,
)

_NOWAIT: int | None = getattr(os, "RWF_NOWAIT", None)  # Linux


class LocalFile:
    """A file of the local disk: cached pages are read at once, the rest in a thread."""

    def __init__(self, stream: BinaryIO) -> None:
        found = os.fstat(stream.fileno())
        self._stream = stream
        self.size = found.st_size
        self.modified = int(found.st_mtime)

    async def chunks(self, begin: int, end: int) -> AsyncIterator[memoryview]:
        """Implement Stored."""
        # One buffer for all pieces, so that a large file costs no more memory than a small one.
        buffer = memoryview(bytearray(min(CHUNK, end - begin)))
        while begin < end:
            piece = buffer[: end - begin]
            size = self._read_cached(piece, begin) or await asyncio.to_thread(
                self._read, piece, begin
            )
            if not size:
                raise OSError(f"{self._stream.name} ends early")
            yield piece[:size]
            begin += size

    def _read_cached(self, piece: memoryview, begin: int) -> int:
        """Read what is cached and return how much; a thread costs more than the copy."""
        if _NOWAIT is None:
            return 0
        try:
            return os.preadv(self._stream.fileno(), [piece], begin, _NOWAIT)
        except OSError:  # not cached, or not supported by the file system
            return 0

    def _read(self, piece: memoryview, begin: int) -> int:
        return os.preadv(self._stream.fileno(), [piece], begin)

    def close(self) -> None:
        """Implement Stored."""
        self._stream.close()


class LocalStorage:
    """The folders `static` and `temp` below one folder. Its methods work in a thread."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self.parts = root / TEMP

    async def write(self, place: str, content: bytes) -> None:
        """Implement Storage."""
        await asyncio.to_thread(self._write, place, content)

    async def take(self, part: Path, place: str) -> None:
        """Implement Storage."""
        await asyncio.to_thread(self._take, part, place)

    async def copy(self, place: str, to: str) -> None:
        """Implement Storage."""
        await asyncio.to_thread(self._copy, place, to)

    async def open(self, place: str) -> Stored:
        """Implement Storage; only files reached without links below `static` and `temp`."""
        return await asyncio.to_thread(self._open, place)

    async def remove(self, place: str) -> None:
        """Implement Storage."""
        await asyncio.to_thread((self._root / place).unlink, missing_ok=True)

    async def files(self, area: str) -> AsyncIterator[Found]:
        """Implement Storage."""
        for found in await asyncio.to_thread(self._files, area):
            yield found

    async def sweep(self, before: datetime) -> int:
        """Implement Storage."""
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
                os.link(source, part)  # the same bytes under another name, which takes no space
            except OSError:  # on another disk, or one without links
                shutil.copyfile(source, part)
                _sync(part)

    @contextmanager
    def _new(self, place: str, part: Path | None = None) -> Iterator[Path]:
        """Yield a part file that becomes a new file, or is removed on an error."""
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
                with suppress(FileNotFoundError):  # it may be removed meanwhile
                    at = file.lstat()
                    place = f"{area}/{file.relative_to(top).as_posix()}"
                    modified = datetime.fromtimestamp(at.st_mtime, UTC)
                    found.append(Found(place, at.st_size, modified))
        return sorted(found, key=lambda file: file.place)

    def _file(self, place: str) -> Path:
        return self._root / place


def _sync(path: Path) -> None:
    """Make the bytes of a file, or the entries of a folder, survive a power cut."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
