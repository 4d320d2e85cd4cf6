"""Where files are, and that they are there for good: sunshine/files/storage.py, s3.py, files.py."""

import asyncio
import os
from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from obstore.store import MemoryStore

from sunshine.core.errors import Conflict, NotFound, StorageFull, Unavailable
from sunshine.core.principals import System
from sunshine.files.attachments import change
from sunshine.files.local import LocalStorage
from sunshine.files.s3 import S3Storage
from sunshine.files.storage import Storage
from tests.api import Api
from tests.files.storing import SENTENCES, read

SYSTEM = System()
every_sentence = pytest.mark.parametrize("sentence", SENTENCES, ids=lambda it: it.__name__)
Sentence = Callable[[Storage], Awaitable[None]]


@every_sentence
async def test_a_folder(sentence: Sentence, tmp_path: Path) -> None:
    await sentence(LocalStorage(tmp_path))


@every_sentence
async def test_objects(sentence: Sentence, tmp_path: Path) -> None:
    await sentence(S3Storage(MemoryStore(), tmp_path / "temp"))


@pytest.fixture
def local(tmp_path: Path) -> LocalStorage:
    return LocalStorage(tmp_path)


async def test_every_folder_above_a_new_one_survives_a_power_cut(
    local: LocalStorage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: list[Path] = []
    real = os.fsync

    def fsync(handle: int) -> None:
        synced.append(Path(os.readlink(f"/proc/self/fd/{handle}")))
        real(handle)

    monkeypatch.setattr("sunshine.files.local.os.fsync", fsync)
    await local.write("static/employee/photo/a.jpg", b"a photo")
    folders = [tmp_path / "static/employee/photo", tmp_path / "static/employee",
               tmp_path / "static", tmp_path]  # fmt: skip
    assert synced[0].name.endswith(".part")
    assert synced[1:] == folders
    synced.clear()
    await local.copy("static/employee/photo/a.jpg", "static/employee/photo/b.jpg")
    assert synced == folders[:1]


async def test_a_full_disk_leaves_no_part(
    local: LocalStorage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await local.write("temp/a", b"x")

    def full(*_: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("sunshine.files.local.os.fsync", full)
    for act in (local.write("static/b", b"x"), local.copy("temp/a", "static/b")):
        monkeypatch.setattr("sunshine.files.local.os.link", full)
        monkeypatch.setattr("sunshine.files.local.shutil.copyfile", full)
        with pytest.raises(StorageFull):
            await act
    assert [file.name for file in (tmp_path / "static").iterdir()] == []


async def test_it_copies_where_nothing_can_be_linked(
    local: LocalStorage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: Any) -> None:
        raise OSError(18, "Invalid cross-device link")

    monkeypatch.setattr("sunshine.files.local.os.link", refuse)
    await local.write("temp/a", b"moves")
    await local.copy("temp/a", "static/a")
    assert await read(local, "static/a") == b"moves"
    with pytest.raises(NotFound):
        await local.copy("temp/nothing", "static/b")
    assert [file.name for file in (tmp_path / "static").iterdir()] == ["a"]


@pytest.mark.parametrize(
    "place",
    ["static/../secret", "secret", "private/secret", "static/link", "static/away/secret",
     "static/.hidden", "static", "", "/etc/passwd", "temp/../secret", "static/../private/secret",
     "static/pipe", "static/" + "x" * 300, "static/" + "x/" * 3000 + "x"],
)  # fmt: skip
async def test_nothing_else_is_opened(local: LocalStorage, tmp_path: Path, place: str) -> None:
    (tmp_path / "private").mkdir()
    (tmp_path / "static").mkdir()
    for name in ("secret", "private/secret", "static/.hidden"):
        (tmp_path / name).write_bytes(b"a secret")
    (tmp_path / "static/link").symlink_to(tmp_path / "secret")
    (tmp_path / "static/away").symlink_to(tmp_path / "private")
    os.mkfifo(tmp_path / "static/pipe")
    with pytest.raises(NotFound):
        await local.open(place)


async def test_its_folders_may_be_links(local: LocalStorage, tmp_path: Path) -> None:
    for area in ("static", "temp"):
        (tmp_path / f"mounted-{area}").mkdir()
        (tmp_path / area).symlink_to(tmp_path / f"mounted-{area}")
    await local.write("temp/a", b"x")
    await local.copy("temp/a", "static/b/a")
    assert await read(local, "static/b/a") == b"x"


# ---- Along with rows --------------------------------------------------------------------------


async def changed(api: Api, ending: BaseException | None) -> list[str]:
    """The places of two files that were kept with a change that ended so."""
    kept: list[str] = []
    storage = api.app.application.storage
    with suppress(*([type(ending)] if ending else [])):
        async with change(storage) as files, api.app.databases.sunshine.transaction(SYSTEM) as tx:
            for _ in range(2):
                path = await files.keep(tx, "employee", b"a photo", "jpg")
                kept.append(f"static/{path}")
            if ending:
                raise ending
    assert len(kept) == 2
    return kept


async def test_nobody_guesses_its_name(disk: Api) -> None:
    first, second = await changed(disk, None)
    assert first != second
    assert {len(Path(place).stem) for place in (first, second)} == {32}


async def test_a_refused_change_keeps_no_file(disk: Api) -> None:
    for place in await changed(disk, Conflict()):
        with pytest.raises(NotFound):
            await disk.app.application.storage.open(place)
    assert await disk.sql("SELECT * FROM stored_file") == []


async def test_a_change_that_was_made_or_may_have_been_keeps_its_files(disk: Api) -> None:
    for ending in (None, Unavailable(), RuntimeError(), asyncio.CancelledError()):
        for place in await changed(disk, ending):
            assert await read(disk.app.application.storage, place) == b"a photo"
    assert len(await disk.sql("SELECT * FROM stored_file")) == 2


async def test_what_cannot_be_removed_afterwards_changes_no_answer(
    disk: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def away(*_: Any) -> None:
        raise Unavailable

    monkeypatch.setattr(LocalStorage, "remove", away)
    assert len(await changed(disk, Conflict())) == 2
