"""Several processes, and processes that end: one runs a job at a time, and what is left over is
taken over."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import psycopg
import pytest
from sqlalchemy import text
from structlog.testing import capture_logs

from sunshine.core.errors import Conflict
from sunshine.database import embedded as postgres
from sunshine.database.connections import conninfo
from sunshine.database.database import Database, Transaction
from sunshine.database.statements import Statement
from sunshine.jobs import history
from sunshine.modules.registry import JOBS
from tests.api import Api
from tests.conftest import Now
from tests.jobs.factories import Broken, Slow, job, note, on_record, runner, started, until
from tests.processes import Process, reach

LEFT = "the process ended before the job did"
TWICE = "SELECT job, due_at FROM job_run GROUP BY job, due_at HAVING count(*) > 1"


async def lingering(tx: Transaction) -> dict[str, int]:
    """Leaves the other one time to come in between."""
    counts = await note(tx)
    await asyncio.sleep(0.002)
    return counts


async def test_two_servers_at_once_do_it_once(api: Api, second: Api, now: Now) -> None:
    jobs = [job(name, lingering) for name in ("a", "b", "c")]
    pair = [runner(each, *jobs) for each in (api, second)]
    for hour in range(20):
        now.set(2026, 3, 1, hour)
        await asyncio.gather(*(each.tick() for each in pair * 2))
    assert await api.sql(TWICE) == []
    assert sorted(await on_record(api, "job", "status")) == [
        (name, "done") for name in "abc" for _ in range(20)
    ]
    assert await api.events() == ["noted"] * 60


async def test_two_servers_at_once_try_it_once_where_it_fails(
    api: Api, second: Api, now: Now
) -> None:
    broken = Broken()
    pair = [runner(each, job(verb=broken)) for each in (api, second)]
    with capture_logs():
        for second_ in (0, 29, 30, 89, 90):
            now.set(2026, 3, 1, 12, second_ // 60, second_ % 60)
            await asyncio.gather(*(each.tick() for each in pair))
    assert await on_record(api, "attempt", "status") == [(n, "failed") for n in (1, 2, 3)]


async def test_while_one_runs_it_nobody_else_waits_for_it(api: Api, second: Api, now: Now) -> None:
    slow = Slow()
    now.set(2026, 3, 1, 12)
    first = asyncio.ensure_future(runner(api, job("slow", slow)).tick())
    await asyncio.wait_for(slow.begun.wait(), 5)
    now.set(2026, 3, 1, 14)  # long past every pause
    other = runner(second, job("slow"), job("other"))
    await asyncio.wait_for(other.tick(), 5)
    with pytest.raises(Conflict) as refused:
        await asyncio.wait_for(other.run("slow"), 5)
    assert (refused.value.code, refused.value.message) == ("busy", "slow is running right now")
    slow.go_on.set()
    await first
    assert await on_record(api, "job", "status") == [("slow", "done"), ("other", "done")]
    assert await api.events() == ["noted", "noted"]


async def test_what_another_one_has_done_a_moment_ago_is_not_done_again(
    api: Api, second: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    lock, asks, done = history.lock, asyncio.Event(), asyncio.Event()

    @asynccontextmanager
    async def late(database: Database, name: str) -> AsyncIterator[history.JobLock | None]:
        if database is second.app.databases.sunshine:
            asks.set()
            await done.wait()
        async with lock(database, name) as ours:
            yield ours

    monkeypatch.setattr(history, "lock", late)
    other = asyncio.ensure_future(runner(second, job()).tick())
    await asyncio.wait_for(asks.wait(), 5)  # it has seen that the job is due
    await runner(api, job()).tick()
    done.set()
    await other
    assert await api.events() == ["noted"]


async def test_a_lock_is_free_as_soon_as_the_job_has_ended(api: Api) -> None:
    jobs = runner(api, job("broken", Broken()), job("fine"))
    held = Statement(text("SELECT count(*) AS locks FROM pg_locks WHERE locktype = 'advisory'"))

    async def locks() -> Any:
        return (await api.app.databases.sunshine.one(held))["locks"]

    for _ in range(20):
        await jobs.run("fine")
        assert await locks() == 0
        with pytest.raises(ValueError, match="out of paper"):
            await jobs.run("broken", dry_run=True)
        assert await locks() == 0


async def test_a_server_that_stops_lets_a_running_job_end_and_begins_no_other(
    api: Api, now: Now
) -> None:
    slow = Slow()
    async with started(api, now, job("slow", slow), job("other")) as app:
        await asyncio.wait_for(slow.begun.wait(), 5)
        stopping = asyncio.ensure_future(app.stop())
        await asyncio.sleep(0.05)
        assert not stopping.done()
        slow.go_on.set()
        await asyncio.wait_for(stopping, 5)
    assert await on_record(api, "job", "status") == [("slow", "done")]
    assert await api.events() == ["noted"]


async def test_a_job_that_outlasts_the_shutdown_is_taken_back_and_done_at_the_next_start(
    api: Api, now: Now
) -> None:
    slow = Slow()
    now.set(2026, 3, 1, 12)
    async with started(api, now, job(verb=slow), shutdown_seconds=0.1):
        await asyncio.wait_for(slow.begun.wait(), 5)
    assert await on_record(api, "status", "finished_at") == [("running", None)]
    assert await api.events() == []
    now.set(2026, 3, 1, 12, 0, 30)
    async with started(api, now, job()):
        await until(api, "status = 'done'")
    assert await on_record(api, "attempt", "status", "error") == [
        (1, "failed", LEFT), (2, "done", None),
    ]  # fmt: skip
    assert await api.events() == ["noted"]


async def test_what_a_killed_process_left_is_taken_over(
    api: Api, now: Now, postgres: postgres.Server, tmp_path: Path
) -> None:
    async with await psycopg.AsyncConnection.connect(
        conninfo(api.app.settings.databases["sunshine"])
    ) as other:
        await other.execute("LOCK TABLE idempotency_key IN ACCESS EXCLUSIVE MODE")
        process = serving(postgres, tmp_path)
        await until(api, "status = 'running'")
        process.kill()
        await other.rollback()
    # Its clock was the real one; from here on it is ours.
    await api.sql(
        "UPDATE job_run SET due_at = '2026-03-01T12:00Z', started_at = '2026-03-01T12:00:05Z'"
    )
    now.set(2026, 3, 1, 12, 0, 34)
    # A job that kills its process must not do so without a pause.
    await runner(api, JOBS[0]).tick()
    assert await on_record(api, "status") == [("running",)]
    now.set(2026, 3, 1, 12, 0, 35)
    await runner(api, JOBS[0]).tick()
    assert await on_record(api, "job", "attempt", "status", "error") == [
        (JOBS[0].name, 1, "failed", LEFT), (JOBS[0].name, 2, "done", None),
    ]  # fmt: skip


async def test_two_processes_that_start_at_once_do_it_once(
    api: Api, postgres: postgres.Server, tmp_path: Path
) -> None:
    pair = [serving(postgres, tmp_path) for _ in range(2)]
    await asyncio.to_thread(lambda: [process.ready() for process in pair])
    await until(api, f"job = '{JOBS[-1].name}' AND status = 'done'")
    assert [process.stop() for process in pair] == [0, 0]
    assert await api.sql(TWICE) == []
    assert {status for (status,) in await on_record(api, "status")} == {"done"}
    assert [process.stderr.count("rror") for process in pair] == [0, 0]


def serving(server: postgres.Server, home: Path, **environment: Any) -> Process:
    return Process(home, **reach(server), **environment)
