"""What is due is done, once: sunshine/jobs/runner.py."""

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from structlog.testing import capture_logs

from models import DATABASES
from sunshine.database.database import Databases, Transaction
from sunshine.jobs.runner import Runner
from sunshine.jobs.schedules import Daily, Every
from sunshine.modules.registry import JOBS
from tests.api import Api
from tests.conftest import Now
from tests.jobs.factories import Slow, job, note, on_record, runner, started, until

NOON = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


async def test_it_is_done_once_at_each_point(api: Api, now: Now) -> None:
    jobs = runner(api, job())
    for minute in (0, 0, 1, 30, 59):
        now.set(2026, 3, 1, 12, minute)
        await jobs.tick()
    assert await api.events() == ["noted"]
    now.set(2026, 3, 1, 13, 0)
    await jobs.tick()
    assert await api.events() == ["noted", "noted"]
    assert await on_record(api, "job", "due_at", "status", "attempt", "error", "by_hand") == [
        ("work", NOON, "done", 1, None, False),
        ("work", NOON + timedelta(hours=1), "done", 1, None, False),
    ]


async def test_it_is_done_in_the_name_of_the_system_at_the_instant_of_the_run(
    api: Api, now: Now
) -> None:
    now.set(2026, 3, 1, 12, 34, 56)
    await runner(api, job()).tick()
    [event] = await api.sql("SELECT at, actor_type, actor_id, actor_name FROM event")
    then = datetime(2026, 3, 1, 12, 34, 56, tzinfo=UTC)
    assert tuple(event.values()) == (then, "system", None, "system")
    assert await on_record(api, "due_at", "started_at", "finished_at", "result") == [
        (NOON, then, then, {"notes": 1})
    ]


async def test_what_was_missed_while_no_server_ran_is_done_at_the_next_start_once(
    api: Api, now: Now
) -> None:
    daily = job(schedule=Daily(time(0, 5)))
    now.set(2026, 3, 1, 12)
    async with started(api, now, daily):
        await until(api, "due_at = '2026-03-01T00:05Z' AND status = 'done'")
    now.set(2026, 3, 4, 0, 4)  # three points have gone by
    async with started(api, now, daily):
        await until(api, "due_at = '2026-03-03T00:05Z' AND status = 'done'")
    async with started(api, now, daily) as app:
        await app.jobs.tick()
    assert await api.events() == ["noted"] * 2


async def test_a_server_ticks_as_soon_as_it_serves(api: Api, now: Now) -> None:
    slow = Slow()
    async with started(api, now, job(verb=slow)):
        await asyncio.wait_for(slow.begun.wait(), 5)
        # Requests are answered meanwhile.
        assert (await api.get("/api/departments", as_="admin")).status == 200
        assert await on_record(api, "status") == [("running",)]
        slow.go_on.set()
        await until(api, "status = 'done'")


async def test_a_server_told_not_to_runs_no_jobs(api: Api, now: Now) -> None:
    slow = Slow()
    slow.go_on.set()
    async with started(api, now, job(verb=slow)) as on:
        await asyncio.wait_for(slow.begun.wait(), 5)
        assert on.jobs._ticker.is_running()
    off = api.app
    assert not off.settings.jobs_enabled
    assert not off.jobs._ticker.is_running()


async def test_a_daily_job_is_due_where_the_business_is(api: Api, now: Now) -> None:
    app = api.app
    daily = job(schedule=Daily(time(0, 5)))
    jobs = Runner(app.databases, [daily], now, ZoneInfo("Asia/Jakarta"))
    for minute in (4, 5, 6):
        now.set(2026, 3, 1, 17, minute)
        await jobs.tick()
    assert await on_record(api, "due_at") == [
        (datetime(2026, 2, 28, 17, 5, tzinfo=UTC),),
        (datetime(2026, 3, 1, 17, 5, tzinfo=UTC),),
    ]


async def test_a_clock_put_back_an_hour_stops_nothing(api: Api, now: Now) -> None:
    jobs = runner(api, job(schedule=Every(5)))
    now.set(2026, 3, 1, 12, 2)
    await jobs.tick()
    seen = []
    for minute in (2, 3, 5, 10, 60):  # an hour earlier, and on from there
        now.set(2026, 3, 1, 11 + minute // 60, minute % 60)
        await jobs.tick()
        [latest] = (await on_record(api, "due_at", "status"))[-1:]
        seen.append((latest[0].strftime("%H:%M"), latest[1]))
    assert [each for each, _ in seen] == ["11:00", "11:00", "11:05", "11:10", "12:00"]
    assert {status for _, status in seen} == {"done"}
    assert await api.events() == ["noted"] * 5


async def test_a_clock_put_back_does_not_hold_up_a_retry(api: Api, now: Now) -> None:
    async def fail(tx: Transaction) -> dict[str, int]:
        raise ValueError

    jobs = runner(api, job(verb=fail, schedule=Daily(time(0, 5))))
    now.set(2026, 3, 1, 12)
    with capture_logs():
        await jobs.tick()
        now.set(2026, 3, 1, 11)
        await jobs.tick()
    assert await on_record(api, "attempt", "status") == [(1, "failed"), (2, "failed")]


async def test_machines_whose_clocks_differ_by_seconds_do_it_once(api: Api, now: Now) -> None:
    jobs = runner(api, job())
    for minute, second in ((59, 50), (0, 10), (59, 55), (0, 15)):
        now.set(2026, 3, 1, 11 if minute else 12, minute, second)
        await jobs.tick()
    assert await on_record(api, "due_at", "status") == [
        (NOON - timedelta(hours=1), "done"),
        (NOON, "done"),
    ]


async def test_a_job_may_work_in_several_databases(api: Api) -> None:
    await runner(api, job(databases=("sunshine", "fleet"))).tick()
    assert [await api.events(name) for name in DATABASES] == [["noted"], ["noted"], [], []]
    assert await on_record(api, "result") == [({"notes": 2},)]


async def test_what_waits_for_the_commit_comes_after_it(api: Api, now: Now) -> None:
    seen = []

    async def after(databases: Databases, at: datetime) -> Mapping[str, int]:
        seen.append((at, databases is api.app.databases, await api.events()))
        return {"files": 3}

    now.set(2026, 3, 1, 12)
    await runner(api, job(after=after)).tick()
    assert seen == [(NOON, True, ["noted"])]
    assert await on_record(api, "result") == [({"notes": 1, "files": 3},)]


async def test_jobs_run_in_their_order_and_never_at_once(api: Api) -> None:
    steps: list[str] = []

    def named(name: str):
        async def verb(tx: Transaction) -> dict[str, int]:
            steps.append(f"{name} begins")
            await note(tx)
            steps.append(f"{name} ends")
            return {}

        return job(name, verb)

    await runner(api, named("b"), named("a")).tick()
    assert steps == ["b begins", "b ends", "a begins", "a ends"]


async def test_a_database_that_is_away_is_a_warning_and_the_next_tick_does_it(
    api: Api, now: Now
) -> None:
    lost = replace(api.app.settings.databases["sunshine"], port=1, pool_wait=0.2)
    nowhere = replace(api.app.settings, databases={**api.app.settings.databases, "sunshine": lost})
    away = Databases(nowhere, now)
    await away.open()
    jobs = Runner(away, [job("a"), job("b")], now, ZoneInfo("UTC"))
    with capture_logs() as logged:
        await jobs.tick()
    await away.close()
    told = [line for line in logged if line["event"] == "jobs put off"]
    assert [line["log_level"] for line in told] == ["warning"]
    assert not [line for line in logged if "exc_info" in line]
    assert await on_record(api, "id") == []
    await runner(api, job("a"), job("b")).tick()
    assert await on_record(api, "job", "status") == [("a", "done"), ("b", "done")]


async def test_two_jobs_of_one_name_are_refused(api: Api) -> None:
    with pytest.raises(ValueError, match="work"):
        runner(api, job(), job())


async def test_the_cleanup_keeps_the_last_500_runs_of_each_job(api: Api, now: Now) -> None:
    insert = """
        INSERT INTO job_run (job, by_hand, due_at, started_at, status)
        SELECT name, by_hand, now(), now(), 'done'
        FROM generate_series(1, 600),
            (VALUES ('many', false), ('many', true), ('few', true)) AS kind (name, by_hand)
        WHERE name = 'many' OR generate_series < 4
    """
    await api.sql(insert)
    last = [row["id"] for row in await api.sql("SELECT max(id) AS id FROM job_run GROUP BY job")]
    await runner(api, JOBS[0]).tick()
    counts = await api.sql(
        "SELECT job, by_hand, count(*) AS runs FROM job_run GROUP BY job, by_hand ORDER BY 1, 2"
    )
    assert [tuple(row.values()) for row in counts] == [
        ("cleanup", False, 1), ("few", True, 3), ("many", False, 500), ("many", True, 500),
    ]  # fmt: skip
    assert set(last) <= {row["id"] for row in await api.sql("SELECT id FROM job_run")}


async def test_the_cleanup_deletes_old_answers_in_every_database(api: Api, now: Now) -> None:
    for name in DATABASES:
        await api.sql(
            "INSERT INTO idempotency_key VALUES ('user:1', 'key', 'hash', 201, '', now())", name
        )
    now.shift(hours=23)
    assert (await api.app.jobs.run("cleanup"))["answers"] == 0
    now.shift(hours=2)
    assert (await api.app.jobs.run("cleanup"))["answers"] == len(DATABASES)


async def test_the_cleanup_forgets_a_token_only_when_it_has_really_expired(
    api: Api, now: Now
) -> None:
    await api.sql(
        "INSERT INTO revoked_token (jti, expires_at)"
        " VALUES ('past', now() - interval '1 hour'), ('ahead', now() + interval '1 hour')"
    )
    now.shift(days=30)  # told a time that is not
    assert (await api.app.jobs.run("cleanup"))["tokens"] == 1
    assert await api.sql("SELECT jti FROM revoked_token") == [{"jti": "ahead"}]
