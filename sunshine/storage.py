"""Files that stay: under DIR/static, on the local disk. Served by handlers/files.py.

Rows hold a file's path relative to that folder. A file is written once, under a name that nobody
can guess, and never changed.
"""

import asyncio
import os
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from sunshine.errors import NotFound, Problem, Unavailable


@dataclass(frozen=True, slots=True)
class Stored:
    """An open file: whoever opened it closes it. `modified` in seconds since the epoch."""

    stream: BinaryIO
    size: int
    modified: int


class Storage:
    """The files below one folder. Its methods work in a thread."""

    def __init__(self, root: Path) -> None:
        self._root = root

    async def keep(self, folder: str, content: bytes, suffix: str) -> str:
        """Store bytes as a new file of a folder, which is made if it is missing; its path.

        When this returns the file survives a power cut.
        """
        name = f"{secrets.token_hex(16)}.{suffix}"
        await asyncio.to_thread(self._write, self._root / folder, name, content)
        return f"{folder}/{name}"

    async def remove(self, path: str) -> None:
        """Remove a file; one that is gone already is fine."""
        file = self._root / path
        await asyncio.to_thread(file.unlink, missing_ok=True)

    async def open(self, path: str) -> Stored:
        """Open a file. NotFound for anything but a regular file here, reached without links."""
        return await asyncio.to_thread(self._open, path)

    @asynccontextmanager
    async def change(self) -> AsyncIterator["Change"]:
        """Keep files along with the rows that name them: around the transaction.

        Where that is refused, they are removed. Where nobody can tell whether it was committed they
        stay: a file without a row costs space, a row without its file is a loss.
        """
        change = Change(self)
        try:
            yield change
        except Unavailable:
            raise
        except Problem:
            for path in change.kept:
                await self.remove(path)
            raise

    def _write(self, folder: Path, name: str, content: bytes) -> None:
        is_new = not folder.exists()
        folder.mkdir(parents=True, exist_ok=True)
        part = folder / f".{name}.part"
        try:
            with part.open("xb") as stream:
                stream.write(content)
                stream.flush()
                os.fsync(stream.fileno())
            part.rename(folder / name)
        except BaseException:
            part.unlink(missing_ok=True)
            raise
        above = folder.parents[: len(folder.relative_to(self._root).parts)] if is_new else ()
        for changed in (folder, *above):
            _sync(changed)

    def _open(self, path: str) -> Stored:
        parts = path.split("/")
        if any(part.startswith(".") or part == "" or "\\" in part for part in parts):
            raise NotFound
        file = self._root.resolve().joinpath(*parts)
        with suppress(OSError):
            if file.resolve() == file and file.is_file():
                stream = file.open("rb")
                found = os.fstat(stream.fileno())
                return Stored(stream, found.st_size, int(found.st_mtime))
        raise NotFound


class Change:
    """Files that are kept if the change they belong to is made."""

    def __init__(self, storage: Storage) -> None:
        self._storage = storage
        self.kept: list[str] = []

    async def keep(self, folder: str, content: bytes, suffix: str) -> str:
        """As Storage.keep."""
        path = await self._storage.keep(folder, content, suffix)
        self.kept.append(path)
        return path


def _sync(folder: Path) -> None:
    """Make what was renamed or made in a folder survive a power cut."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
