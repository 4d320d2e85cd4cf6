"""Periodic jobs: what is due runs, in one process at a time, and again when it failed.

What is due is worked out from the clock and the last run on record (sunshine/jobs/history.py),
never counted in memory: a server that was down does at its next start what it missed, once. The
jobs are in sunshine/modules/registry.py, their schedules in schedules.py; how to write one:
docs/jobs.md.
"""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from operator import itemgetter
from zoneinfo import ZoneInfo

import psycopg
import structlog
from tornado.ioloop import PeriodicCallback

from sunshine.core.clock import Clock
from sunshine.core.errors import Conflict, NotFound, Unavailable
from sunshine.core.principals import System
from sunshine.database.database import Databases, Transaction
from sunshine.database.statements import Row
from sunshine.jobs import history
from sunshine.jobs.history import JobLock
from sunshine.jobs.schedules import Schedule

log = structlog.get_logger("sunshine.jobs")

TICK = timedelta(seconds=30)
FIRST_RETRY, LAST_RETRY = timedelta(seconds=30), timedelta(hours=1)
# Clocks of two machines differ by less; one that was put back differs by more.
SKEW = timedelta(minutes=1)
# One that hangs would hold up all others.
LONGEST = timedelta(minutes=15)
CANCEL_SECONDS = 2.0

Counts = Mapping[str, int]


@dataclass(frozen=True)
class Job:
    """What is to be done when, as data.

    `verb` does all that is due at `tx.now` and not done yet, however many points were missed, and
    says how much of what. It runs in a transaction of each of the `databases`, one after the
    other, in the name of `system`. `after` is for what must wait for the commits, such as deleting
    files: it too does all there is to do, for the process may end before it.
    """

    name: str
    summary: str
    schedule: Schedule
    verb: Callable[[Transaction], Awaitable[Counts]]
    databases: tuple[str, ...] = ("sunshine",)
    after: Callable[[Databases, datetime], Awaitable[Counts]] | None = None


class Ticker(PeriodicCallback):
    """A PeriodicCallback that no clock holds up.

    Tornado adds to the last call's wall time: an hour back, and the next call is an hour away. Here
    each is a period from now, which the loop then measures by its monotonic clock.
    """

    def _update_next(self, current_time: float) -> None:
        self._next_timeout = current_time + self.callback_time / 1000


class Runner:
    """Runs the jobs it is handed, in their order, one after the other, beside the requests."""

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
        # For whoever watches: the last run on record of each job, and how our own runs ended.
        self.seen: dict[str, Row] = {}
        self.outcomes: Counter[tuple[str, str]] = Counter()

    def start(self) -> None:
        """Tick now and every half minute from now on; returns at once."""
        self._ticker.start()
        self._begin_tick()

    async def stop(self, seconds: float) -> None:
        """Give a job that runs so many seconds to end; then it is cancelled and rolled back."""
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
        """Run every job that is due."""
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
        """Run a job by hand, due or not, as if it were `as_of`; a dry run is taken back.

        It counts as no point of the schedule. NotFound; Conflict `busy`; whatever the job raises.
        """
        if name not in self._jobs:
            raise NotFound(f"there is no job {name}; there are: {', '.join(self._jobs)}")
        job, now = self._jobs[name], as_of or self._clock()
        async with history.turn(self._database, name) as turn:
            if turn is None:
                raise Conflict(f"{name} is running right now", code="busy")
            if dry_run:
                return await self._perform(job, now, dry_run=True)
            run = await turn.begin(by_hand=True, due_at=now, attempt=1)
            return await self._record(turn, run, job, now)

    async def standings(self) -> list[Row]:
        """Every job: when it is due, its last run (None before the first), when it will start."""
        return [await self._standing(job) for job in self._jobs.values()]

    async def _standing(self, job: Job) -> Row:
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

    def _start(self, job: Job, last: Row | None, now: datetime) -> datetime:
        """When the timetable starts a job whose last run this was: not after `now` if it is due."""
        point = job.schedule.latest(now, self._zone)
        if last is None or not point <= last["dueAt"] <= now + SKEW:
            # Never run, not since that point, or so far ahead that the clock was put back since.
            return point
        if last["status"] == "done":
            return job.schedule.following(now, self._zone)
        ended: datetime = last["finishedAt"] or last["startedAt"]
        return ended + _pause(last["attempt"]) if ended <= now + SKEW else now

    async def _run_if_due(self, job: Job) -> None:
        now = self._clock()
        last = await history.last(self._database, job.name)
        if last:
            self.seen[job.name] = last
        if self._start(job, last, now) > now:
            return
        async with history.turn(self._database, job.name) as turn:
            if turn is None:  # another process is at it
                return
            last, now = await turn.last(), self._clock()
            if self._start(job, last, now) <= now:
                await self._run_due(turn, job, last, now)

    async def _run_due(self, turn: JobLock, job: Job, last: Row | None, now: datetime) -> None:
        point = job.schedule.latest(now, self._zone)
        attempt = 1 if last is None or last["status"] == "done" else last["attempt"] + 1
        told = log.bind(job=job.name, due=point.isoformat(), attempt=attempt)
        run = await turn.begin(by_hand=False, due_at=point, attempt=attempt)
        try:
            counts = await self._record(turn, run, job, now)
        except Unavailable as error:
            self.outcomes[job.name, "failed"] += 1
            told.warning("job put off", reason=error.message)
        except Exception:
            self.outcomes[job.name, "failed"] += 1
            told.exception("job failed")
        else:
            self.outcomes[job.name, "done"] += 1
            # One that found nothing to do, every minute, is no news.
            say = told.info if any(counts.values()) else told.debug
            say("job done", result=counts)

    async def _record(self, turn: JobLock, run: int, job: Job, now: datetime) -> Counts:
        """Perform a job and record how it went; what it raises is raised on."""
        try:
            async with asyncio.timeout(LONGEST.total_seconds()):
                counts = await self._perform(job, now)
            await turn.end(run, result=counts)
        except Exception as error:
            await turn.end(run, error=_text(error))
            raise
        return counts

    async def _perform(self, job: Job, now: datetime, *, dry_run: bool = False) -> Counts:
        counts: Counter[str] = Counter()
        for name in job.databases:
            async with self._databases[name].transaction(System(), now=now) as tx:
                counts.update(await job.verb(tx))
                if dry_run:
                    raise psycopg.Rollback  # ends the transaction, and goes no further
        if job.after and not dry_run:
            counts.update(await job.after(self._databases, now))
        return dict(counts)


def _pause(attempt: int) -> timedelta:
    """Between a failed attempt and the next."""
    doubled: timedelta = FIRST_RETRY * 2 ** min(attempt - 1, 10)
    return min(doubled, LAST_RETRY)


def _text(error: Exception) -> str:
    """An error in a line or some, as PostgreSQL can hold it."""
    text = f"{type(error).__name__}: {error}".replace("\0", "")
    return text.encode(errors="replace").decode()[:2000]
