"""Files that stay: sunshine/storage.py."""

import asyncio
import os
from contextlib import suppress
from pathlib import Path

import pytest

from sunshine.errors import Conflict, NotFound, Unavailable
from sunshine.storage import Storage


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "static"


@pytest.fixture
def storage(root: Path) -> Storage:
    return Storage(root)


async def read(storage: Storage, path: str) -> bytes:
    file = await storage.open(path)
    with file.stream:
        content = file.stream.read()
    assert len(content) == file.size
    return content


async def changed(storage: Storage, ending: BaseException | None) -> list[str]:
    """The paths of two files that were kept with a change that ended so."""
    paths: list[str] = []
    with suppress(*([type(ending)] if ending else [])):
        async with storage.change() as change:
            for _ in range(2):
                paths.append(await change.keep("employee", b"a photo", "jpg"))
            if ending:
                raise ending
    assert len(paths) == 2
    return paths


async def test_a_file_is_found_where_it_was_kept(storage: Storage, root: Path) -> None:
    path = await storage.keep("employee/attendance", b"a photo", "jpg")
    assert path.startswith("employee/attendance/")
    assert path.endswith(".jpg")
    assert await read(storage, path) == b"a photo"
    assert [file.name for file in (root / "employee/attendance").iterdir()] == [Path(path).name]


async def test_nobody_guesses_its_name(storage: Storage) -> None:
    names = {Path(await storage.keep("employee", b"", "jpg")).stem for _ in range(50)}
    assert len(names) == 50
    assert {len(name) for name in names} == {32}


async def test_it_can_be_removed_more_than_once(storage: Storage) -> None:
    path = await storage.keep("employee", b"a photo", "jpg")
    for _ in range(2):
        await storage.remove(path)
        with pytest.raises(NotFound):
            await storage.open(path)


async def test_bytes_name_and_folders_are_on_the_disk_when_it_returns(
    storage: Storage, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    done: list[str] = []
    real_fsync, real_rename = os.fsync, Path.rename

    def fsync(handle: int) -> None:
        done.append(f"fsync {os.readlink(f'/proc/self/fd/{handle}')}")
        real_fsync(handle)

    def rename(self: Path, target: Path) -> Path:
        done.append(f"rename {self}")
        return real_rename(self, target)

    monkeypatch.setattr(os, "fsync", fsync)
    monkeypatch.setattr(Path, "rename", rename)
    path = await storage.keep("employee/attendance", b"a photo", "jpg")
    part = f"{root}/employee/attendance/.{Path(path).name}.part"
    folders = [f"fsync {root / name}" for name in ("employee/attendance", "employee", "")]
    assert done == [f"fsync {part}", f"rename {part}", *folders]
    del done[:]
    await storage.keep("employee/attendance", b"another", "jpg")
    assert done[2:] == folders[:1]


async def test_a_failed_write_leaves_nothing(
    storage: Storage, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(handle: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        await storage.keep("employee", b"a photo", "jpg")
    assert list((root / "employee").iterdir()) == []


@pytest.mark.parametrize(
    "path",
    [
        "", ".", "..", "employee", "employee/", "/employee/photo.jpg", "employee//photo.jpg",
        "employee/../employee/photo.jpg", "employee/./photo.jpg", "../secret.txt", "../static",
        "employee/.hidden.jpg", ".git/config", "employee\\photo.jpg", "employee/photo.jpg/",
        "employee/link.jpg", "out/secret.txt", "inside/photo.jpg", "employee/pipe",
        "employee/photo.jpg/x", "employee/" + "x" * 300, "x/" * 3000 + "x",
    ],
)  # fmt: skip
async def test_it_opens_plain_files_of_its_own_only(
    storage: Storage, root: Path, path: str
) -> None:
    (root / "employee").mkdir(parents=True)
    for name in ("photo.jpg", ".hidden.jpg"):
        (root / "employee" / name).write_bytes(b"a photo")
    (root.parent / "secret.txt").write_bytes(b"secret")
    (root / ".git").mkdir()
    (root / ".git/config").write_bytes(b"secret")
    (root / "employee/link.jpg").symlink_to(root.parent / "secret.txt")
    (root / "out").symlink_to(root.parent)
    (root / "inside").symlink_to(root / "employee")
    os.mkfifo(root / "employee/pipe")
    assert await read(storage, "employee/photo.jpg") == b"a photo"
    with pytest.raises(NotFound):
        await storage.open(path)


async def test_the_folder_itself_may_be_a_link(storage: Storage, root: Path) -> None:
    elsewhere = root.parent / "large disk"
    elsewhere.mkdir()
    root.symlink_to(elsewhere)  # noqa: ASYNC240 - a test has the loop for itself
    path = await storage.keep("employee", b"a photo", "jpg")
    assert await read(storage, path) == b"a photo"


async def test_a_refused_change_keeps_no_file(storage: Storage) -> None:
    paths = await changed(storage, Conflict())
    for path in paths:
        with pytest.raises(NotFound):
            await storage.open(path)


async def test_a_change_that_was_made_or_may_have_been_keeps_its_files(storage: Storage) -> None:
    for ending in (None, Unavailable(), asyncio.CancelledError()):
        for path in await changed(storage, ending):
            assert await read(storage, path) == b"a photo"
