"""The recorded runs of jobs, and the lock under which a process runs one. Used by
sunshine/jobs/runner.py. Tables: models/jobs.py."""

import contextlib
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any, TypedDict, TypeVar

import psycopg
from psycopg.rows import DictRow
from sqlalchemy import BigInteger, Text, bindparam, func, insert, literal, select, update

from models.jobs import job_run
from sunshine.core.errors import Unavailable
from sunshine.database.connections import connected
from sunshine.database.database import Database
from sunshine.database.statements import IdRow, Statement

R = TypeVar("R")


class RunRow(TypedDict):
    """A run of a job; `result` has how much of what was done."""

    id: int
    byHand: bool
    dueAt: datetime
    startedAt: datetime
    finishedAt: datetime | None
    status: str
    attempt: int
    error: str | None
    result: dict[str, int] | None


class LockRow(TypedDict):
    """Whether the lock of a job was acquired."""

    locked: bool


_OF_JOB = job_run.c.job == bindparam("job")
_LAST = Statement(
    select(
        job_run.c.id, job_run.c.by_hand.label("byHand"), job_run.c.due_at.label("dueAt"),
        job_run.c.started_at.label("startedAt"), job_run.c.finished_at.label("finishedAt"),
        job_run.c.status, job_run.c.attempt, job_run.c.error, job_run.c.result,
    )
    .where(_OF_JOB, job_run.c.by_hand == bindparam("by_hand"))
    .order_by(job_run.c.id.desc())
    .limit(1),
    RunRow,
)  # fmt: skip
_KEY = func.hashtextextended(bindparam("job", type_=Text), literal(0x6A6F_6273, BigInteger))
_LOCK = Statement(select(func.pg_try_advisory_lock(_KEY).label("locked")), LockRow)
_UNLOCK = Statement(select(func.pg_advisory_unlock(_KEY)))
_ABANDON = Statement(
    update(job_run)
    .where(_OF_JOB, job_run.c.status == "running")
    .values(
        status="failed",
        finished_at=bindparam("now"),
        error="the process ended before the job did",
    )
)
_BEGIN = Statement(
    insert(job_run)
    .values(
        job=bindparam("job"),
        by_hand=bindparam("by_hand"),
        due_at=bindparam("due_at"),
        started_at=bindparam("now"),
        attempt=bindparam("attempt"),
    )
    .returning(job_run.c.id),
    IdRow,
)
_END = Statement(
    update(job_run)
    .where(job_run.c.id == bindparam("id"))
    .values(
        status=bindparam("status"),
        finished_at=bindparam("now"),
        error=bindparam("error"),
        result=bindparam("result", type_=job_run.c.result.type),
    )
)


async def last(database: Database, job: str, *, by_hand: bool = False) -> RunRow | None:
    """Return the last run of a job, by schedule or by hand."""
    return await database.one_or_none(_LAST, job=job, by_hand=by_hand)


class JobLock:
    """The lock of one job, held by one process at a time."""

    def __init__(
        self, database: Database, connection: psycopg.AsyncConnection[DictRow], job: str
    ) -> None:
        self._database = database
        self._connection = connection
        self._job = job

    async def last(self) -> RunRow | None:
        """Return the last run by schedule, which may have ended just before this lock began."""
        return await self._ask(_LAST, by_hand=False)

    async def begin(self, *, by_hand: bool, due_at: datetime, attempt: int) -> int:
        """Record that the job begins and return the id of the run."""
        await self._ask(_ABANDON)  # a run left unfinished: its process no longer holds the lock
        row = await self._ask(_BEGIN, by_hand=by_hand, due_at=due_at, attempt=attempt)
        assert row  # noqa: S101 - tells mypy
        return row["id"]

    async def end(
        self, run: int, *, result: Mapping[str, int] | None = None, error: str | None = None
    ) -> None:
        """Record that the run is done, or why it failed."""
        status = "done" if error is None else "failed"
        await self._ask(_END, id=run, status=status, result=result, error=error)

    async def _ask(self, statement: Statement[R], **values: Any) -> R | None:
        values |= {"job": self._job, "now": self._database.clock()}
        cursor = await self._database.execute(self._connection, statement, values)
        return await cursor.fetchone() if cursor.description else None


@asynccontextmanager
async def lock(database: Database, job: str) -> AsyncIterator[JobLock | None]:
    """Hold the lock of a job for a block; None where another process holds it.

    The lock is on a connection of its own, outside the pool: it ends with the process.
    """
    async with await connected(database.settings, "sunshine job") as connection:
        job_lock = JobLock(database, connection, job)
        row = await job_lock._ask(_LOCK)
        if not (row and row["locked"]):
            yield None
            return
        try:
            yield job_lock
        finally:
            with contextlib.suppress(psycopg.Error, Unavailable):  # then it has ended anyway
                await job_lock._ask(_UNLOCK)
