"""The manifest of a backup: its parts, their lengths and checksums, and the content they restore
to.

A backup is a folder: `manifest.json` and the parts it names.
"""

import hashlib
import os
import re
import stat
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec

from sunshine.backups.content import Content
from sunshine.core.variables import DATABASES

FORMAT = 1
NAME = "manifest.json"
CHUNK = 1 << 20
LONGEST = 64 << 20  # bytes of a manifest; it has a line for each table
_PLAIN = re.compile(r"[a-z][a-z0-9.]*")
_VERSION = re.compile(r"[0-9]{1,3}(\.|$| )|[0-9]{1,3}[a-z]")


class BackupError(Exception):
    """A backup cannot be created, read or restored; the message is one clear line."""


@contextmanager
def one_line_errors(where: Path) -> Iterator[None]:
    """Convert errors of the system, most often a full disk, to a BackupError in one line."""
    try:
        yield
    except OSError as error:
        raise BackupError(f"{error.filename or where}: {error.strerror or error}") from error


@dataclass(frozen=True)
class Part:
    """A file of the backup, `bytes` long."""

    name: str
    bytes: int
    sha256: str


@dataclass(frozen=True)
class DatabasePart:
    """One database: its archive as `pg_dump -Fc` writes it, the versions that made it, and its
    content."""

    part: Part
    database: str
    server: str
    programs: str
    content: Content


@dataclass(frozen=True)
class FilesPart:
    """The stored files: an archive (tar) and the list of their checksums, in the format of
    sha256sum.

    If they are in a bucket (`storage` names it) there is neither: the bucket has its own backups.
    """

    storage: str
    archive: Part | None
    listing: Part | None
    count: int
    bytes: int


@dataclass(frozen=True)
class Manifest:
    """The whole manifest. Instants are in UTC."""

    format: int
    name: str
    created: datetime
    finished: datetime
    program: str
    databases: Mapping[str, DatabasePart]
    files: FilesPart
    documents: Part | None = None

    @property
    def parts(self) -> list[Part]:
        """Return every file except the manifest itself."""
        found = [database.part for database in self.databases.values()]
        return found + [
            part for part in (self.files.archive, self.files.listing, self.documents) if part
        ]

    @property
    def bytes(self) -> int:
        """Return the size on disk."""
        return sum(part.bytes for part in self.parts)


def write(folder: Path, manifest: Manifest) -> None:
    """Write the manifest, with a checksum of its own."""
    body = msgspec.json.decode(msgspec.json.encode(manifest))
    text = msgspec.json.format(msgspec.json.encode(body | {"sha256": _digest(body)}), indent=2)
    with (folder / NAME).open("xb") as stream:
        os.fchmod(stream.fileno(), 0o600)
        stream.write(text + b"\n")
        stream.flush()
        os.fsync(stream.fileno())


def read(folder: Path) -> Manifest:
    """Return the manifest of a backup; BackupError if there is none, or not one that we wrote."""
    file = folder / NAME
    try:
        if not stat.S_ISREG(file.stat().st_mode) or file.stat().st_size > LONGEST:
            raise ValueError
        body = msgspec.json.decode(file.read_bytes(), type=dict[str, Any])
    except (FileNotFoundError, NotADirectoryError):
        raise BackupError(f"{folder} is no backup: it has no {NAME}") from None
    except OSError as error:
        raise BackupError(f"{file} cannot be read: {error.strerror}") from error
    except (ValueError, RecursionError):
        raise BackupError(f"{file} is damaged: it is not what was written") from None
    if body.pop("sha256", None) != _digest(body):
        raise BackupError(f"{file} is damaged: it is not what was written")
    if body.get("format") != FORMAT:
        raise BackupError(f"{folder} has format {body.get('format')!r}: another version made it")
    try:
        manifest: Manifest = msgspec.convert(body, Manifest)
        _check_meaning(manifest)
    except ValueError as error:
        raise BackupError(f"{file} is damaged: {error}") from None
    return manifest


def _check_meaning(manifest: Manifest) -> None:
    """Raise ValueError for content that no backup of ours has, even if its checksum is right."""
    if manifest.databases.keys() != set(DATABASES):
        known = ", ".join(DATABASES)
        raise ValueError(f"it has other databases than {known}: another version made it")
    for part in manifest.parts:
        if not _PLAIN.fullmatch(part.name) or part.bytes < 0:
            raise ValueError(f"{part.name!r} is no part of a backup")
    if (manifest.files.archive is None) != (manifest.files.listing is None):
        raise ValueError("it has files without their list, or the list without them")
    for database in manifest.databases.values():
        for version in (database.server, database.programs):
            if not _VERSION.match(version):
                raise ValueError(f"{version!r} is no version of PostgreSQL")


def check(folder: Path, manifest: Manifest, advance: Callable[[], None] = lambda: None) -> None:
    """Read every part and compare; BackupError at the first one that differs."""
    for part in manifest.parts:
        try:
            there = (folder / part.name).lstat()
            size = there.st_size
            if not stat.S_ISREG(there.st_mode):
                raise BackupError(f"{folder / part.name} is damaged: it is no file")
            if size != part.bytes:
                raise BackupError(
                    f"{folder / part.name} is damaged: {size} bytes instead of {part.bytes}"
                )
            with (folder / part.name).open("rb") as stream:
                found = hashlib.file_digest(stream, "sha256").hexdigest()
        except OSError as error:
            raise BackupError(f"{folder / part.name}: {error.strerror}") from error
        if found != part.sha256:
            raise BackupError(f"{folder / part.name} is damaged: its checksum is another one")
        advance()


def is_whole(folder: Path, manifest: Manifest) -> bool:
    """Return whether every part exists with its full length; does not read them."""
    try:
        there = [(folder / part.name).lstat() for part in manifest.parts]
    except OSError:
        return False
    pairs = zip(there, manifest.parts, strict=True)
    return all(stat.S_ISREG(at.st_mode) and at.st_size == part.bytes for at, part in pairs)


def _digest(body: Mapping[str, Any]) -> str:
    return hashlib.sha256(msgspec.json.encode(body)).hexdigest()
