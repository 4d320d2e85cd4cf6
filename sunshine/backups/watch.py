"""The state of the backups, for /metrics and `doctor`: read from their directory, off the event
loop."""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from sunshine.backups import outcomes, repository
from sunshine.backups.manifest import BackupError, Manifest
from sunshine.backups.outcomes import Failure, Proof

FRESH = 60.0  # seconds
PATIENCE = 1.0  # seconds for a folder that may be on another machine


@dataclass(frozen=True)
class Standing:
    """The newest good backup, the number of backups, the last failure, the last verification.

    `trouble` is why the directory cannot be read.
    """

    newest: Manifest | None = None
    kept: int = 0
    failure: Failure | None = None
    proof: Proof | None = None
    trouble: str | None = None

    @property
    def failing(self) -> bool:
        """Return whether the last attempt to create one failed."""
        made = self.newest
        return self.failure is not None and (made is None or self.failure.at > made.created)


def standing(place: Path) -> Standing:
    """Return the current state of the directory."""
    try:
        kept = repository.names(place)
        newest = repository.newest(place)
    except BackupError as error:
        return Standing(trouble=str(error))
    return Standing(newest, len(kept), outcomes.last_failure(place), outcomes.last_proof(place))


class BackupWatch:
    """Caches the state for a minute, or since the directory last responded."""

    def __init__(self, place: Path | None, now: Callable[[], float] = time.monotonic) -> None:
        self._place = place
        self._now = now
        self._looking: asyncio.Task[Standing] | None = None
        self._looked: float | None = None
        self.standing: Standing | None = None

    async def look(self) -> None:
        """Update the state unless it is fresh."""
        fresh = self._looked is not None and self._now() - self._looked < FRESH
        if self._place is None or fresh:
            return
        # A folder that hangs blocks its thread, so at most one of ours looks at a time.
        if self._looking is None:
            self._looking = asyncio.create_task(asyncio.to_thread(standing, self._place))
        done, _ = await asyncio.wait({self._looking}, timeout=PATIENCE)
        if done:
            self.standing, self._looking = self._looking.result(), None
            self._looked = self._now()
        else:
            self.standing = Standing(trouble="it does not answer")
