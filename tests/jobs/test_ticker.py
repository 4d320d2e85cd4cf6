"""The tick: sunshine/jobs/runner.py. The clock of the loop is real, the wall clock is made up."""

import asyncio
import time
from datetime import timedelta

import pytest
from structlog.testing import capture_logs
from tornado.ioloop import IOLoop

from sunshine.jobs.runner import TICK, Ticker
from tests.api import Api
from tests.conftest import Now
from tests.jobs.factories import Slow, job, runner

PERIOD = timedelta(milliseconds=20)


class Wall:
    """What the loop believes to be the time of day."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.ahead = 0.0
        monkeypatch.setattr(IOLoop, "time", lambda _: time.time() + self.ahead)


@pytest.fixture
def wall(monkeypatch: pytest.MonkeyPatch) -> Wall:
    return Wall(monkeypatch)


class Ticks:
    """Counts."""

    def __init__(self) -> None:
        self._ticked = asyncio.Event()

    def __call__(self) -> None:
        self._ticked.set()

    async def next(self) -> None:
        self._ticked.clear()
        await asyncio.wait_for(self._ticked.wait(), 5)


@pytest.mark.parametrize("hours", [-1, -24, 1, 24])
async def test_a_clock_that_is_put_back_or_forward_stops_no_tick(wall: Wall, hours: int) -> None:
    ticks = Ticks()
    ticker = Ticker(ticks, PERIOD)
    ticker.start()
    try:
        await ticks.next()
        wall.ahead += hours * 3600
        for _ in range(3):
            await ticks.next()
    finally:
        ticker.stop()


async def test_a_clock_put_forward_does_not_make_it_tick_without_pause(wall: Wall) -> None:
    count = 0

    def tick() -> None:
        nonlocal count
        count += 1

    ticker = Ticker(tick, PERIOD)
    ticker.start()
    wall.ahead += 24 * 3600
    began = time.monotonic()
    await asyncio.sleep(0.2)
    ticker.stop()
    assert count <= (time.monotonic() - began) / PERIOD.total_seconds() + 1


async def test_a_tick_comes_every_half_minute() -> None:
    assert timedelta(seconds=30) == TICK


async def test_a_tick_that_lasts_is_not_run_into(
    api: Api, now: Now, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sunshine.jobs.runner.TICK", PERIOD)
    slow, ticks = Slow(), Ticks()
    jobs = runner(api, job(verb=slow))
    begin = jobs._ticker.callback

    def both() -> None:
        begin()
        ticks()

    jobs._ticker.callback = both
    with capture_logs() as logged:
        jobs.start()
        await asyncio.wait_for(slow.begun.wait(), 5)
        for _ in range(3):
            await ticks.next()
        stopping = asyncio.ensure_future(jobs.stop(5))
        await asyncio.sleep(0.05)
        assert not stopping.done()  # it knows of the one that runs
        slow.go_on.set()
        await stopping
    assert await api.events() == ["noted"]
    assert not [line for line in logged if line["log_level"] != "info"]
