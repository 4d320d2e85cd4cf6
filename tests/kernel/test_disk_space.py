"""A disk that is full: told as that, by whatever needs it; and /readyz says where."""

import asyncio
import errno
import os
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from structlog.testing import capture_logs

from sunshine.core.disk_space import NEEDED, REMEMBERED, Room
from sunshine.modules.employees import employees
from tests.api import Api

FULL = """
CREATE OR REPLACE FUNCTION refuse_for_want_of_room() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN RAISE EXCEPTION '%s' USING ERRCODE = '%s'; END $$;
CREATE TRIGGER no_room BEFORE INSERT ON department EXECUTE FUNCTION refuse_for_want_of_room();
"""
MENDED = """
DROP TRIGGER IF EXISTS no_room ON department;
DROP FUNCTION IF EXISTS refuse_for_want_of_room();
"""


@pytest.fixture
def roomy(api: Api, monkeypatch: pytest.MonkeyPatch) -> Api:
    """A server whose disk is as large as one likes, and that remembers nothing."""
    api.app.room._refused.clear()
    yield_free(monkeypatch, 1 << 40)
    return api


def yield_free(monkeypatch: pytest.MonkeyPatch, free: int, names: int = 5, most: int = 9) -> None:
    found = SimpleNamespace(f_bavail=free // 512, f_frsize=512, f_favail=names, f_files=most)
    monkeypatch.setattr("sunshine.core.disk_space.os.statvfs", lambda _: found)


@pytest.mark.parametrize(
    ("message", "code"),
    [
        ('could not extend file "base/1/2": No space left on device', "53100"),
        ("could not write block: Disk quota exceeded", "58030"),
    ],
)
async def test_a_database_without_room_is_507_and_readyz_says_which(
    roomy: Api, message: str, code: str
) -> None:
    await roomy.sql(FULL % (message, code))
    try:
        with capture_logs() as logs:
            answer = await roomy.post("/api/departments", {"name": "New"}, as_="admin",
                                      headers={"Idempotency-Key": "once"})  # fmt: skip
            assert (answer.status, answer.code) == (507, "storage_full")
            assert answer.json["errors"] == []
            assert "Retry-After" not in answer.headers
        [told] = [line for line in logs if line["event"] == "no room left"]
        assert (told["where"], told["log_level"]) == ("sunshine", "error")
        assert told["request_id"] == answer.headers["X-Request-Id"]
        ready = await roomy.get("/readyz")
        assert (ready.status, ready.json["code"]) == (503, "not_ready")
        assert ready.json["data"] == {"sunshine": "storage_full"}
    finally:
        await roomy.sql(MENDED)
    assert await roomy.sql("SELECT 1 FROM department WHERE name = 'New'") == []
    assert await roomy.events() == []
    # What was refused is no answer to keep: the retry is made.
    again = await roomy.post("/api/departments", {"name": "New"}, as_="admin",
                             headers={"Idempotency-Key": "once"})  # fmt: skip
    assert again.status == 201


async def test_another_fault_of_the_disk_is_not_taken_for_that(roomy: Api) -> None:
    await roomy.sql(FULL % ("could not read block 5", "58030"))
    try:
        answer = await roomy.post("/api/departments", {"name": "New"}, as_="admin")
        assert answer.status == 503
        assert (await roomy.get("/readyz")).status == 200
    finally:
        await roomy.sql(MENDED)


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT])
async def test_whatever_finds_no_room_says_so(
    roomy: Api, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    """An export that a library writes to a file of its own, say."""

    async def full(*_: Any, **__: Any) -> None:
        raise OSError(number, os.strerror(number), "/tmp/x")

    monkeypatch.setattr(employees, "page", full)
    with capture_logs() as logs:
        answer = await roomy.get("/api/employees", as_="admin")
    assert (answer.status, answer.code) == (507, "storage_full")
    assert "/tmp/x" not in answer.body.decode()
    assert [line["event"] for line in logs] == ["no room left"]
    assert (await roomy.get("/readyz")).json["data"] == {"storage": "storage_full"}


async def test_a_disk_that_holds_no_file_any_more_is_not_ready(
    roomy: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert (await roomy.get("/readyz")).status == 200
    for free, names in ((NEEDED - 512, 5), (0, 5), (1 << 40, 0)):
        yield_free(monkeypatch, free, names)
        ready = await roomy.get("/readyz")
        assert (ready.status, ready.json["data"]) == (503, {"storage": "storage_full"})
    yield_free(monkeypatch, NEEDED, 0, 0)  # a file system that does not count names
    assert (await roomy.get("/readyz")).status == 200


async def test_it_is_forgotten_in_a_while(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    yield_free(monkeypatch, 1 << 40)
    at = 1000.0
    room = Room(tmp_path, lambda: at)
    room.ran_out("fleet")
    at += REMEMBERED - 1
    assert await room.lacking() == {"fleet"}
    at += 2
    assert await room.lacking() == set()


async def test_a_disk_that_hangs_keeps_nobody_waiting_and_one_thread(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    import threading

    going, asked = threading.Event(), []

    def hang(_: Any) -> Any:
        asked.append(1)
        going.wait(20)
        return os.statvfs_result((512,) * 10)

    monkeypatch.setattr("sunshine.core.disk_space.os.statvfs", hang)
    monkeypatch.setattr("sunshine.core.disk_space.PATIENCE", 0.05)
    room = Room(tmp_path)
    try:
        async with asyncio.timeout(5):
            for _ in range(5):
                assert await room.free() is None
                assert await room.lacking() == set()
        assert len(asked) == 1
    finally:
        going.set()


async def test_a_folder_that_is_not_made_yet_has_the_room_of_where_it_will_be(
    tmp_path: Path,
) -> None:
    assert await Room(tmp_path / "not" / "yet").free()
