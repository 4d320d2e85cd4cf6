"""Forms with files in them, as browsers send them, and what becomes of them."""

import secrets
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from tests.api import Answer, Api

BOUNDARY = "----WebKitFormBoundary7MA4YWxkTrZu0gW"
FORM = f"multipart/form-data; boundary={BOUNDARY}"
PNG = b"\x89PNG\r\n\x1a\n\x00\x00\x00\x0dIHDR and so on"
UPLOAD = "/api/upload/temp"


def part(content: bytes, name: str | bytes | None = "a.txt", field: str = "file") -> bytes:
    """A part of a form."""
    given = name.encode() if isinstance(name, str) else name
    filename = b"" if given is None else b'; filename="' + given + b'"'
    disposition = f'Content-Disposition: form-data; name="{field}"'.encode() + filename
    return b"--" + BOUNDARY.encode() + b"\r\n" + disposition + b"\r\n\r\n" + content + b"\r\n"


def form(*parts: bytes) -> bytes:
    """A form of these parts."""
    return b"".join(parts) + f"--{BOUNDARY}--\r\n".encode()


async def upload(
    api: Api, content: bytes = b"a file", name: str | bytes | None = "a.txt",
    *, as_: Any = "employee", raw: bytes | None = None, **headers: str,
) -> Answer:  # fmt: skip
    """Send a file."""
    body = form(part(content, name)) if raw is None else raw
    return await api.post(UPLOAD, raw=body, as_=as_, headers={"Content-Type": FORM, **headers})


async def uploaded(api: Api, content: bytes = b"a file", name: str = "a.txt", **more: Any) -> str:
    """The URL of a file that was sent."""
    answer = await upload(api, content, name, **more)
    assert answer.status == 200, answer.body
    return str(answer.json["url"])


def path_of(api: Api, url: str) -> str:
    """A URL of ours as the client of the tests asks for it."""
    base = api.app.settings.base_domain
    assert url.startswith(f"{base}/api/")
    return url.removeprefix(base)


def place_of(url: str) -> str:
    """The place in the storage of what a URL is about."""
    return unquote(urlsplit(url).path).removeprefix("/api/")


def files(api: Api, area: str) -> dict[str, bytes]:
    """What is on the disk below `static` or `temp`, by its path from there: part files too."""
    top = api.app.settings.directory / area
    return {
        file.relative_to(top).as_posix(): file.read_bytes()
        for file in sorted(top.rglob("*")) if file.is_file()
    }  # fmt: skip


def empty(directory: Path) -> None:
    """Remove what earlier tests left below `static` and `temp`."""
    for area in ("static", "temp"):
        for file in (directory / area).rglob("*"):
            if file.is_file() or file.is_symlink():
                file.unlink()


def noise(size: int) -> bytes:
    """Bytes that are like no others."""
    return secrets.token_bytes(size)
