"""Files in S3 or a compatible storage: STORAGE_URL=s3://bucket/prefix. See storage.py.

For several machines that serve the same files. Keys are the places below the prefix.
"""

import asyncio
import re
import secrets
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import obstore
import structlog
from obstore.exceptions import BaseError, PermissionDeniedError, UnauthenticatedError
from obstore.store import S3Store

from sunshine.core.errors import NotFound, Unavailable
from sunshine.core.settings import Settings
from sunshine.files.storage import CHUNK, STATIC, TEMP, Found, Stored, remove_parts

if TYPE_CHECKING:
    from obstore import ObjectMeta
    from obstore.store import ObjectStore

log = structlog.get_logger("sunshine.storage")


class Trouble(NamedTuple):
    """Why files cannot be stored there, and how to fix it."""

    found: str
    mend: str


# By the words of the error of S3 and compatible storages; the first that matches counts.
_TROUBLES = {
    "NoSuchBucket": Trouble("there is no such bucket", "make it, or mind STORAGE_URL"),
    "InvalidAccessKeyId": Trouble("it does not know the key", "mind AWS_ACCESS_KEY_ID"),
    "SignatureDoesNotMatch": Trouble("the secret is not that key's", "mind AWS_SECRET_ACCESS_KEY"),
    "AuthorizationHeaderMalformed": Trouble("it is in another region", "mind AWS_REGION"),
    "PermanentRedirect": Trouble("it is in another region", "mind AWS_REGION"),
    "redirect without LOCATION": Trouble("it is in another region", "mind AWS_REGION"),
    "RequestTimeTooSkewed": Trouble("it has another time", "timedatectl set-ntp true"),
    "credential": Trouble("there is no key for it here", "set AWS_ACCESS_KEY_ID and its secret"),
}
_RIGHTS = {
    "write": "PutObject",
    "list": "ListBucket",
    "read": "GetObject",
    "remove": "DeleteObject",
}


def _trouble(step: str, error: Exception) -> Trouble:
    said = str(error)
    for word, trouble in _TROUBLES.items():
        if word in said:
            return trouble
    if "AccessDenied" in said or isinstance(error, PermissionDeniedError | UnauthenticatedError):
        return Trouble(f"the key may not {step} there", f"allow it s3:{_RIGHTS[step]}")
    code = re.search(r"<Code>([A-Za-z0-9]+)</Code>", said)
    reason = code[1] if code else " ".join(said.split())[:200]
    return Trouble(f"cannot {step} there: {reason}", "mind AWS_ENDPOINT_URL, or wait for the store")


class S3File:
    """An object, whose bytes are requested when they are read."""

    def __init__(self, store: "ObjectStore", meta: "ObjectMeta") -> None:
        self._store = store
        self._path = meta["path"]
        self.size = meta["size"]
        self.modified = int(meta["last_modified"].timestamp())

    async def chunks(self, begin: int, end: int) -> AsyncIterator[bytes]:
        """Implement Stored."""
        if begin == end:  # S3 has no empty ranges
            return
        with _answering():
            got = await obstore.get_async(self._store, self._path, options={"range": (begin, end)})
            async for chunk in got.stream(min_chunk_size=CHUNK):
                yield bytes(chunk)

    def close(self) -> None:
        """Implement Stored."""


class S3Storage:
    """The objects below a prefix of a bucket."""

    def __init__(self, store: "ObjectStore", parts: Path) -> None:
        self._store = store
        self.parts = parts

    @classmethod
    def configured(cls, settings: Settings) -> "S3Storage":
        """Return the storage of STORAGE_URL and AWS_*; without keys, by the machine's own role."""
        given: dict[str, Any] = {
            "access_key_id": settings.values.get("AWS_ACCESS_KEY_ID"),
            "secret_access_key": settings.values.get("AWS_SECRET_ACCESS_KEY"),
            "region": settings.values["AWS_REGION"],
            "endpoint": settings.values.get("AWS_ENDPOINT_URL"),
        }
        store = S3Store.from_url(
            settings.storage_url,
            **{name: value for name, value in given.items() if value},
            client_options={"allow_http": True, "connect_timeout": "2s", "timeout": "60s"},
            # Requests have a deadline: they must not wait long for an unavailable storage.
            retry_config={"max_retries": 2, "retry_timeout": timedelta(seconds=5)},
        )
        return cls(store, settings.directory / TEMP)

    async def write(self, place: str, content: bytes) -> None:
        """Implement Storage."""
        with _answering():
            await obstore.put_async(self._store, place, content)

    async def take(self, part: Path, place: str) -> None:
        """Implement Storage."""
        with _answering():
            # One piece at a time in memory.
            await obstore.put_async(self._store, place, part, max_concurrency=1)
        await asyncio.to_thread(part.unlink)

    async def copy(self, place: str, to: str) -> None:
        """Implement Storage."""
        with _answering():
            await obstore.copy_async(self._store, place, to)

    async def open(self, place: str) -> Stored:
        """Implement Storage."""
        if any(part.startswith(".") or part == "" or "\\" in part for part in place.split("/")):
            raise NotFound
        with _answering():
            return S3File(self._store, await obstore.head_async(self._store, place))

    async def remove(self, place: str) -> None:
        """Implement Storage."""
        with _answering():
            await obstore.delete_async(self._store, place)

    async def files(self, area: str) -> AsyncIterator[Found]:
        """Implement Storage."""
        with _answering():
            async for page in obstore.list(self._store, area):
                for meta in page:
                    yield Found(meta["path"], meta["size"], meta["last_modified"])

    async def trouble(self) -> Trouble | None:
        """Write, list, read and remove an object; return why that is not possible, or None."""
        place, content = f"doctor-{secrets.token_hex(16)}", b"to be removed"
        step = "write"
        try:
            await obstore.put_async(self._store, place, content)
            step = "list"
            async for _ in obstore.list(self._store, STATIC, chunk_size=1):
                break
            step = "read"
            if bytes(await (await obstore.get_async(self._store, place)).bytes_async()) != content:
                return Trouble("it gives back something else", "mind AWS_ENDPOINT_URL")
            step = "remove"
            await obstore.delete_async(self._store, place)
        except (BaseError, ValueError, OSError) as error:
            if step in ("list", "read"):
                with suppress(BaseError, ValueError, OSError):
                    await obstore.delete_async(self._store, place)
            return _trouble(step, error)
        return None

    async def sweep(self, before: datetime) -> int:
        """Implement Storage."""
        return await asyncio.to_thread(remove_parts, self.parts, before)


@contextmanager
def _answering() -> Iterator[None]:
    """Raise NotFound and Unavailable instead of the library's errors."""
    try:
        yield
    except FileNotFoundError as error:
        raise NotFound from error
    except (BaseError, ValueError, OSError) as error:
        log.warning("file storage error", reason=str(error)[:500])
        raise Unavailable("File storage unavailable", code="storage_unavailable") from error
