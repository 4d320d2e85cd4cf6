"""An incoming file: written piece by piece in a thread, hashed as it arrives. See storage.py."""

import asyncio
import hashlib
import os
import secrets
from collections.abc import Iterable
from pathlib import Path

from sunshine.files.storage import PART, on_full_disk
from sunshine.files.types import HEAD


class Part:
    """A part file, which its creator moves to a storage when it is finished, or drops."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / f".{secrets.token_hex(16)}{PART}"
        self.size = 0
        self.head = b""
        self._hash = hashlib.sha256()
        self._lock = asyncio.Lock()
        self._handle = -1
        self._dropped = False

    @property
    def sha256(self) -> str:
        """The hash of what was written."""
        return self._hash.hexdigest()

    async def write(self, pieces: Iterable[memoryview]) -> None:
        """Append pieces; StorageFull where there is no room."""
        async with self._lock:
            if not self._dropped:
                await asyncio.to_thread(self._write, pieces)

    async def finish(self) -> None:
        """Flush the file to the disk."""
        async with self._lock:
            await asyncio.to_thread(self._finish)

    async def drop(self) -> None:
        """Remove the file, unless it was moved to a storage."""
        async with self._lock:
            self._dropped = True
            await asyncio.to_thread(self._drop)

    def _write(self, pieces: Iterable[memoryview]) -> None:
        with on_full_disk():
            if self._handle < 0:
                self._handle = os.open(self.path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o666)
            for piece in pieces:
                self._hash.update(piece)
                if len(self.head) < HEAD:
                    self.head += bytes(piece[: HEAD - len(self.head)])
                self.size += len(piece)
                while piece:
                    piece = piece[os.write(self._handle, piece) :]

    def _finish(self) -> None:
        self._write(())  # an empty file is one too
        with on_full_disk():
            os.fsync(self._handle)
        self._close()

    def _drop(self) -> None:
        self._close()
        self.path.unlink(missing_ok=True)

    def _close(self) -> None:
        if self._handle >= 0:
            os.close(self._handle)
            self._handle = -1
