"""Records of the last attempts, next to the backups: a failed one leaves no backup that shows it.

A failing `backup create` writes `.failed.json`; each `backup verify` of a backup in the directory
writes `.verified.json`.
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
    """When a backup could not be created, and why, in one line."""

    at: datetime
    reason: str


@dataclass(frozen=True)
class Proof:
    """Which backup was verified when, and whether it was restored correctly."""

    at: datetime
    name: str
    good: bool


def failed(shelf: Path, failure: Failure) -> None:
    """Write the failure if possible."""
    _write(shelf / FAILED, failure)


def verified(shelf: Path, proof: Proof) -> None:
    """Write the verification if possible."""
    _write(shelf / VERIFIED, proof)


def last_failure(shelf: Path) -> Failure | None:
    """Return the last recorded failure."""
    return _read(shelf / FAILED, Failure)


def last_proof(shelf: Path) -> Proof | None:
    """Return the last recorded verification."""
    return _read(shelf / VERIFIED, Proof)


def _write(file: Path, content: object) -> None:
    part = file.with_name(f"{file.name}.part")
    with suppress(OSError):  # a full disk, or a read-only directory
        part.write_bytes(msgspec.json.encode(content))
        part.chmod(0o600)
        part.replace(file)


def _read(file: Path, kind: type[T]) -> T | None:
    try:
        return msgspec.json.decode(file.read_bytes(), type=kind)
    except (OSError, ValueError):
        return None
