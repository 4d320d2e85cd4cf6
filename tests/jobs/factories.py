"""What the tests of jobs share: a job that leaves a trace, servers with jobs, what is on record."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

from tornado.testing import bind_unused_port

import server
from sunshine.database.database import Transaction
from sunshine.jobs.runner import Job, Runner
from sunshine.jobs.schedules import Every
from tests.api import Api
from tests.conftest import Now

RUNS = "SELECT * FROM job_run ORDER BY id"


async def note(tx: Transaction) -> dict[str, int]:
    """Does its work each time it is asked to, so that once too often is seen."""
    await tx.record("noted", "thing", None)
    return {"notes": 1}


def job(
    name: str = "work",
    verb: Callable[[Transaction], Awaitable[dict[str, int]]] = note,
    schedule: Any = None,
    **more: Any,
) -> Job:
    """One that is due every hour."""
    return Job(name, "For a test", schedule or Every(60), verb, **more)


class Broken:
    """A verb that leaves half of its work and raises, until it is mended."""

    def __init__(self, error: Exception | None = None) -> None:
        self.error: Exception | None = error or ValueError("out of paper")
        self.calls = 0

    async def __call__(self, tx: Transaction) -> dict[str, int]:
        self.calls += 1
        counts = await note(tx)
        if self.error:
            raise self.error
        return counts


class Slow:
    """A verb that leaves half of its work and waits until it may go on."""

    def __init__(self) -> None:
        self.begun, self.go_on = asyncio.Event(), asyncio.Event()

    async def __call__(self, tx: Transaction) -> dict[str, int]:
        counts = await note(tx)
        self.begun.set()
        await self.go_on.wait()
        return counts


def runner(api: Api, *jobs: Job) -> Runner:
    """One over the server's databases and clock, which ticks when it is told to."""
    app = api.app
    return Runner(app.databases, jobs, app.application.clock, app.settings.business_tz)


@asynccontextmanager
async def started(api: Api, now: Now, *jobs: Job, **settings: Any) -> AsyncIterator[server.App]:
    """Another server with these jobs, which ticks by itself."""
    socket, port = bind_unused_port()
    ours = replace(api.app.settings, port=port, jobs_enabled=True, **settings)
    app = server.make_app(ours, now, jobs)
    await app.start([socket])
    try:
        yield app
    finally:
        await app.stop()


async def on_record(api: Api, *columns: str) -> list[tuple[Any, ...]]:
    """The runs there were, oldest first: these columns of each."""
    return [tuple(row[column] for column in columns) for row in await api.sql(RUNS)]


async def until(api: Api, holds: str, seconds: float = 20) -> None:
    """Wait until this SQL condition over a row of `job_run` holds."""
    deadline = time.monotonic() + seconds
    while not await api.sql(f"SELECT 1 FROM job_run WHERE {holds}"):
        assert time.monotonic() < deadline, await api.sql(RUNS)
        await asyncio.sleep(0.02)
