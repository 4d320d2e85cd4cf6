"""The stored files in a backup: DIR/static as one tar archive, and a list of their checksums.

A file is written before the row that refers to it is committed, and never changes. So every file
that a row refers to at the moment of the dump exists before or after it: the folder is read before
the dump, and new files once more after it. Files without a row do no harm.
sunshine/files/storage.py stores them.
"""

import hashlib
import os
import shutil
import tarfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from sunshine.backups.manifest import CHUNK, BackupError, FilesPart, Manifest
from sunshine.backups.writer import Writer
from sunshine.core.settings import Settings

ARCHIVE = "files.tar"
LISTING = "files.sha256"
STAGING = ".restoring-"
_LATEST = 1 << 40  # seconds since the epoch: more than file systems know
# tarfile's errors for bytes that are not an archive, or describe an impossible file.
_DAMAGE = (tarfile.TarError, EOFError, ValueError, OverflowError, KeyError, RecursionError)


class Archive:
    """Collects the files of a folder, in as many passes as needed."""

    def __init__(self, root: Path, folder: Path, into: Writer) -> None:
        self._root = root
        self._folder = folder
        self._tar_file = into
        self._tar = tarfile.TarFile(
            mode="w",
            fileobj=into,  # type: ignore[arg-type]  # it has `write`, which is all tarfile needs
            format=tarfile.PAX_FORMAT,
        )
        self._kept: dict[str, str] = {}
        self._bytes = 0

    def gather(self, advance: Callable[[], None] = lambda: None) -> None:
        """Add every file that is not yet in the archive."""
        for name in names(self._root):
            if name not in self._kept:
                self._take(name)
                advance()

    def finish(self) -> FilesPart:
        """Finish the archive and return its description."""
        self._tar.close()
        with Writer(self._folder / LISTING) as listing:
            for name, digest in sorted(self._kept.items()):
                listing.write(os.fsencode(_line(name, digest)))
        return FilesPart("local", self._tar_file.part, listing.part, len(self._kept), self._bytes)

    def _take(self, name: str) -> None:
        with suppress(FileNotFoundError), (self._root / name).open("rb") as stream:
            found = os.fstat(stream.fileno())
            entry = tarfile.TarInfo(name)
            entry.size, entry.mtime, entry.mode = found.st_size, found.st_mtime, found.st_mode
            source = _Hashing(stream)
            self._tar.addfile(entry, source)  # type: ignore[arg-type]  # it has `read`
            self._kept[name] = source.digest.hexdigest()
            self._bytes += entry.size


class Elsewhere:
    """Files in a bucket, which has its own backups: the backup only names it."""

    def __init__(self, url: str) -> None:
        self._url = url

    def gather(self, advance: Callable[[], None] = lambda: None) -> None:
        """Add nothing: the bucket is not part of the backup."""

    def finish(self) -> FilesPart:
        """Return the location of the files."""
        return FilesPart(self._url, archive=None, listing=None, count=0, bytes=0)


@contextmanager
def gathered(settings: Settings, folder: Path) -> Iterator[Archive | Elsewhere]:
    """Yield the collector of stored files for a backup's folder, wherever they are stored."""
    if settings.storage_url:
        yield Elsewhere(settings.storage_url)
        return
    with Writer(folder / ARCHIVE) as archive:
        yield Archive(settings.directory / "static", folder, archive)


class _Hashing:
    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self.digest = hashlib.sha256()

    def read(self, size: int) -> bytes:
        content = self._stream.read(size)
        self.digest.update(content)
        return content


def names(root: Path) -> Iterator[str]:
    """Yield the paths of the stored files, from the folder; names with a leading dot are not
    ours."""
    for where, folders, files in os.walk(root):
        folders[:] = sorted(folder for folder in folders if not folder.startswith("."))
        for file in sorted(files):
            path = Path(where, file)
            if not file.startswith(".") and path.is_file() and not path.is_symlink():
                yield path.relative_to(root).as_posix()


def listed(folder: Path) -> dict[str, str]:
    """Return the checksum of each file of a backup, by its path.

    BackupError if a path leads outside the folder that files are restored into.
    """
    lines = os.fsdecode((folder / LISTING).read_bytes()).split("\n")
    wanted = dict(_parsed(line) for line in lines if line)
    for name in wanted:
        # `names` skips a leading dot as not ours, so such a file would be left out.
        if "\0" in name or any(part == "" or part.startswith(".") for part in name.split("/")):
            raise BackupError(f"{folder / LISTING} is damaged at {_shown(name)}")
    return wanted


def entries(folder: Path, wanted: Mapping[str, str]) -> Iterator[tuple[tarfile.TarInfo, BinaryIO]]:
    """Yield every file of a backup's archive exactly once, with its bytes.

    BackupError for anything we would not have added: a link, a device, a folder, a sparse file, a
    file that is not in the list. So nothing is ever written outside the intended folder. Errors of
    tarfile, here and where the bytes are read, are for `_telling_nonsense`.
    """
    place, found = folder / ARCHIVE, set()
    with tarfile.open(place, "r|") as archive:
        for entry in archive:
            name = entry.name
            ours = entry.isreg() and not entry.issparse() and abs(entry.mtime) < _LATEST
            if not ours or name not in wanted or name in found:
                raise BackupError(f"{place} is damaged at {_shown(name)}")
            source = archive.extractfile(entry)
            assert source  # noqa: S101 - it is a file
            found.add(name)
            yield entry, source  # type: ignore[misc]  # it has `read`
    if missing := wanted.keys() - found:
        raise BackupError(f"{place} lacks {_shown(min(missing))}")


def examine(folder: Path, found: Manifest) -> None:
    """Read the archive to its end like `unpack`; BackupError if that would fail."""
    if found.files.archive is None:
        return
    wanted = listed(folder)
    with _reporting_damage(folder / ARCHIVE):
        for entry, source in entries(folder, wanted):
            digest = hashlib.sha256()
            while chunk := source.read(CHUNK):
                digest.update(chunk)
            if digest.hexdigest() != wanted[entry.name]:
                raise BackupError(f"{folder / ARCHIVE} is damaged at {_shown(entry.name)}")


@contextmanager
def _reporting_damage(place: Path) -> Iterator[None]:
    try:
        yield
    except _DAMAGE as error:
        reason = str(error).partition("\n")[0] or type(error).__name__
        raise BackupError(f"{place} is damaged: {reason}") from error


class Staged:
    """The files of a backup next to the existing ones: checked, but not yet in use."""

    def __init__(self, folder: Path, root: Path) -> None:
        root.mkdir(parents=True, exist_ok=True)
        for left in root.glob(f"{STAGING}*"):  # of a restore that was killed
            shutil.rmtree(left)
        self._root = root
        self._staging = root / f"{STAGING}{os.getpid()}"
        self._wanted = listed(folder)
        self._owner = root.stat()
        self._folder = folder
        self._put: list[tuple[Path, Path]] = []

    def __enter__(self) -> "Staged":
        return self

    def __exit__(self, *_: object) -> None:
        shutil.rmtree(self._staging, ignore_errors=True)

    def unpack(self, advance: Callable[[], None] = lambda: None) -> None:
        """Write every file that is missing or differs; BackupError for a damaged one."""
        self._staging.mkdir(mode=0o700)
        archive = self._folder / ARCHIVE
        with _reporting_damage(archive):
            for entry, source in entries(self._folder, self._wanted):
                if self._wanted[entry.name] != self._write(entry, source):
                    raise BackupError(f"{archive} is damaged at {_shown(entry.name)}")
                advance()

    @contextmanager
    def put(self) -> Iterator[int]:
        """Move the files into place; yield how many. Existing files stay: names are never reused.

        If the block fails, the folder is left as it was before.
        """
        for name in list(names(self._staging)):
            target, displaced = self._root / name, self._staging / f".{len(self._put)}"
            if _digest(target) == self._wanted[name]:
                continue
            self._make(target.parent)
            if target.exists():
                target.replace(displaced)
            self._put.append((target, displaced))
            (self._staging / name).replace(target)
        os.sync()
        try:
            yield len(self._put)
        except BackupError:
            self._take_back()
            raise

    def _take_back(self) -> None:
        for target, displaced in reversed(self._put):
            target.unlink(missing_ok=True)
            if displaced.exists():
                displaced.replace(target)

    def _write(self, entry: tarfile.TarInfo, source: BinaryIO) -> str:
        target = self._staging / entry.name
        target.parent.mkdir(parents=True, exist_ok=True)
        with Writer(target) as writer:
            shutil.copyfileobj(source, writer, CHUNK)
        os.utime(target, (entry.mtime, entry.mtime))
        target.chmod(entry.mode & 0o777)
        self._hand_over(target)
        return writer.part.sha256

    def _make(self, folder: Path) -> None:
        if not folder.is_dir():
            self._make(folder.parent)
            folder.mkdir()
            self._hand_over(folder)

    def _hand_over(self, path: Path) -> None:
        """Give a restored file to the folder's owner if we are root; the server must be able to
        read it."""
        if os.geteuid() == 0:
            os.chown(path, self._owner.st_uid, self._owner.st_gid)


class Untouched:
    """Files in a bucket: they stay as they are."""

    def unpack(self, advance: Callable[[], None] = lambda: None) -> None:
        """Do nothing: the backup has no files."""

    @contextmanager
    def put(self) -> Iterator[int]:
        """Yield 0: no file is moved."""
        yield 0


def check(settings: Settings, found: Manifest) -> None:
    """Raise BackupError if the restored servers would not find the backup's files."""
    if found.files.archive is None and not settings.storage_url:
        raise BackupError(
            f"the backup's files are in {found.files.storage}, not in the backup: restore it with "
            "STORAGE_URL naming the bucket"
        )
    if found.files.count and settings.storage_url:
        raise BackupError(
            f"the backup has {found.files.count} files of DIR, and STORAGE_URL names a bucket, "
            "where they would be missing: restore it with STORAGE_URL= and copy DIR/static there"
        )


@contextmanager
def staged(settings: Settings, folder: Path, found: Manifest) -> Iterator[Staged | Untouched]:
    """Yield the object that restores a backup's files, wherever they are stored."""
    if found.files.archive is None:
        yield Untouched()
        return
    with Staged(folder, settings.directory / "static") as files:
        yield files


def _digest(path: Path) -> str | None:
    try:
        with path.open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()
    except OSError:
        return None


def _shown(name: str) -> str:
    """Return a name as a terminal can show it on one line."""
    return name if name.isprintable() else repr(name)


def _line(name: str, digest: str) -> str:
    """Return a line in the format of `sha256sum`, so that `sha256sum` alone can check it."""
    escaped = name.replace("\\", "\\\\").replace("\n", "\\n").replace("\r", "\\r")
    mark = "\\" if escaped != name else ""
    return f"{mark}{digest}  {escaped}\n"


def _parsed(line: str) -> tuple[str, str]:
    """Return the path and the checksum."""
    digest, _, name = line.partition("  ")
    if digest.startswith("\\"):
        digest = digest[1:]
        name = name.replace("\\\\", "\0").replace("\\n", "\n").replace("\\r", "\r")
        name = name.replace("\0", "\\")
    return name, digest
