"""An upload is had once: fetched, or named by one row, or gone after a day; never two of these."""

import asyncio
from collections.abc import Awaitable
from datetime import timedelta
from typing import Any

import pytest

from sunshine.core.principals import System
from sunshine.files import uploads
from sunshine.files.local import LocalStorage
from tests.api import Answer, Api
from tests.conftest import Now
from tests.files.forms import PNG, files, path_of, uploaded
from tests.files.test_claims import branding, leave, photo, ticket, voucher


async def settled(api: Api) -> None:
    """Wait until nothing is left in temp: whoever fetches has what they get before that."""
    for _ in range(300):
        if not files(api, "temp"):
            return
        await asyncio.sleep(0.02)
    raise AssertionError("a file stays in temp")


async def outcomes(api: Api, *tries: Awaitable[Answer]) -> list[Answer]:
    answers = await asyncio.gather(*tries)
    await settled(api)
    assert await api.sql("SELECT * FROM upload") == []
    return answers


async def test_of_a_fetch_and_a_claim_exactly_one_wins(disk: Api) -> None:
    won = {"fetched": 0, "named": 0}
    for number in range(30):
        url = await uploaded(disk, PNG, "a.png")
        tries = [disk.get(path_of(disk, url)), ticket(disk, url)]
        if number % 2:
            tries.reverse()
        answers = await outcomes(disk, *tries)
        got, made = answers[:: -1 if number % 2 else 1]
        assert (got.status, made.status) in ((200, 400), (404, 201)), (got.status, made.body)
        won["fetched" if got.status == 200 else "named"] += 1
        if got.status == 200:
            assert got.body == PNG
            assert made.fields == {"attachments.0"}
    named = await disk.sql("SELECT unnest(attachments) AS name FROM ticket")
    assert len(named) == won["named"]
    kept = files(disk, "static")
    assert kept.keys() == {row["name"].removeprefix("/api/static/") for row in named}
    assert set(kept.values()) <= {PNG}
    assert (await disk.events()).count("file_fetched") == won["fetched"]


async def test_while_it_is_fetched_no_row_gets_it(disk: Api) -> None:
    url = await uploaded(disk, PNG, "a.png")
    name = path_of(disk, url).removeprefix("/api/temp/")
    database = disk.app.databases.sunshine
    async with database.transaction(System()) as tx:
        row, until = await uploads.lease(tx, name)
    assert (await ticket(disk, url)).fields == {"attachments.0"}
    async with database.transaction(System()) as tx:  # it broke off: it is there again
        await uploads.release(tx, row, until)
    assert (await ticket(disk, url)).status == 201


async def test_of_two_modules_that_name_it_at_once_one_gets_it(disk: Api) -> None:
    for _ in range(5):
        url = await uploaded(disk, PNG, "a.png")
        answers = await outcomes(
            disk, ticket(disk, url), leave(disk, url), photo(disk, url), branding(disk, url)
        )
        assert sorted(answer.status // 100 for answer in answers) == [2, 4, 4, 4]
    assert len(files(disk, "static")) == 5
    assert len(await disk.sql("SELECT * FROM stored_file")) == 5


async def test_a_claim_of_another_database_excludes_a_fetch_too(disk: Api) -> None:
    for number in range(10):
        url = await uploaded(disk, PNG, "a.png", as_="admin")
        body = {"title": "Ad", "placement": "popup", "startDate": "2024-01-01", "image": url}
        got, made = await outcomes(
            disk, disk.get(path_of(disk, url)), disk.post("/api/cms/ads", body, as_="admin")
        )
        assert (got.status, made.status) in ((200, 400), (404, 201)), number
    [row] = await disk.sql("SELECT count(*) AS count FROM ad", "cms")
    assert len(files(disk, "static")) == row["count"]


async def test_what_ends_while_it_is_named_is_kept_or_refused(disk: Api, now: Now) -> None:
    for _ in range(5):
        url = await uploaded(disk, PNG, "a.png", as_="admin")
        born = now()
        await disk.sql("UPDATE upload SET created_at = %(then)s", then=born - timedelta(hours=24))
        await disk.sql("UPDATE upload SET created_at = created_at + interval '300 milliseconds'")
        made, swept = await asyncio.gather(
            voucher(disk, url), disk.app.jobs.run("temp-files")
        )  # fmt: skip
        assert made.status in (201, 400)
        assert swept is not None
        if made.status == 201:
            assert (await disk.get(path_of(disk, made.data["image"]))).body == PNG
    [row] = await disk.sql("SELECT count(*) AS count FROM voucher")
    assert len(files(disk, "static")) == row["count"]


# ---- A client that is quick to leave ----------------------------------------------------------


async def _leave_at_once(api: Api, path: str) -> bytes:
    """Close the connection the moment the last byte is there."""
    reader, writer = await asyncio.open_connection("127.0.0.1", api.port)
    writer.write(f"GET {path} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
    head = await reader.readuntil(b"\r\n\r\n")
    content = await reader.readexactly(len(PNG))
    writer.close()
    assert b"200 OK" in head
    return content


async def test_who_leaves_at_once_has_had_it(
    disk: Api, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """The connection is gone by the time that we would end it: it was received all the same."""
    crashes: list[Any] = []
    monkeypatch.setattr("sunshine.web.handler.log.error", lambda *said, **_: crashes.append(said))
    real = asyncio.wait_for

    for _ in range(5):
        path = path_of(disk, await uploaded(disk, PNG, "a.png"))
        with monkeypatch.context() as patch:
            patch.setattr("sunshine.web.files.uploads.serving.send", _slow(disk))
            assert await real(_leave_at_once(disk, path), 20) == PNG
        await settled(disk)
        assert (await disk.get(path)).status == 404
    assert crashes == []
    assert await disk.sql("SELECT * FROM upload") == []


def _slow(api: Api) -> Any:
    from sunshine.web.files import serving as sending

    real = sending.send

    async def send(handler: Any, *given: Any, **more: Any) -> bool:
        """As ever, but that the client's leaving is noticed before the answer's end is."""
        sent = await real(handler, *given, **more)
        for _ in range(200):
            if handler.request.connection.stream.closed():
                break
            await asyncio.sleep(0.01)
        assert handler.request.connection.stream.closed()
        return sent

    return send


async def test_a_file_that_cannot_be_removed_is_swept(
    disk: Api, monkeypatch: pytest.MonkeyPatch, now: Now
) -> None:
    path = path_of(disk, await uploaded(disk, PNG, "a.png"))

    async def fail(*_: Any) -> None:
        raise OSError("the disk is away")

    crashes: list[Any] = []
    monkeypatch.setattr("sunshine.web.handler.log.error", lambda *said, **_: crashes.append(said))
    with monkeypatch.context() as patch:
        patch.setattr(LocalStorage, "remove", fail)
        assert (await disk.get(path)).body == PNG
        for _ in range(200):
            if not await disk.sql("SELECT * FROM upload"):
                break
            await asyncio.sleep(0.02)
        assert len(files(disk, "temp")) == 1
    assert (await disk.get(path)).status == 404
    assert crashes == []
    now.shift(hours=2)
    assert await disk.app.jobs.run("temp-files") == {"uploads": 0, "files": 1}
    assert files(disk, "temp") == {}
