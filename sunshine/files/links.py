"""URLs of files here, as people and programs spell them: found in whatever text they send.

An upload has a name like no other text (sunshine/files/uploads.py), so it is known by that however
its URL is written: with its slashes encoded, by another name of the host, or without a host or a
URL.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any
from urllib.parse import unquote, urlsplit

from sunshine.core.errors import Invalid
from sunshine.identity.signed_urls import ROUTE

TEMP_ROUTE = "/api/temp/"
REFUSED = "names an upload, and keeps no files"
# Behind a hyphen it is a part of the name that a stored file came with.
_UPLOAD = re.compile(r"(?<![0-9_.-])[0-9]{13}-[0-9]{39}-")
# Digits and hyphens as URLs and HTML may spell them, and seldom do.
_SPELLED = [
    (spelled, char)
    for char in "0123456789-"
    for spelled in {f"%{ord(char):02x}", f"%{ord(char):02X}", f"&#{ord(char)};",
                    f"&#x{ord(char):02x};", f"&#x{ord(char):02X};"}
]  # fmt: skip
_WORDS = re.compile(r"[^\s\"'<>()\[\]{}|`*]+")
END = ".,;:!?"


def texts(value: Any, where: str = "") -> Iterator[tuple[str, str]]:
    """Each text of a JSON value, with its place as errors name it."""
    if isinstance(value, str):
        yield where, value
    elif isinstance(value, list | dict):
        items = value.items() if isinstance(value, dict) else enumerate(value)
        for key, item in items:
            yield from texts(item, f"{where}.{key}" if where else str(key))


def replaced(value: Any, known: dict[str, Any]) -> Any:
    """A JSON value with each of its texts as `known` has it."""
    if isinstance(value, str):
        return known[value]
    if isinstance(value, list):
        return [replaced(item, known) for item in value]
    if isinstance(value, dict):
        return {key: replaced(item, known) for key, item in value.items()}
    return value


def words(text: str) -> Iterator[str]:
    """What in a text may be a URL, without the full stop of its sentence."""
    return (word.rstrip(END) for word in _WORDS.findall(text))


def reworded(text: str, known: Mapping[str, str]) -> str:
    """A text with other URLs for those that `known` has."""
    return _WORDS.sub(lambda found: _renamed(found[0], known), text)


def _renamed(word: str, known: Mapping[str, str]) -> str:
    url = word.rstrip(END)
    return known.get(url, url) + word[len(url) :]


def stored(value: Any, top: str) -> list[str]:
    """The files below a folder that texts of a JSON value name as rows do, and nothing else."""
    named = {text for _, text in texts(value)}
    return sorted(text for text in named if text.startswith(f"{ROUTE}{top}"))


def stored_in_text(text: str, top: str) -> list[str]:
    """The files below a folder that a text names as rows do, among other words."""
    return sorted({word for word in words(text) if word.startswith(f"{ROUTE}{top}")})


class Links:
    """Which URLs are ours: those of these hosts, and those without one."""

    def __init__(self, bases: Iterable[str] = (), *hosts: str) -> None:
        split = [urlsplit(base) for base in bases]
        self._prefixes = {base.netloc.lower(): base.path for base in split if base.netloc}
        self._hosts = {*self._prefixes, *(host.lower() for host in hosts)} - {""}

    def name(self, url: str) -> str | None:
        """`/api/temp/<name>` or `/api/static/<path>` where a text is a URL of a file here."""
        try:
            parts = urlsplit(url)
        except ValueError:
            return None
        path = unquote(parts.path)
        is_ours = not parts.netloc or parts.netloc.lower() in self._hosts
        if is_ours and parts.netloc:
            path = path.removeprefix(self._prefixes.get(parts.netloc.lower(), ""))
        if is_ours and path.startswith(ROUTE):
            return path
        if not _WORDS.fullmatch(url):
            return None
        if is_ours and path.startswith(TEMP_ROUTE):
            return path
        # By another name of this server, behind a proxy's prefix, or by its name alone.
        before, _, name = path.rpartition("/")
        if _UPLOAD.match(name) and (not before or f"{before}/".endswith(TEMP_ROUTE)):
            return TEMP_ROUTE + name
        return None

    def upload(self, url: str) -> str | None:
        """The name of the upload that a URL is about."""
        name = self.name(url)
        return name.removeprefix(TEMP_ROUTE) if name and name.startswith(TEMP_ROUTE) else None

    def buries(self, text: str) -> bool:
        """Whether a text names an upload, and is not simply its URL."""
        return self.names_upload(text) and self.upload(text) is None

    def names_upload(self, text: str) -> bool:
        """Whether an upload is named in a text, however that is spelled."""
        if "-" in text and _UPLOAD.search(text):
            return True
        if ("\n" in text or "\r" in text or "\t" in text) and _UPLOAD.search(_unbroken(text)):
            return True
        if ("%" in text or "&" in text) and _UPLOAD.search(_spelled_out(text)):
            return True
        return "/temp/" in text and self._leads_to_temp(text)

    def _leads_to_temp(self, text: str) -> bool:
        """Whether it is, or has in it, a URL of ours that may have been an upload's."""
        if text.startswith(TEMP_ROUTE) and not any(char.isspace() for char in text):
            return True
        for word in words(text):
            before, route, _ = word.partition(TEMP_ROUTE)
            if route and before.rpartition("//")[2].partition("/")[0].lower() in self._hosts:
                return True
        return False

    def uploads_in(self, value: Any, where: str = "", *, keys_only: bool = False) -> list[str]:
        """The places in a JSON value where an upload is named, by a text or by a key."""
        if isinstance(value, str):
            return [where] if not keys_only and self.names_upload(value) else []
        if not isinstance(value, list | dict):
            return []
        found = []
        items = value.items() if isinstance(value, dict) else enumerate(value)
        for key, item in items:
            place = f"{where}.{key}" if where else str(key)
            is_key = isinstance(key, str) and self.names_upload(key)
            found += [place] if is_key else self.uploads_in(item, place, keys_only=keys_only)
        return found

    def refuse_uploads(self, value: Any, where: str = "") -> None:
        """Invalid where an upload is named, which nothing there would keep."""
        if places := self.uploads_in(value, where):
            raise Invalid(errors=[{"field": place, "message": REFUSED} for place in places])


def _unbroken(text: str) -> str:
    """Without what browsers leave out of a URL."""
    return text.replace("\n", "").replace("\r", "").replace("\t", "")


def _spelled_out(text: str) -> str:
    for spelled, char in _SPELLED:
        text = text.replace(spelled, char)
    return text
