"""How the backups are doing, for /metrics and `doctor`: read from their folder, off the loop."""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from sunshine.backups import outcomes, repository
from sunshine.backups.manifest import BackupError, Manifest
from sunshine.backups.outcomes import Failure, Proof

FRESH = 60.0  # seconds
PATIENCE = 1.0  # seconds for a folder that may be another machine's


@dataclass(frozen=True)
class Standing:
    """The newest good one, how many there are, the last failure, the last proof. `trouble` is why
    the folder cannot be read."""

    newest: Manifest | None = None
    kept: int = 0
    failure: Failure | None = None
    proof: Proof | None = None
    trouble: str | None = None

    @property
    def failing(self) -> bool:
        """Whether the last try to make one came to nothing."""
        made = self.newest
        return self.failure is not None and (made is None or self.failure.at > made.created)


def standing(place: Path) -> Standing:
    """As the folder is now."""
    try:
        kept = repository.names(place)
        newest = repository.newest(place)
    except BackupError as error:
        return Standing(trouble=str(error))
    return Standing(newest, len(kept), outcomes.last_failure(place), outcomes.last_proof(place))


class BackupWatch:
    """Knows the standing of a minute ago at most, or of when the folder answered last."""

    def __init__(self, place: Path | None, now: Callable[[], float] = time.monotonic) -> None:
        self._place = place
        self._now = now
        self._looking: asyncio.Task[Standing] | None = None
        self._looked: float | None = None
        self.standing: Standing | None = None

    async def look(self) -> None:
        """Learn how they are doing, unless that is known."""
        fresh = self._looked is not None and self._now() - self._looked < FRESH
        if self._place is None or fresh:
            return
        # A folder that hangs keeps its thread: one of ours at a time is enough.
        if self._looking is None:
            self._looking = asyncio.create_task(asyncio.to_thread(standing, self._place))
        done, _ = await asyncio.wait({self._looking}, timeout=PATIENCE)
        if done:
            self.standing, self._looking = self._looking.result(), None
            self._looked = self._now()
        else:
            self.standing = Standing(trouble="it does not answer")
