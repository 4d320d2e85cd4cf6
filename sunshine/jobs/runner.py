"""Periodic jobs: runs those that are due, each in one process at a time, and retries failed ones.

What is due follows from the clock and the last recorded run (sunshine/jobs/history.py), not from
memory: a server that was down does at its next start, once, what it missed. The jobs are
in sunshine/modules/registry.py, their schedules in schedules.py; how to write one: docs/jobs.md.
"""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from operator import itemgetter
from typing import TypedDict
from zoneinfo import ZoneInfo

import psycopg
import structlog
from tornado.ioloop import PeriodicCallback

from sunshine.core.clock import Clock
from sunshine.core.errors import Conflict, NotFound, Unavailable
from sunshine.core.principals import System
from sunshine.database.database import Databases, Transaction
from sunshine.jobs import history
from sunshine.jobs.history import JobLock, RunRow
from sunshine.jobs.schedules import Schedule

log = structlog.get_logger("sunshine.jobs")

TICK = timedelta(seconds=30)
FIRST_RETRY, LAST_RETRY = timedelta(seconds=30), timedelta(hours=1)
# Clocks of two machines differ by less; a clock that was set back differs by more.
SKEW = timedelta(minutes=1)
# A job that hangs would block all others.
LONGEST = timedelta(minutes=15)
CANCEL_SECONDS = 2.0

Counts = Mapping[str, int]


@dataclass(frozen=True)
class Job:
    """A job and its schedule, as data.

    `verb` does everything that is due at `tx.now` and not done yet, however many points in time
    were missed, and returns how much of what it did. It runs in a transaction of each of the
    `databases`, one after the other, as the actor `system`. `after` is for what must wait for the
    commits, such as deleting files: it too does everything there is to do, because the process may
    end before it.
    """

    name: str
    summary: str
    schedule: Schedule
    verb: Callable[[Transaction], Awaitable[Counts]]
    databases: tuple[str, ...] = ("sunshine",)
    after: Callable[[Databases, datetime], Awaitable[Counts]] | None = None


class JobState(TypedDict):
    """When a job is due, its last run (None before the first), and when it starts next."""

    name: str
    summary: str
    schedule: str
    lastRun: RunRow | None
    nextDue: datetime


class Ticker(PeriodicCallback):
    """A PeriodicCallback that does not depend on the wall clock.

    Tornado adds the period to the last call's wall time: after a clock is set back by an hour, the
    next call would be an hour away. Here it is a period from now, by the loop's monotonic clock.
    """

    def _update_next(self, current_time: float) -> None:
        self._next_timeout = current_time + self.callback_time / 1000


class Runner:
    """Runs jobs in order, one after the other, beside the requests."""

    def __init__(
        self, databases: Databases, jobs: Iterable[Job], clock: Clock, zone: ZoneInfo
    ) -> None:
        self._databases = databases
        self._database = databases.sunshine
        self._jobs: dict[str, Job] = {}
        for job in jobs:
            if self._jobs.setdefault(job.name, job) is not job:
                raise ValueError(f"two jobs are called {job.name}")
        self._clock = clock
        self._zone = zone
        self._ticker = Ticker(self._begin_tick, TICK)
        self._ticking: asyncio.Task[None] | None = None
        self._stopping = False
        # For metrics: the last recorded run of each job, and how the runs of this process ended.
        self.seen: dict[str, RunRow] = {}
        self.outcomes: Counter[tuple[str, str]] = Counter()

    def start(self) -> None:
        """Start ticking, now and every half minute; return at once."""
        self._ticker.start()
        self._begin_tick()

    async def stop(self, seconds: float) -> None:
        """Wait so many seconds for a running job to end, then cancel it and roll it back."""
        self._stopping = True
        self._ticker.stop()
        if self._ticking:
            await asyncio.wait([self._ticking], timeout=seconds)
            self._ticking.cancel()
            await asyncio.wait([self._ticking], timeout=CANCEL_SECONDS)

    def _begin_tick(self) -> None:
        if self._ticking is None or self._ticking.done():
            self._ticking = asyncio.create_task(self.tick())

    async def tick(self) -> None:
        """Run all jobs that are due."""
        try:
            for job in self._jobs.values():
                if not self._stopping:
                    await self._run_if_due(job)
        except (psycopg.Error, Unavailable) as error:  # the next tick will do
            log.warning("jobs put off", reason=str(error).strip())
        except Exception:
            log.exception("tick failed")

    async def run(
        self, name: str, *, as_of: datetime | None = None, dry_run: bool = False
    ) -> Counts:
        """Run a job by hand, due or not, as if it were `as_of`; a dry run is rolled back.

        It does not count as a run by schedule. NotFound; Conflict `busy`; any error of the job.
        """
        if name not in self._jobs:
            raise NotFound(f"there is no job {name}; there are: {', '.join(self._jobs)}")
        job, now = self._jobs[name], as_of or self._clock()
        async with history.lock(self._database, name) as lock:
            if lock is None:
                raise Conflict(f"{name} is running right now", code="busy")
            if dry_run:
                return await self._perform(job, now, dry_run=True)
            run = await lock.begin(by_hand=True, due_at=now, attempt=1)
            return await self._record(lock, run, job, now)

    async def states(self) -> list[JobState]:
        """Return the state of every job."""
        return [await self._state(job) for job in self._jobs.values()]

    async def _state(self, job: Job) -> JobState:
        last = await history.last(self._database, job.name)
        by_hand = await history.last(self._database, job.name, by_hand=True)
        found = [run for run in (last, by_hand) if run]
        return {
            "name": job.name,
            "summary": job.summary,
            "schedule": str(job.schedule),
            "lastRun": max(found, key=itemgetter("id"), default=None),
            "nextDue": self._start(job, last, self._clock()),
        }

    def _start(self, job: Job, last: RunRow | None, now: datetime) -> datetime:
        """Return when a job starts after its last run: not after `now` if it is due."""
        point = job.schedule.latest(now, self._zone)
        if last is None or not point <= last["dueAt"] <= now + SKEW:
            # Never run, not since that point, or so far ahead that the clock was set back since.
            return point
        if last["status"] == "done":
            return job.schedule.following(now, self._zone)
        ended = last["finishedAt"] or last["startedAt"]
        return ended + _pause(last["attempt"]) if ended <= now + SKEW else now

    async def _run_if_due(self, job: Job) -> None:
        now = self._clock()
        last = await history.last(self._database, job.name)
        if last:
            self.seen[job.name] = last
        if self._start(job, last, now) > now:
            return
        async with history.lock(self._database, job.name) as lock:
            if lock is None:  # another process runs it
                return
            last, now = await lock.last(), self._clock()
            if self._start(job, last, now) <= now:
                await self._run_due(lock, job, last, now)

    async def _run_due(self, lock: JobLock, job: Job, last: RunRow | None, now: datetime) -> None:
        point = job.schedule.latest(now, self._zone)
        attempt = 1 if last is None or last["status"] == "done" else last["attempt"] + 1
        logger = log.bind(job=job.name, due=point.isoformat(), attempt=attempt)
        run = await lock.begin(by_hand=False, due_at=point, attempt=attempt)
        try:
            counts = await self._record(lock, run, job, now)
        except Unavailable as error:
            self.outcomes[job.name, "failed"] += 1
            logger.warning("job put off", reason=error.message)
        except Exception:
            self.outcomes[job.name, "failed"] += 1
            logger.exception("job failed")
        else:
            self.outcomes[job.name, "done"] += 1
            # A run that found nothing to do is not worth a line every minute.
            report = logger.info if any(counts.values()) else logger.debug
            report("job done", result=counts)

    async def _record(self, lock: JobLock, run: int, job: Job, now: datetime) -> Counts:
        """Perform a job and record how it went; its errors are raised again."""
        try:
            async with asyncio.timeout(LONGEST.total_seconds()):
                counts = await self._perform(job, now)
            await lock.end(run, result=counts)
        except Exception as error:
            await lock.end(run, error=_text(error))
            raise
        return counts

    async def _perform(self, job: Job, now: datetime, *, dry_run: bool = False) -> Counts:
        counts: Counter[str] = Counter()
        for name in job.databases:
            async with self._databases[name].transaction(System(), now=now) as tx:
                counts.update(await job.verb(tx))
                if dry_run:
                    raise psycopg.Rollback  # ends the transaction and is not raised any further
        if job.after and not dry_run:
            counts.update(await job.after(self._databases, now))
        return dict(counts)


def _pause(attempt: int) -> timedelta:
    """Return the pause between a failed attempt and the next."""
    doubled: timedelta = FIRST_RETRY * 2 ** min(attempt - 1, 10)
    return min(doubled, LAST_RETRY)


def _text(error: Exception) -> str:
    """Return an error as text that PostgreSQL can store."""
    text = f"{type(error).__name__}: {error}".replace("\0", "")
    return text.encode(errors="replace").decode()[:2000]
