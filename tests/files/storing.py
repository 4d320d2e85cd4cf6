"""What every storage does, whatever it is made of: run by test_storage.py and tests/system."""

import secrets
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from sunshine.core.errors import NotFound
from sunshine.files.storage import CHUNK, Storage


async def read(storage: Storage, place: str, begin: int = 0, end: int | None = None) -> bytes:
    """What is in a file, or a part of it."""
    with closing(await storage.open(place)) as file:
        stop = file.size if end is None else end
        content = b"".join([bytes(chunk) async for chunk in file.chunks(begin, stop)])
    assert len(content) == stop - begin
    return content


async def listed(storage: Storage, area: str) -> dict[str, int]:
    return {found.place: found.size async for found in storage.files(area)}


async def part(storage: Storage, content: bytes) -> Path:
    storage.parts.mkdir(parents=True, exist_ok=True)
    file = storage.parts / f".{secrets.token_hex(4)}.part"
    file.write_bytes(content)
    return file


async def a_file_is_found_where_it_was_written(storage: Storage) -> None:
    await storage.write("static/employee/photo/Ünal.jpg", b"a photo")
    assert await read(storage, "static/employee/photo/Ünal.jpg") == b"a photo"
    assert await listed(storage, "static") == {"static/employee/photo/Ünal.jpg": 7}
    assert await listed(storage, "temp") == {}


async def a_part_becomes_a_file_and_is_no_more(storage: Storage) -> None:
    file = await part(storage, b"came")
    await storage.take(file, "temp/1-a.txt")
    assert not file.exists()
    assert await read(storage, "temp/1-a.txt") == b"came"
    assert await listed(storage, "temp") == {"temp/1-a.txt": 4}


async def a_copy_is_there_when_the_first_one_is_gone(storage: Storage) -> None:
    await storage.write("temp/a", b"moves")
    await storage.copy("temp/a", "static/ticketing/a")
    await storage.remove("temp/a")
    assert await read(storage, "static/ticketing/a") == b"moves"
    assert await listed(storage, "temp") == {}


async def what_is_not_there_is_not_found(storage: Storage) -> None:
    await storage.write("static/a/b", b"x")
    for place in ("static/nothing", "static/a", "static/a/", "static", "temp/", "static/a//b",
                  "static/../static/a/b", "static/./a/b", "static/a/.b", "static"):  # fmt: skip
        with pytest.raises(NotFound):
            await storage.open(place)
    with pytest.raises(NotFound):
        await storage.copy("temp/nothing", "static/b")
    assert await listed(storage, "static") == {"static/a/b": 1}


async def it_is_removed_more_than_once(storage: Storage) -> None:
    await storage.write("static/a", b"x")
    for _ in range(2):
        await storage.remove("static/a")
        with pytest.raises(NotFound):
            await storage.open("static/a")


async def any_part_of_it_is_read(storage: Storage) -> None:
    content = secrets.token_bytes(2 * CHUNK + 7)
    await storage.write("static/a", content)
    for begin, end in ((0, 0), (0, 1), (5, CHUNK + 5), (2 * CHUNK, 2 * CHUNK + 7)):
        assert await read(storage, "static/a", begin, end) == content[begin:end]
    assert await read(storage, "static/a") == content
    await storage.write("static/empty", b"")
    assert await read(storage, "static/empty") == b""


async def it_knows_when_it_was_written(storage: Storage) -> None:
    await storage.write("static/a", b"x")
    now = datetime.now(UTC)
    with closing(await storage.open("static/a")) as file:
        assert abs(now.timestamp() - file.modified) < 60
    [found] = [found async for found in storage.files("static")]
    assert abs(now - found.modified) < timedelta(minutes=1)


async def parts_that_were_left_are_swept(storage: Storage) -> None:
    old, new = await part(storage, b"x"), await part(storage, b"y")
    now = datetime.now(UTC)
    assert await storage.sweep(now - timedelta(hours=1)) == 0
    assert await storage.sweep(now + timedelta(minutes=1)) == 2
    assert not old.exists()
    assert not new.exists()


async def many_are_listed(storage: Storage) -> None:
    for number in range(60):
        await storage.write(f"temp/{number:03}", b"x" * number)
    assert await listed(storage, "temp") == {f"temp/{n:03}": n for n in range(60)}


SENTENCES = (
    a_file_is_found_where_it_was_written,
    a_part_becomes_a_file_and_is_no_more,
    a_copy_is_there_when_the_first_one_is_gone,
    what_is_not_there_is_not_found,
    it_is_removed_more_than_once,
    any_part_of_it_is_read,
    it_knows_when_it_was_written,
    parts_that_were_left_are_swept,
    many_are_listed,
)
