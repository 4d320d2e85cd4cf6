"""What became of the last tries, beside the backups: no backup tells of one that failed.

`.failed.json` is written by a `backup create` that ends badly, `.verified.json` by each `backup
verify` of a backup of the shelf.
"""

from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TypeVar

import msgspec

FAILED = ".failed.json"
VERIFIED = ".verified.json"
T = TypeVar("T")


@dataclass(frozen=True)
class Failure:
    """When a backup could not be made, and why, in a line."""

    at: datetime
    reason: str


@dataclass(frozen=True)
class Proof:
    """Which backup was tried when, and whether all came back as it was."""

    at: datetime
    name: str
    good: bool


def failed(shelf: Path, failure: Failure) -> None:
    """Write it down, where that can be done."""
    _write(shelf / FAILED, failure)


def verified(shelf: Path, proof: Proof) -> None:
    """Write it down, where that can be done."""
    _write(shelf / VERIFIED, proof)


def last_failure(shelf: Path) -> Failure | None:
    """The last one that could be written down."""
    return _read(shelf / FAILED, Failure)


def last_proof(shelf: Path) -> Proof | None:
    """The last one that could be written down."""
    return _read(shelf / VERIFIED, Proof)


def _write(file: Path, content: object) -> None:
    part = file.with_name(f"{file.name}.part")
    with suppress(OSError):  # a full disk, or a shelf that is only to be read: nothing to tell
        part.write_bytes(msgspec.json.encode(content))
        part.chmod(0o600)
        part.replace(file)


def _read(file: Path, kind: type[T]) -> T | None:
    try:
        return msgspec.json.decode(file.read_bytes(), type=kind)
    except (OSError, ValueError):
        return None
