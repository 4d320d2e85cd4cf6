"""Whether there is room for what is written: on the disk of DIR, and in what has just refused."""

import asyncio
import os
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

NEEDED = 10 * 2**20  # bytes: the largest file that may come
REMEMBERED = 30.0  # seconds: a quota, or another machine's disk, tells of itself by refusing only
PATIENCE = 0.5  # seconds for a file system that may be away


class Room:
    """Looks at the disk below a folder, and remembers where there was none."""

    def __init__(self, folder: Path, now: Callable[[], float] = time.monotonic) -> None:
        self._folder = folder
        self._now = now
        self._refused: dict[str, float] = {}
        self._looking: asyncio.Task[int | None] | None = None

    def ran_out(self, where: str) -> None:
        """There was none there a moment ago."""
        self._refused[where] = self._now()

    async def lacking(self) -> set[str]:
        """Where there is none: `storage`, or a database by its name."""
        since = self._now() - REMEMBERED
        found = {where for where, at in self._refused.items() if at > since}
        free = await self.free()
        return found | {"storage"} if free is not None and free < NEEDED else found

    async def free(self) -> int | None:
        """Bytes on the disk of the folder; None where that is not known soon enough."""
        # A file system that hangs keeps its thread: one of ours at a time is enough.
        if self._looking is None or self._looking.done():
            self._looking = asyncio.create_task(asyncio.to_thread(_free, self._folder))
        looking = self._looking  # another caller may have begun the next one by then
        done, _ = await asyncio.wait({looking}, timeout=PATIENCE)
        return looking.result() if done else None


def _free(folder: Path) -> int | None:
    while not folder.exists() and folder != folder.parent:  # the server makes it
        folder = folder.parent
    with suppress(OSError):
        found = os.statvfs(folder)
        # Where there are no more names, bytes are of no use.
        return found.f_bavail * found.f_frsize if found.f_favail or not found.f_files else 0
    return None
