"""Which passwords are easy to guess: common ones, names and patterns, with or without additions.

Takes time linear in the password: an estimator that tries every reading (zxcvbn) takes seconds for
a password made for that (docs/decisions/0033-what-is-typed.md).
"""

import re
import unicodedata
from collections.abc import Iterable
from functools import lru_cache
from importlib.resources import files
from urllib.parse import urlsplit

# Signs written for letters to satisfy a rule; 1, ! and | may be an i or an l.
_READINGS = (
    str.maketrans("@4310$5+7896!|", "aaeiossttbgbii"),
    str.maketrans("@4310$5+7896!|", "aaelossttbgbll"),
)
_AROUND = re.compile(r"^[\W\d_]+|[\W\d_]+$")
_AFTER = re.compile(r"[\W\d_]+$")
_BETWEEN = re.compile(r"[\W\d_]+")
_ROWS = ("abcdefghijklmnopqrstuvwxyz", "01234567890123456789", "qwertyuiop", "asdfghjkl", "zxcvbnm")
_LEAST_DIFFERENT = 4
_LONGEST_UNIT = 4  # of a pattern that is but repeated
_LEAST_OF_NAME = 3
_LEAST_BESIDE_NAME = 4  # letters
_OF_NOBODY = frozenset(["www", "api", "app", "com", "net", "org", "co", "localhost", "example"])


def easy_guess(
    password: str, *, names: Iterable[str | None] = (), company: Iterable[str] = ()
) -> str | None:
    """Return why a password is easy to guess, as words to follow "is too easy to guess: ", or None.

    `names` are those of the person and the account, `company` those of the company.
    """
    plain = unicodedata.normalize("NFKC", password).casefold()
    readings = _readings(plain)
    if _is_pattern(plain):
        return "it repeats itself, or goes along a row of keys"
    if _is_made_of(_words(names), readings):
        return "it is made of your own name"
    if _is_made_of(_words(company), readings):
        return "it is made of the company's name"
    if not readings.isdisjoint(_common()):
        return "it is a common password, with or without what is around it"
    return None


@lru_cache(maxsize=8)
def company_words(base_domain: str) -> tuple[str, ...]:
    """Return the words of the company's name: the labels of its host, and `sunshine`."""
    host = urlsplit(base_domain).hostname or ""
    labels = [label for label in host.split(".")[:-1] or [host] if label not in _OF_NOBODY]
    return ("sunshine", *(label for label in labels if not label.isdigit()))


def _readings(plain: str) -> set[str]:
    """Return the readings of a password: with and without digits and signs around and between, and
    with letters for the signs that look like them."""
    bare = {plain, _AFTER.sub("", plain), _AROUND.sub("", plain)}
    read = bare | {form.translate(table) for form in bare for table in _READINGS}
    joined = read | {_BETWEEN.sub("", form) for form in read}
    return {_unit(form) for form in joined}


def _unit(text: str) -> str:
    """Return the part that a text repeats, or the whole text."""
    return text[: (text + text).find(text, 1)] if text else text


def _is_pattern(plain: str) -> bool:
    if len(set(plain)) < _LEAST_DIFFERENT or len(_unit(plain)) <= _LONGEST_UNIT:
        return True
    cores = (plain, _AROUND.sub("", plain))
    rows = [row for each in _ROWS for row in (each, each[::-1])]
    return any(len(core) > _LONGEST_UNIT and core in row for core in cores for row in rows)


def _words(names: Iterable[str | None]) -> list[str]:
    """Return the words of names, the longest first, so that a name goes before one within it."""
    found = set()
    for name in filter(None, names):
        folded = unicodedata.normalize("NFKC", name).casefold()
        parts = _BETWEEN.split(folded)
        found |= {*parts, "".join(parts), _BETWEEN.sub("", folded.partition("@")[0])}
    return sorted((word for word in found if len(word) >= _LEAST_OF_NAME), key=len, reverse=True)


def _is_made_of(words: list[str], readings: set[str]) -> bool:
    """Return whether a reading without these words is nearly empty, or a common password."""
    for reading in readings:
        left = reading
        for word in words:
            left = left.replace(word, "")
        left = _BETWEEN.sub("", left)
        is_little = len(left) < _LEAST_BESIDE_NAME or left in _common()
        if is_little and left != _BETWEEN.sub("", reading):
            return True
    return False


@lru_cache(maxsize=1)
def _common() -> frozenset[str]:
    text = files("sunshine").joinpath("data/common-passwords.txt").read_text(encoding="utf-8")
    return frozenset(line for line in text.splitlines() if not line.startswith("#"))
