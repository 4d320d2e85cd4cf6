"""A start that fails, wherever: it says why, leaves nothing running, and holds no port."""

import asyncio
import os
import socket
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

import server
from sunshine.core.settings import Settings
from sunshine.database.database import Databases
from sunshine.database.event_log import Feed
from sunshine.jobs.runner import Runner
from sunshine.live.presence import Presence
from sunshine.web.application import Application
from sunshine.web.server.http_server import Server
from tests.conftest import Now
from tests.processes import Process, reach

# What is called in turn; each fails once.
STEPS: dict[str, tuple[type, str]] = {
    "the databases": (Databases, "open"),
    "the events": (Feed, "start"),
    "the sockets": (Presence, "start"),
    "the deadlines": (Application, "watch"),
    "the port": (Server, "add_sockets"),
    "the jobs": (Runner, "start"),
}


class Broken(Exception):
    """A fault."""


def breaks(*_: object) -> None:
    raise Broken


def listening() -> socket.socket:
    made = socket.socket()
    made.bind(("127.0.0.1", 0))
    made.listen()
    made.setblocking(False)
    return made


def kinds_of_tasks() -> "Counter[str]":
    """How many tasks there are of each kind: another server's come and go meanwhile."""
    return Counter(task.get_coro().__qualname__ for task in asyncio.all_tasks())  # type: ignore[union-attr]


def open_files() -> int:
    return len(os.listdir("/proc/self/fd"))


@pytest.mark.parametrize("step", STEPS)
async def test_what_was_begun_is_stopped(
    step: str, settings: Settings, now: Now, monkeypatch: pytest.MonkeyPatch
) -> None:
    owner, name = STEPS[step]
    before, files = kinds_of_tasks(), open_files()
    app = server.make_app(replace(settings, shutdown_seconds=0, jobs_enabled=True), now, ())
    port = listening()
    monkeypatch.setattr(owner, name, breaks)
    with pytest.raises(Broken):
        await app.start([port])
    monkeypatch.undo()
    await app.stop()
    await app.stop()  # twice as well
    assert port.fileno() == -1
    assert all(each._pool.closed for each in app.databases.values())
    for _ in range(100):
        if kinds_of_tasks() <= before and open_files() <= files:
            break
        await asyncio.sleep(0.05)
    assert kinds_of_tasks() <= before
    assert open_files() <= files


async def test_a_part_that_does_not_stop_well_keeps_nobody_from_stopping(
    settings: Settings, now: Now, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = server.make_app(replace(settings, shutdown_seconds=0), now, ())
    port = listening()
    await app.start([port])

    async def fails(*_: object) -> None:
        raise Broken

    monkeypatch.setattr(Presence, "stop", fails)
    monkeypatch.setattr(Feed, "stop", fails)
    await app.stop()
    assert all(each._pool.closed for each in app.databases.values())
    assert port.fileno() == -1
    monkeypatch.undo()
    await app.presence.stop()
    for feed in app.feeds.values():
        await feed.stop()


BROKEN = """
import sys
sys.path.insert(0, {checkout!r})
sys.argv[0] = "sunshine"
import server
from cli import main
from sunshine.core.errors import Unavailable
{fault}
main(prog_name="sunshine")
"""
GOES_AWAY = """
async def away(*_):
    raise Unavailable("Database unavailable") from TimeoutError("no connection after 2.5 s")
server._first_admin = away
"""
FROZEN = """
import asyncio
async def frozen(*_):
    print("frozen", file=sys.stderr, flush=True)
    await asyncio.sleep(3600)
server._first_admin = frozen
"""
NO_STORAGE = """
def bad(_):
    raise PermissionError(13, "Permission denied", "/srv/files")
server.storage_of = bad
"""
A_BUG = """
async def wrong(*_):
    raise AssertionError("nobody foresaw this")
server._first_admin = wrong
"""


@pytest.fixture
def faulty(postgres: object, tmp_path: Path, settings: Settings) -> Callable[[str], Process]:
    """Starts servers in whose start something goes wrong."""

    def start(fault: str) -> Process:
        script = tmp_path / "faulty.py"
        checkout = str(Path(__file__).parents[2])
        script.write_text(BROKEN.format(checkout=checkout, fault=fault))

        class Faulty(Process):
            program = script

        sound = {"RATE_LIMIT_ENABLED": "true", "BCRYPT_COST": "10"}  # or it would be warned of
        return Faulty(tmp_path, **reach(postgres), **sound)  # type: ignore[arg-type]

    return start


@pytest.mark.parametrize(
    ("fault", "line"),
    [
        (GOES_AWAY, "sunshine: Database unavailable: no connection after 2.5 s"),
        (NO_STORAGE, "sunshine: [Errno 13] Permission denied: '/srv/files'"),
    ],
)
def test_what_may_happen_is_one_line(
    faulty: Callable[[str], Process], fault: str, line: str
) -> None:
    process = faulty(fault)
    try:
        assert process.popen.wait(30) == 1
        assert process.stderr.splitlines() == [line]
    finally:
        process.kill()


def test_what_nobody_foresaw_is_shown_as_what_it_is(faulty: Callable[[str], Process]) -> None:
    process = faulty(A_BUG)
    try:
        assert process.popen.wait(30) == 1
        assert "nobody foresaw this" in process.stderr
        assert "UnboundLocalError" not in process.stderr
    finally:
        process.kill()


def test_a_start_that_waits_for_a_frozen_database_can_be_ended(
    faulty: Callable[[str], Process],
) -> None:
    process = faulty(FROZEN)
    try:
        while "frozen" not in process.stderr:
            assert process.popen.poll() is None, process.stderr
        assert process.stop() == 0
        assert "is ready" not in process.stderr
        assert "Traceback" not in process.stderr
    finally:
        process.kill()
