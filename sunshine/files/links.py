"""URLs of our files, however they are spelled, found in any text that clients send.

An upload has a name like no other text (sunshine/files/uploads.py), so it is recognised by its name
however its URL is written: with encoded slashes, by another host name, or without host or URL.
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
# The place in the body, and the message.
Fault = tuple[str, str]
# After a hyphen it is a part of the name that a stored file came with.
_UPLOAD = re.compile(r"(?<![0-9_.-])[0-9]{13}-[0-9]{39}-")
# The usual spelling, for which no URL has to be parsed.
_PLAIN = re.compile(rf"(?:{ROUTE}|{TEMP_ROUTE})[A-Za-z0-9_./-]*")
_UPLOAD_LENGTH = 13 + 1 + 39 + 1
# Digits, hyphens and the characters that browsers remove from URLs, as HTML character references:
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
    """Return each text of a JSON value, with its place as errors name it."""
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
    """Return the distinct texts of a JSON value."""
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
    """Return a JSON value with its texts replaced by those of `known`."""
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
    """Iterate over the words of a text that may be URLs, without punctuation after them."""
    return (word.rstrip(END) for word in _WORDS.findall(text))


def reworded(text: str, known: Mapping[str, str]) -> str:
    """Return a text with its URLs replaced by those of `known`."""
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
        """Return the name of the upload that a URL names; None for other URLs."""
        name = self.name(url)
        return name.removeprefix(TEMP_ROUTE) if name and name.startswith(TEMP_ROUTE) else None

    def buries(self, text: str) -> bool:
        """Return whether a text names an upload without being just its URL."""
        return self.names_upload(text) and self.upload(text) is None

    def names_upload(self, text: str) -> bool:
        """Return whether a text names an upload, in any spelling."""
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
        """Return whether it is or has a URL of ours that may have been that of an upload."""
        if text.startswith(TEMP_ROUTE) and not _BLANK.search(text):
            return True
        for word in words(text):
            before, route, _ = word.partition(TEMP_ROUTE)
            if route and before.rpartition("//")[2].partition("/")[0].lower() in self._hosts:
                return True
        return False

    def uploads_in(self, value: Any, where: str = "", *, kept: bool = False) -> list[Fault]:
        """Return the faults of a JSON value whose texts or keys name uploads.

        Where URLs of uploads are `kept`, texts that are just such a URL are no fault.
        """
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
        """Reject a value that names an upload where nothing would keep it; Invalid."""
        if faults := self.uploads_in(value, where):
            raise Invalid(errors=[{"field": place, "message": said} for place, said in faults])


def _as_browsers_read(text: str) -> str:
    """Return the text with plain digits and hyphens, without what browsers remove from URLs."""
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
