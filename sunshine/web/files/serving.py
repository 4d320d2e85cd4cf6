"""Stored files over HTTP: their URLs in answers, and themselves. Storage:
sunshine/files/storage.py."""

import re
from collections.abc import Iterable, Mapping
from contextlib import closing
from datetime import UTC, datetime
from email.utils import format_datetime, parsedate_to_datetime
from typing import TYPE_CHECKING, Any, TypeVar, cast
from urllib.parse import quote

from tornado.iostream import StreamClosedError

from sunshine.files.storage import Stored
from sunshine.files.types import media_of
from sunshine.files.uploads import plain_name
from sunshine.web.responses import RangeNotSatisfiable

if TYPE_CHECKING:
    from sunshine.web.handler import Handler

R = TypeVar("R", bound=Mapping[str, Any])
# What a file may do where a browser shows it: nothing but look like itself. A sandbox would keep
# Chromium's viewer of PDF out, a plug-in; so PDF is shown on FILES_ORIGIN only, where nothing else
# is to be had.
SAVED = "default-src 'none';base-uri 'none';form-action 'none';frame-ancestors 'none';sandbox"
IMAGE = "default-src 'none';style-src 'unsafe-inline';frame-ancestors 'self';sandbox"
PDF = (
    "default-src 'none';style-src 'unsafe-inline';object-src 'self';base-uri 'none';"
    "form-action 'none';frame-ancestors 'self'"
)
_RANGE = re.compile(r"bytes=([0-9]{0,18})-([0-9]{0,18})")


def with_urls(handler: "Handler", rows: Iterable[R], *fields: str) -> list[R]:
    """Return the rows with URLs that open the files in place of their stored paths."""
    url = handler.application.signer.url
    shown = ({**row, **{f: url(row[f]) for f in fields if row.get(f)}} for row in rows)
    return cast(list[R], list(shown))  # a URL is a string, as the path that it replaces


async def send(
    handler: "Handler", file: Stored, name: str, *, cache: str, download: bool = False
) -> bool:
    """Answer with an open file or the range of it that is asked for, in chunks, and close it.

    Whether all of the file was sent.
    """
    with closing(file):
        _set_headers(handler, file, name, cache, download=download)
        if _is_known(handler, file):
            handler.set_status(304)
            return False
        begin, end = _range(handler, file)
        if end - begin < file.size:
            handler.set_status(206)
            handler.set_header("Content-Range", f"bytes {begin}-{end - 1}/{file.size}")
        handler.set_header("Content-Length", str(end - begin))
        if handler.request.method == "HEAD":
            return False
        try:
            await handler.flush()
            # Past the handler's own buffer, which would copy each piece once more.
            async for chunk in file.chunks(begin, end):
                await handler.request.connection.write(chunk)  # type: ignore[union-attr,arg-type]
        except StreamClosedError:  # the client went away
            return False
        return end - begin == file.size


def _set_headers(
    handler: "Handler", file: Stored, name: str, cache: str, *, download: bool
) -> None:
    kind = media_of(name)
    handler.set_header("Content-Type", kind or "application/octet-stream")
    policy = SAVED if download else _policy(handler, kind)
    shown = "attachment" if policy is SAVED else "inline"
    saved = quote(plain_name(name), safe="")
    handler.set_header("Content-Disposition", f"{shown}; filename*=UTF-8''{saved}")
    handler.set_header("Content-Security-Policy", policy)
    handler.set_header("Accept-Ranges", "bytes")
    handler.set_header("Cache-Control", cache)
    handler.set_header("Etag", f'"{file.modified:x}-{file.size:x}"')
    modified = datetime.fromtimestamp(file.modified, UTC)
    handler.set_header("Last-Modified", format_datetime(modified, usegmt=True))


def _policy(handler: "Handler", kind: str | None) -> str:
    """What a file of this media type may do; SAVED where it is not shown."""
    if kind is None:
        return SAVED
    if kind != "application/pdf":
        return IMAGE
    return PDF if handler.application.is_for_files(handler.request) else SAVED


def _is_known(handler: "Handler", file: Stored) -> bool:
    """Whether the client has the file already."""
    headers = handler.request.headers
    if "If-None-Match" in headers:
        return handler.check_etag_header()
    try:
        since = parsedate_to_datetime(headers.get("If-Modified-Since", ""))
    except (ValueError, TypeError, OverflowError):
        return False
    return file.modified <= since.replace(tzinfo=since.tzinfo or UTC).timestamp()


def _range(handler: "Handler", file: Stored) -> tuple[int, int]:
    """The first byte to send and the one after the last. Several ranges are answered with all."""
    headers = handler.request.headers
    asked = _RANGE.fullmatch(headers.get("Range", "")) if handler.request.method == "GET" else None
    same = (None, handler._headers["Etag"], handler._headers["Last-Modified"])
    if not asked or asked.group(0) == "bytes=-" or headers.get("If-Range") not in same:
        return 0, file.size
    first, last = asked.groups()
    if not first:  # so many of the last bytes
        begin, end = max(0, file.size - int(last)), file.size
    else:
        begin, end = int(first), min(int(last) + 1, file.size) if last else file.size
        if last and int(last) < begin:  # no range at all
            return 0, file.size
    if begin >= end:
        raise RangeNotSatisfiable(file.size)
    return begin, end
