"""GET /api/temp/:filename: fetched once, by whoever knows its name."""

import asyncio
import os
import socket
import time
from pathlib import Path
from typing import Any

import pytest

from sunshine.core.principals import System
from sunshine.files import uploads
from tests.api import Api
from tests.conftest import Now
from tests.files.forms import PNG, files, noise, path_of, place_of, uploaded


async def sent(api: Api, content: bytes = b"a file", name: str = "a.txt", **more: Any) -> str:
    """The path of a file that was sent."""
    return path_of(api, await uploaded(api, content, name, **more))


async def is_gone(api: Api, path: str) -> bool:
    """For everybody at once, and from the disk within a moment."""
    answer = await api.get(path)
    assert (answer.status, answer.code) == (404, "not_found")
    for _ in range(200):
        if not files(api, "temp"):
            return True
        await asyncio.sleep(0.02)
    return False


async def fetched(api: Api) -> None:
    """Wait until a file that was answered is accounted for."""
    for _ in range(200):
        if "file_fetched" in await api.events():
            return
        await asyncio.sleep(0.02)


async def again(api: Api, path: str) -> bytes:
    """What is fetched as soon as it is there again."""
    for _ in range(200):
        answer = await api.get(path)
        if answer.status == 200:
            return answer.body
        await asyncio.sleep(0.02)
    raise AssertionError("it does not come back")


def give_up(port: int, path: str, after: int) -> None:
    """Ask for a file and go away when so many bytes of the answer were read."""
    with socket.create_connection(("127.0.0.1", port)) as client:
        client.sendall(f"GET {path} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
        while after:
            after -= len(client.recv(min(after, 1024)))
        time.sleep(0.1)  # what has arrived meanwhile is left unread


async def test_whoever_knows_its_name_gets_it_once(disk: Api) -> None:
    for caller in (None, "stranger", "rubbish"):
        path = await sent(disk)
        answer = await disk.get(path, as_=caller)
        assert (answer.status, answer.body) == (200, b"a file")
        assert answer.headers["Cache-Control"] == "no-store"
        assert answer.headers["Content-Length"] == "6"
        assert await is_gone(disk, path)
    assert await disk.events() == ["file_uploaded", "file_fetched"] * 3
    assert await disk.sql("SELECT * FROM upload") == []


async def test_the_record_of_it_says_what_it_was(disk: Api) -> None:
    path = await sent(disk, b"a file", "report.txt")
    await disk.get(path)
    assert await is_gone(disk, path)
    [event] = await disk.sql("SELECT * FROM event WHERE type = 'file_fetched'")
    assert (event["entity"], event["before"]) == ("upload", {"name": "report.txt"})
    assert (event["actor_type"], event["actor_name"]) == ("system", "visitor")


async def test_an_empty_file_is_one_too(disk: Api) -> None:
    path = await sent(disk, b"")
    answer = await disk.get(path)
    assert (answer.status, answer.body, answer.headers["Content-Length"]) == (200, b"", "0")
    assert await is_gone(disk, path)


@pytest.mark.parametrize("size", [6, 3_000_000])
async def test_of_many_who_ask_at_once_one_gets_it(disk: Api, size: int) -> None:
    content = noise(size)
    path = await sent(disk, content)
    answers = await asyncio.gather(*(disk.get(path) for _ in range(50)))
    assert sorted(answer.status for answer in answers) == [200] + [404] * 49
    [got] = [answer.body for answer in answers if answer.status == 200]
    assert got == content
    assert await is_gone(disk, path)
    assert await disk.events() == ["file_uploaded", "file_fetched"]


async def test_two_processes_hand_it_over_once(disk: Api, second: Api) -> None:
    for _ in range(5):
        path = await sent(disk)
        answers = await asyncio.gather(*(api.get(path) for api in (disk, second) * 5))
        assert sorted(answer.status for answer in answers) == [200] + [404] * 9
        assert await is_gone(disk, path)


async def test_looking_does_not_consume_it(disk: Api) -> None:
    path = await sent(disk, b"0123456789")
    for _ in range(2):
        head = await disk.call("HEAD", path)
        assert (head.status, head.headers["Content-Length"], head.body) == (200, "10", b"")
        for asked, status, content in (
            ("bytes=2-4", 206, b"234"), ("bytes=-1", 206, b"9"), ("bytes=0-", 200, b"0123456789"),
            ("lines=1", 200, b"0123456789"), ("bytes=99-", 416, None),
        ):  # fmt: skip
            part = await disk.get(path, headers={"Range": asked})
            assert part.status == status
            assert content in (None, part.body)
    etag = head.headers["Etag"]
    known = await disk.get(path, headers={"If-None-Match": etag})
    assert (known.status, known.body) == (304, b"")
    assert (await disk.get(path)).body == b"0123456789"
    assert await is_gone(disk, path)
    for method in ("HEAD", "GET"):
        gone = await disk.call(method, path, headers={"Range": "bytes=0-1"})
        assert gone.status == 404


@pytest.mark.parametrize(("size", "read"), [(40, 20), (300_000, 2000), (10 * 2**20, 5 * 2**20)])
async def test_an_aborted_transfer_does_not_consume_it(disk: Api, size: int, read: int) -> None:
    content = noise(size)
    path = await sent(disk, content)
    await asyncio.to_thread(give_up, disk.port, path, read)
    assert await again(disk, path) == content
    assert await is_gone(disk, path)
    assert await disk.events() == ["file_uploaded", "file_fetched"]


async def test_nobody_else_gets_it_meanwhile(disk: Api) -> None:
    content = noise(10 * 2**20)
    path = await sent(disk, content)
    reader, writer = await asyncio.open_connection("127.0.0.1", disk.port, limit=1024)
    writer.write(f"GET {path} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
    await reader.readexactly(100)
    for headers in ({}, {"Range": "bytes=0-1"}):
        assert (await disk.get(path, headers=headers)).status == 404
    rest = await reader.read(-1)
    assert rest.endswith(content[-100:])
    writer.close()
    assert await is_gone(disk, path)


async def test_when_the_process_dies_somebody_else_may(disk: Api, now: Now) -> None:
    path = await sent(disk)
    name = path.removeprefix("/api/temp/")
    async with disk.app.databases.sunshine.transaction(System()) as tx:
        await uploads.lease(tx, name)
    assert (await disk.get(path)).status == 404
    now.shift(minutes=12)
    assert (await disk.get(path)).status == 200
    assert await is_gone(disk, path)


async def test_it_is_there_for_a_day(disk: Api, now: Now) -> None:
    paths = [await sent(disk), await sent(disk)]
    now.shift(hours=23, minutes=59)
    assert (await again(disk, paths[0])) == b"a file"
    now.shift(minutes=2)
    for path in paths:
        assert (await disk.get(path)).status == 404
        assert (await disk.get(path, headers={"Range": "bytes=0-1"})).status == 404


@pytest.mark.parametrize(
    ("content", "name", "kind", "ending"),
    [
        (PNG, "a.png", "image/png", "a.png"),
        (b"%PDF-1.7", "a.pdf", "application/pdf", "a.pdf"),
        (b"<html><script>alert(1)</script>", "a.png", None, "a.png.bin"),
        (b"<svg onload='alert(1)'/>", "a.svg", None, "a.svg"),
        (b"<script>alert(1)</script>", "a.html", None, "a.html"),
    ],
)
@pytest.mark.parametrize("asked", ["", "?s=download", "?s=other"])
async def test_it_is_shown_only_where_that_is_harmless(
    disk: Api, content: bytes, name: str, kind: str | None, ending: str, asked: str
) -> None:
    path = await sent(disk, content, name)
    answer = await disk.get(path + asked)
    assert await is_gone(disk, path)
    assert answer.status == 200
    assert answer.headers["Content-Type"] == (kind or "application/octet-stream")
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    is_image = (kind or "").startswith("image/")
    shown = "inline" if is_image and asked != "?s=download" else "attachment"
    assert answer.headers["Content-Disposition"] == f"{shown}; filename*=UTF-8''{ending}"
    policy = answer.headers["Content-Security-Policy"].split(";")
    assert {"default-src 'none'", "sandbox"} <= set(policy)


@pytest.mark.parametrize(
    "name",
    [
        "nothing",
        "..",
        "%2e%2e",
        "%2e%2e%2fprivate%2fjwt_secret",
        "a%00b",
        "%ff",
        ".x.part",
        "a%5cb",
    ],
)
async def test_there_is_nothing_else(disk: Api, name: str) -> None:
    (disk.app.settings.directory / "temp" / "nothing").write_bytes(b"not uploaded")
    for headers in ({}, {"Range": "bytes=0-1"}):
        answer = await disk.get(f"/api/temp/{name}", headers=headers)
        assert (answer.status, answer.code) == (404, "not_found")


async def test_a_file_that_was_lost_is_not_found(disk: Api) -> None:
    path = await sent(disk)
    for file in (disk.app.settings.directory / "temp").iterdir():
        file.unlink()
    for _ in range(2):
        assert (await disk.get(path)).status == 404
    assert len(await disk.sql("SELECT * FROM upload")) == 1


# ---- Swept ------------------------------------------------------------------------------------


def age(file: Path, hours: float) -> None:
    """Make a file so old."""
    then = file.stat().st_mtime - hours * 3600
    os.utime(file, (then, then))


async def test_a_job_removes_what_is_a_day_old(disk: Api, now: Now) -> None:
    old = await sent(disk)
    now.shift(hours=23)
    new = await sent(disk)
    now.shift(hours=1, minutes=1)
    result = await disk.app.jobs.run("temp-files")
    assert result == {"uploads": 1, "files": 1}
    assert list(files(disk, "temp")) == [place_of(new).removeprefix("temp/")]
    assert (await disk.get(old)).status == 404
    assert await disk.app.jobs.run("temp-files") == {"uploads": 0, "files": 0}
    assert await again(disk, new) == b"a file"
    assert await is_gone(disk, new)


async def test_it_removes_what_crashes_left_behind(disk: Api) -> None:
    kept = await sent(disk)
    temp = disk.app.settings.directory / "temp"
    static = disk.app.settings.directory / "static" / "employee"
    static.mkdir(exist_ok=True)
    left = [temp / ".x.part", temp / "no-row", static / ".y.part"]
    fresh = [temp / ".z.part", temp / "no-row-yet", static / ".w.part"]
    others = [temp / ".keep", static / "photo.jpg"]
    for file in (*left, *fresh, *others):
        file.write_bytes(b"x")
    for file in (*left, *others, temp / place_of(kept).removeprefix("temp/")):
        age(file, 1.1)
    for file in fresh:
        age(file, 0.9)
    await disk.sql(
        "INSERT INTO upload (name, user_id, size, created_at) SELECT 'coming-' || hours,"
        " %(user)s, 1, now() - hours * interval '1 hour' FROM unnest(array[0.9, 1.1]) hours",
        user=disk.employee.user_id,
    )
    assert await disk.app.jobs.run("temp-files") == {"uploads": 1, "files": 3}
    assert not any(file.exists() for file in left)
    assert all(file.exists() for file in (*fresh, *others))
    names = {row["name"] for row in await disk.sql("SELECT name FROM upload")}
    assert names == {"coming-0.9", place_of(kept).removeprefix("temp/")}
    assert await again(disk, kept) == b"a file"
    await fetched(disk)


async def test_a_dry_run_removes_nothing(disk: Api, now: Now) -> None:
    await sent(disk)
    now.shift(hours=25)
    assert await disk.app.jobs.run("temp-files", dry_run=True) == {"uploads": 1}
    assert len(files(disk, "temp")) == 1
