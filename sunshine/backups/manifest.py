"""What is in a backup: which parts, how long, with which checksum, and what they must come back to.

A backup is a folder: `manifest.json` and the parts that it names.
"""

import hashlib
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec

from sunshine.backups.content import Content

FORMAT = 1
NAME = "manifest.json"
CHUNK = 1 << 20


class BackupError(Exception):
    """A backup cannot be made, read or put back: one clear line."""


@contextmanager
def plainly(where: Path) -> Iterator[None]:
    """What the system refuses, a full disk first of all, in one line."""
    try:
        yield
    except OSError as error:
        raise BackupError(f"{error.filename or where}: {error.strerror or error}") from error


@dataclass(frozen=True)
class Part:
    """A file of the backup; `bytes` long."""

    name: str
    bytes: int
    sha256: str


@dataclass(frozen=True)
class DatabasePart:
    """One database: its archive, as `pg_dump -Fc` writes it, what made it, and what it holds."""

    part: Part
    database: str
    server: str
    programs: str
    content: Content


@dataclass(frozen=True)
class FilesPart:
    """The stored files: an archive (tar) and the list of their checksums, as sha256sum reads it.

    Where they are in a bucket (`storage` names it) there are neither: it is backed up by itself.
    """

    storage: str
    archive: Part | None
    listing: Part | None
    count: int
    bytes: int


@dataclass(frozen=True)
class Manifest:
    """All of it. Instants in UTC."""

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
        """Every file but the manifest itself."""
        found = [database.part for database in self.databases.values()]
        return found + [
            part for part in (self.files.archive, self.files.listing, self.documents) if part
        ]

    @property
    def bytes(self) -> int:
        """How much it takes on the disk."""
        return sum(part.bytes for part in self.parts)


def write(folder: Path, manifest: Manifest) -> None:
    """Write it down, with a checksum of its own."""
    body = msgspec.json.decode(msgspec.json.encode(manifest))
    text = msgspec.json.format(msgspec.json.encode(body | {"sha256": _digest(body)}), indent=2)
    with (folder / NAME).open("xb") as stream:
        os.fchmod(stream.fileno(), 0o600)
        stream.write(text + b"\n")
        stream.flush()
        os.fsync(stream.fileno())


def read(folder: Path) -> Manifest:
    """The manifest of a backup; BackupError where there is none that we wrote."""
    file = folder / NAME
    try:
        body = msgspec.json.decode(file.read_bytes(), type=dict[str, Any])
    except (FileNotFoundError, NotADirectoryError):
        raise BackupError(f"{folder} is no backup: it has no {NAME}") from None
    except OSError as error:
        raise BackupError(f"{file} cannot be read: {error.strerror}") from error
    except ValueError:
        raise BackupError(f"{file} is damaged: it is not what was written") from None
    if body.pop("sha256", None) != _digest(body):
        raise BackupError(f"{file} is damaged: it is not what was written")
    if body["format"] != FORMAT:
        raise BackupError(f"{folder} has format {body['format']}: another version made it")
    manifest: Manifest = msgspec.convert(body, Manifest)
    return manifest


def check(folder: Path, manifest: Manifest, advance: Callable[[], None] = lambda: None) -> None:
    """Read every part and compare; BackupError at the first that is not as it was written."""
    for part in manifest.parts:
        try:
            size = (folder / part.name).stat().st_size
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
    """Whether every part is there in its length: what can be said without reading it all."""
    try:
        return all((folder / part.name).stat().st_size == part.bytes for part in manifest.parts)
    except OSError:
        return False


def _digest(body: Mapping[str, Any]) -> str:
    return hashlib.sha256(msgspec.json.encode(body)).hexdigest()
