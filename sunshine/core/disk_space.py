"""Whether there is enough free space: on the disk of DIR, and wherever a write just failed."""

import asyncio
import os
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

NEEDED = 10 * 2**20  # bytes: the largest upload
REMEMBERED = 30.0  # seconds: a quota or a remote disk shows only by refused writes
PATIENCE = 0.5  # seconds to wait for a file system that may be unreachable


class Room:
    """Watches the free space below a folder and remembers where writes failed for lack of space."""

    def __init__(self, folder: Path, now: Callable[[], float] = time.monotonic) -> None:
        self._folder = folder
        self._now = now
        self._refused: dict[str, float] = {}
        self._looking: asyncio.Task[int | None] | None = None

    def ran_out(self, where: str) -> None:
        """Record that a write to `where` has just failed for lack of space."""
        self._refused[where] = self._now()

    async def lacking(self) -> set[str]:
        """Return the places without space: `storage`, or the name of a database."""
        since = self._now() - REMEMBERED
        found = {where for where, at in self._refused.items() if at > since}
        free = await self.free()
        return found | {"storage"} if free is not None and free < NEEDED else found

    async def free(self) -> int | None:
        """Return the free bytes on the folder's disk; None if that is not known within PATIENCE."""
        # A file system that hangs blocks its thread, so at most one of ours looks at a time.
        if self._looking is None or self._looking.done():
            self._looking = asyncio.create_task(asyncio.to_thread(_free, self._folder))
        looking = self._looking  # another caller may have started the next one by then
        done, _ = await asyncio.wait({looking}, timeout=PATIENCE)
        return looking.result() if done else None


def _free(folder: Path) -> int | None:
    while not folder.exists() and folder != folder.parent:  # the server creates it
        folder = folder.parent
    with suppress(OSError):
        found = os.statvfs(folder)
        # Without free inodes, free bytes are of no use.
        return found.f_bavail * found.f_frsize if found.f_favail or not found.f_files else 0
    return None
