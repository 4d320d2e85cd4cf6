"""A part of a backup as it is written."""

import hashlib
import os
from pathlib import Path
from types import TracebackType

from sunshine.backups.manifest import Part


class Writer:
    """A new file that knows its length and checksum; a context that leaves it on the disk."""

    def __init__(self, path: Path) -> None:
        self._path = path
        # Passwords' hashes and everybody's papers: for nobody else, wherever it is copied.
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
        """How long it is."""
        return self._length

    def flush(self) -> None:
        """Nothing is held back."""

    @property
    def part(self) -> Part:
        """What it came to."""
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
