"""Writes one part of a backup."""

import hashlib
import os
from pathlib import Path
from types import TracebackType

from sunshine.backups.manifest import Part


class Writer:
    """A new file that computes its length and checksum; a context that syncs it to disk."""

    def __init__(self, path: Path) -> None:
        self._path = path
        # Password hashes and personal documents: readable by nobody else, wherever it is copied.
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        self._stream = os.fdopen(handle, "wb")
        self._digest = hashlib.sha256()
        self._length = 0

    def write(self, content: bytes) -> int:
        """Append."""
        self._digest.update(content)
        self._length += len(content)
        return self._stream.write(content)

    def tell(self) -> int:
        """Return the current length."""
        return self._length

    def flush(self) -> None:
        """Do nothing: nothing is buffered."""

    @property
    def part(self) -> Part:
        """Return the description of what was written."""
        return Part(self._path.name, self._length, self._digest.hexdigest())

    def __enter__(self) -> "Writer":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        with self._stream:
            if kind is None:
                self._stream.flush()
                os.fsync(self._stream.fileno())
