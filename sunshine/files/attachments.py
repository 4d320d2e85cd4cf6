"""Files stored along with the rows that name them: kept if the change is committed, else removed.

Storage: sunshine/files/storage.py. Uploads: sunshine/files/uploads.py. A row names a file as
`/api/static/<path>` on any host; handlers make URLs of that which open the file
(sunshine/web/files/serving.py), so that rows and events hold no secret.
"""

import hashlib
import secrets
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager

import structlog
from sqlalchemy import BigInteger, bindparam, insert

from models.files import stored_file
from sunshine.core.errors import AppError, NotFound, Unavailable
from sunshine.database.database import Transaction
from sunshine.database.statements import Statement
from sunshine.files import uploads
from sunshine.files.storage import STATIC, TEMP, Storage

log = structlog.get_logger("sunshine.files")

_INSERT = Statement(
    insert(stored_file).values(
        path=bindparam("path"),
        size=bindparam("size", type_=BigInteger),
        sha256=bindparam("sha256"),
        created_at=bindparam("now"),
    )
)


def new_path(folder: str, upload: str) -> str:
    """Return a new path below `static` for an upload, which no other attempt gets either."""
    return f"{folder}/{secrets.token_hex(16)}-{uploads.plain_name(upload)}"


class Change:
    """The files of one change."""

    def __init__(self, storage: Storage) -> None:
        self._storage = storage
        self.made: list[str] = []
        self.spent: list[str] = []

    async def keep(self, tx: Transaction, folder: str, content: bytes, suffix: str) -> str:
        """Store a new file in a folder below `static` and return its path from there."""
        path = f"{folder}/{secrets.token_hex(16)}.{suffix}"
        await self._storage.write(self._made(path), content)
        digest = hashlib.sha256(content).hexdigest()
        await tx.execute(_INSERT, path=path, size=len(content), sha256=digest)
        return path

    async def claim(self, tx: Transaction, paths: Mapping[str, str], *, user: int) -> set[str]:
        """Move uploads of a user to new paths below `static`; return the names of those found.

        `tx` is of the database `sunshine`: until it ends, nobody else can claim them.
        """
        taken = set()
        for name, row in (await uploads.claim(tx, list(paths), user=user)).items():
            path = paths[name]
            try:
                await self._storage.copy(f"{TEMP}/{name}", self._made(path))
            except NotFound:
                log.error("an upload has lost its file", name=uploads.plain_name(name))
                continue
            await tx.execute(_INSERT, path=path, size=row["size"], sha256=row["sha256"])
            self.spent.append(f"{TEMP}/{name}")
            taken.add(name)
        return taken

    def _made(self, path: str) -> str:
        place = f"{STATIC}/{path}"
        self.made.append(place)
        return place

    async def undo(self) -> None:
        """Remove the files that were stored."""
        await self._remove(self.made)

    async def clean(self) -> None:
        """Remove the uploads that were moved from their former places."""
        await self._remove(self.spent)

    async def _remove(self, places: Sequence[str]) -> None:
        for place in places:
            try:
                await self._storage.remove(place)
            except (
                OSError,
                AppError,
            ) as error:  # the answer is decided; a sweep finds it
                log.warning("a file stays that is of no use", reason=str(error))


@asynccontextmanager
async def change(storage: Storage) -> AsyncIterator[Change]:
    """Store files around the transaction of the rows that name them.

    If it is refused, the files are removed. If it is unknown whether it was committed, they stay: a
    file without a row costs space, a row without its file is a loss.
    """
    files = Change(storage)
    try:
        yield files
    except Unavailable:
        raise
    except AppError:
        await files.undo()
        raise
    await files.clean()
