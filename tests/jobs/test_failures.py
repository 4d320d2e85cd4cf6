"""A job that raises: logged, recorded, tried again, and nobody else's trouble."""

from datetime import UTC, datetime, time, timedelta

import pytest
from structlog.testing import capture_logs

from sunshine.core.errors import Unavailable
from sunshine.jobs.schedules import Daily, Every
from tests.api import Api
from tests.conftest import Now
from tests.jobs.factories import Broken, Slow, job, on_record, runner

DAILY = Daily(time(0, 5))


async def test_it_is_logged_recorded_and_taken_back_and_the_others_go_on(
    api: Api, now: Now
) -> None:
    now.set(2026, 3, 1, 12)
    with capture_logs() as logged:
        await runner(api, job("broken", Broken()), job("fine")).tick()
    [line] = [line for line in logged if line["event"] == "job failed"]
    assert (line["job"], line["attempt"], line["log_level"]) == ("broken", 1, "error")
    assert line["exc_info"] is True  # with the traceback
    assert await on_record(api, "job", "status", "error", "result") == [
        ("broken", "failed", "ValueError: out of paper", None),
        ("fine", "done", None, {"notes": 1}),
    ]
    [finished] = {finished for (finished,) in await on_record(api, "finished_at")}
    assert finished == datetime(2026, 3, 1, 12, tzinfo=UTC)
    assert await api.events() == ["noted"]


async def test_it_is_tried_again_with_pauses_that_double_up_to_an_hour(api: Api, now: Now) -> None:
    broken = Broken()
    jobs = runner(api, job(verb=broken, schedule=DAILY))
    now.set(2026, 3, 1, 0, 5)
    at = begun = now()
    pauses = []
    with capture_logs():
        await jobs.tick()
        while broken.calls < 10:
            now.set(*(now() + timedelta(seconds=10)).timetuple()[:6])
            calls = broken.calls
            await jobs.tick()
            if broken.calls > calls:
                pauses.append((now() - at).total_seconds())
                at = now()
    assert pauses == [30, 60, 120, 240, 480, 960, 1920, 3600, 3600]
    assert {due for (due,) in await on_record(api, "due_at")} == {begun}
    assert [attempt for (attempt,) in await on_record(api, "attempt")] == list(range(1, 11))


async def test_once_it_succeeds_it_is_done(api: Api, now: Now) -> None:
    broken = Broken()
    jobs = runner(api, job(verb=broken, schedule=DAILY))
    now.set(2026, 3, 1, 12)
    with capture_logs():
        await jobs.tick()
    broken.error = None
    for minute in (1, 2, 30):
        now.set(2026, 3, 1, 12, minute)
        await jobs.tick()
    now.set(2026, 3, 2, 12)
    await jobs.tick()
    assert await on_record(api, "status", "attempt") == [("failed", 1), ("done", 2), ("done", 1)]
    assert await api.events() == ["noted"] * 2


async def test_a_new_point_is_tried_whatever_the_pause(api: Api, now: Now) -> None:
    broken = Broken()
    jobs = runner(api, job(verb=broken, schedule=Every(1)))
    with capture_logs():
        for minute in range(5):
            now.set(2026, 3, 1, 12, minute)
            await jobs.tick()
    assert await on_record(api, "attempt") == [(1,), (2,), (3,), (4,), (5,)]


async def test_a_hundred_failures_later_it_is_still_tried(api: Api, now: Now) -> None:
    await api.sql(
        "INSERT INTO job_run (job, by_hand, due_at, started_at, finished_at, status, attempt)"
        " VALUES ('work', false, '2026-03-01T00:05Z', '2026-03-01T08:00Z', '2026-03-01T08:00Z',"
        " 'failed', 100000)"
    )
    jobs = runner(api, job(schedule=DAILY))
    now.set(2026, 3, 1, 8, 59)
    await jobs.tick()
    assert await api.events() == []
    now.set(2026, 3, 1, 9, 0)
    await jobs.tick()
    assert await api.events() == ["noted"]


async def test_a_part_that_is_away_is_a_warning_and_tried_again(api: Api, now: Now) -> None:
    away = Broken(Unavailable("fleet does not answer"))
    jobs = runner(api, job("away", away, DAILY), job("fine"))
    now.set(2026, 3, 1, 12)
    with capture_logs() as logged:
        await jobs.tick()
    assert [
        (line["job"], line["log_level"], line["reason"]) for line in logged if "reason" in line
    ] == [("away", "warning", "fleet does not answer")]
    assert not [line for line in logged if "exc_info" in line]
    assert await on_record(api, "job", "status") == [("away", "failed"), ("fine", "done")]
    away.error = None
    now.set(2026, 3, 1, 12, 0, 30)
    await jobs.tick()
    assert (await on_record(api, "job", "status"))[-1] == ("away", "done")


@pytest.mark.parametrize(
    ("error", "text"),
    [
        (ValueError("a\0b"), "ValueError: ab"),
        (ValueError("\ud800"), "ValueError: ?"),
        (ValueError("x" * 5000), "ValueError: " + "x" * 1988),
        (KeyError("name"), "KeyError: 'name'"),
    ],
)
async def test_whatever_it_says_can_be_recorded(api: Api, error: Exception, text: str) -> None:
    with capture_logs():
        await runner(api, job(verb=Broken(error))).tick()
    assert await on_record(api, "status", "error") == [("failed", text)]


async def test_a_count_that_is_none_is_a_failure_and_not_the_end(api: Api) -> None:
    async def verb(_: object) -> dict[str, int]:
        return {"notes": object()}  # type: ignore[dict-item]

    with capture_logs():
        await runner(api, job("odd", verb), job("fine")).tick()
    assert await on_record(api, "job", "status") == [("odd", "failed"), ("fine", "done")]


async def test_one_that_hangs_is_ended(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sunshine.jobs.runner.LONGEST", timedelta(milliseconds=50))
    with capture_logs():
        await runner(api, job("hangs", Slow()), job("fine")).tick()
    assert await on_record(api, "job", "status", "error") == [
        ("hangs", "failed", "TimeoutError: "), ("fine", "done", None),
    ]  # fmt: skip
    assert await api.events() == ["noted"]


async def test_what_was_done_after_the_commit_is_done_again_when_it_failed(
    api: Api, now: Now
) -> None:
    tries = []

    async def after(*_: object) -> dict[str, int]:
        tries.append(now())
        if len(tries) == 1:
            raise OSError("read-only file system")
        return {"files": 1}

    jobs = runner(api, job(after=after, schedule=DAILY))
    now.set(2026, 3, 1, 12)
    with capture_logs():
        await jobs.tick()
    now.set(2026, 3, 1, 12, 0, 30)
    await jobs.tick()
    assert tries[1] - tries[0] == timedelta(seconds=30)
    assert await on_record(api, "status") == [("failed",), ("done",)]
