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
APART = "names an upload among other words; give its URL by itself"
# Where, and what is said of it.
Fault = tuple[str, str]
# Behind a hyphen it is a part of the name that a stored file came with.
_UPLOAD = re.compile(r"(?<![0-9_.-])[0-9]{13}-[0-9]{39}-")
# As almost all of them are written, for which no URL need be taken apart.
_PLAIN = re.compile(rf"(?:{ROUTE}|{TEMP_ROUTE})[A-Za-z0-9_./-]*")
_UPLOAD_LENGTH = 13 + 1 + 39 + 1
# Digits and hyphens, and what browsers leave out of a URL, as HTML may spell them, and seldom does:
# with any number of zeros, and without a semicolon where no other digit follows.
_REFERENCE = re.compile(
    r"&(?:#0*+(9|10|13|45|4[89]|5[0-7])(?:;|(?![0-9;]))"
    r"|#[xX]0*+(9|[aAdD]|2[dD]|3[0-9])(?:;|(?![0-9a-fA-F;]))|(?:Tab|NewLine);)"
)
_CHARACTERS = {str(ord(char)): char for char in "0123456789-\t\n\r"}
_ESCAPED = [(f"%{ord(char):02x}", char) for char in "0123456789-"] + [("%2D", "-")]
_WORDS = re.compile(r"[^\s\"'<>()\[\]{}|`*]+")
_BLANK = re.compile(r"\s")
END = ".,;:!?"


def texts(value: Any, where: str = "") -> list[tuple[str, str]]:
    """Each text of a JSON value, with its place as errors name it."""
    if isinstance(value, str):
        return [(where, value)]
    found: list[tuple[str, str]] = []
    if isinstance(value, list | dict):
        for key, item in value.items() if isinstance(value, dict) else enumerate(value):
            kind = type(item)
            if kind is str:
                found.append((_within(where, key), item))
            elif kind is dict or kind is list:
                found += texts(item, _within(where, key))
    return found


def distinct_texts(value: Any) -> set[str]:
    """What the texts of a JSON value say."""
    found: set[str] = set()
    waiting = [[value]]
    while waiting:
        items = waiting.pop()
        found.update(item for item in items if type(item) is str)
        waiting += [item for item in items if type(item) is list]
        waiting += [list(item.values()) for item in items if type(item) is dict]
    return found


def _within(where: str, key: str | int) -> str:
    return f"{where}.{key}" if where else str(key)


def replaced(value: Any, known: dict[str, Any]) -> Any:
    """A JSON value with those of its texts changed that `known` has."""
    if not known:
        return value
    if isinstance(value, str):
        return known.get(value, value)
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
    return sorted(text for text in distinct_texts(value) if text.startswith(f"{ROUTE}{top}"))


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
        if len(url) < len(TEMP_ROUTE):
            return None
        if _PLAIN.fullmatch(url):
            return url
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
        if len(text) < len(TEMP_ROUTE):
            return False
        if len(text) >= _UPLOAD_LENGTH and self._has_upload(text):
            return True
        return "/temp/" in text and self._leads_to_temp(text)

    def _has_upload(self, text: str) -> bool:
        if "-" in text and _UPLOAD.search(text):
            return True
        plain = _as_browsers_read(text)
        return plain != text and bool(_UPLOAD.search(plain))

    def _leads_to_temp(self, text: str) -> bool:
        """Whether it is, or has in it, a URL of ours that may have been an upload's."""
        if text.startswith(TEMP_ROUTE) and not _BLANK.search(text):
            return True
        for word in words(text):
            before, route, _ = word.partition(TEMP_ROUTE)
            if route and before.rpartition("//")[2].partition("/")[0].lower() in self._hosts:
                return True
        return False

    def uploads_in(self, value: Any, where: str = "", *, kept: bool = False) -> list[Fault]:
        """What is wrong where a JSON value names an upload, by a text or by a key: anything, or,
        where texts that are URLs of uploads are `kept`, all but those."""
        said = APART if kept else REFUSED
        is_wrong = self.buries if kept else self.names_upload
        if isinstance(value, str):
            return [(where, said)] if is_wrong(value) else []
        found: list[Fault] = []
        if isinstance(value, list | dict):
            for key, item in value.items() if isinstance(value, dict) else enumerate(value):
                kind = type(item)
                if isinstance(key, str) and self.names_upload(key):
                    found.append((_within(where, key), REFUSED))
                elif kind is dict or kind is list:
                    found += self.uploads_in(item, _within(where, key), kept=kept)
                elif kind is str and is_wrong(item):
                    found.append((_within(where, key), said))
        return found

    def refuse_uploads(self, value: Any, where: str = "") -> None:
        """Invalid where an upload is named, which nothing there would keep."""
        if faults := self.uploads_in(value, where):
            raise Invalid(errors=[{"field": place, "message": said} for place, said in faults])


def _as_browsers_read(text: str) -> str:
    """With its digits and hyphens written as themselves, and without what is left out of a URL."""
    if "&" in text:
        text = _REFERENCE.sub(_referred, text)
    if "\n" in text or "\r" in text or "\t" in text:
        text = text.replace("\n", "").replace("\r", "").replace("\t", "")
    if "%" in text:
        for escaped, char in _ESCAPED:
            text = text.replace(escaped, char)
    return text


def _referred(found: re.Match[str]) -> str:
    decimal, hexadecimal = found.groups()
    if decimal:
        return _CHARACTERS[decimal]
    return chr(int(hexadecimal, 16)) if hexadecimal else ""
