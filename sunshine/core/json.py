"""Strict JSON in, fast JSON out. What no field may hold is refused here, before any schema.

Refused: duplicate keys, NaN and infinities (1e400 too), nesting deeper than 32, more than 150,000
values or 20,000 objects and lists, numbers of more than 1,000 digits, NUL and lone surrogates in
any string or key.
"""

import json
import math
import re
from collections.abc import Callable
from typing import Any

import msgspec

from sunshine.core.errors import Invalid, shortened

MAX_DEPTH = 32
# As many as a free form of 256 KiB can hold, and more; reading ten times as many takes a second.
MAX_VALUES = 150_000
MAX_HOLDERS = 20_000  # objects and lists: each is looked at here once more
# Reading a number takes the square of its digits.
MAX_DIGITS = 1000
_ANY_DIGIT = bytes.maketrans(b"123456789", b"0" * 9)
_LONG_NUMBER = b"0" * (MAX_DIGITS + 1)
# How many values are looked at for the place of a character, once it is known that there is one.
MAX_SOUGHT = 10_000
# What stands between values or begins some, what holds values, and all the rest of each.
_NO_MARKS = bytes(set(range(256)) - set(b",[{"))
_NO_BRACKETS = bytes(set(range(256)) - set(b"[]{}"))
_SQUARE = bytes.maketrans(b"{}", b"[]")
# An escape that may be half of a pair, or a half alone.
_HALF = re.compile(r"\\u[dD][89a-fA-F]")
INT64 = range(-(2**63), 2**63)
_LEAST, _MOST = INT64[0], INT64[-1]
# From here on the shortest text of a float has no point, and reads as a whole number.
_POINTLESS = 1e16

_encoder = msgspec.json.Encoder(decimal_format="number")
encode = _encoder.encode
# Of two values that say the same: Python takes true for 1 and 1.0, JSON does not.
comparable = msgspec.json.Encoder(decimal_format="number", order="sorted").encode
# For logs, which may be handed anything.
encode_any = msgspec.json.Encoder(enc_hook=repr).encode
# What the database stored as JSONB was strict when it came in.
decode_stored = msgspec.json.Decoder().decode


def decode(body: bytes) -> Any:
    """The value of a request body; Invalid says what is wrong with it."""
    holders = _holders_of(body)
    try:
        text = body.decode("utf-8")
        value = json.loads(
            text,
            object_pairs_hook=_object,
            parse_float=_float,
            parse_int=_int if _has_long_numbers(body) else None,
            parse_constant=_constant,
        )
    except UnicodeDecodeError:
        raise Invalid("Body is not valid UTF-8", code="invalid_json") from None
    except RecursionError:
        raise _too_deep() from None
    except json.JSONDecodeError as error:
        raise Invalid(f"Body is not valid JSON: {error}", code="invalid_json") from None
    except ValueError:  # an integer of thousands of digits
        raise Invalid("Body holds a number out of range", code="invalid_json") from None
    if holders > MAX_DEPTH:
        _check_depth(body)
    if b"\\u" in body and _is_unclean(text, value):
        raise _unclean(_place(value, _is_strange))
    return value


def clean(text: str) -> bool:
    """Whether PostgreSQL can hold this text: no NUL, no lone surrogate."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return "\x00" not in text


def exact(value: Any) -> Any:
    """A JSON value with its numbers as every store gives them back: whole ones of 64 bits, doubles.

    A double that is whole and has 64 bits' room is such a number, as far as JSON can tell.
    ValueError names the place of one that fits neither.
    """
    try:
        return _exact(value)
    except OverflowError:
        place = _place(value, lambda item: isinstance(item, int) and item not in INT64)
        where = f" at {place}" if place else ""
        raise ValueError(f"holds a whole number of more than 64 bits{where}") from None


def _exact(value: Any) -> Any:
    kind = type(value)
    if kind is str:
        return value
    if kind is int:
        if not _LEAST <= value <= _MOST:
            raise OverflowError
        return value
    if kind is dict:
        return {key: _exact(item) for key, item in value.items()}
    if kind is list:
        return [_exact(item) for item in value]
    if kind is float:
        if abs(value) >= _POINTLESS and int(value) in INT64:
            return int(value)
        return value or 0.0  # -0.0 is no number of PostgreSQL's
    return value


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) != len(pairs):
        # The first time that a key stands there is not when it is there the last time.
        last = {key: place for place, (key, _) in enumerate(pairs)}
        twice = next(key for place, (key, _) in enumerate(pairs) if last[key] != place)
        raise Invalid(f"Body names the key {shortened(twice)!r} twice", code="invalid_json")
    return value


def _holders_of(body: bytes) -> int:
    """How many objects and lists it may have, brackets in its texts counted too; Invalid where it
    would take long only to read it."""
    marks = body.translate(None, _NO_MARKS)
    if len(marks) > MAX_VALUES or len(marks) - marks.count(b",") > MAX_HOLDERS:
        marks = _outside_texts(body).translate(None, _NO_MARKS)
    holders = len(marks) - marks.count(b",")
    for found, most, what in (
        (holders, MAX_HOLDERS, "objects and lists"),
        (len(marks), MAX_VALUES, "values"),
    ):
        if found > most:
            raise _too_many(most, what)
    return holders


def _outside_texts(body: bytes) -> bytes:
    """Without what its texts say; Invalid where there are too many of those."""
    if b"\\" in body:
        body = body.replace(b"\\\\", b"").replace(b'\\"', b"")
    # Two for a value, two for its key.
    if body.count(b'"') > 4 * MAX_VALUES:
        raise _too_many(MAX_VALUES, "values")
    return b"".join(body.split(b'"')[::2])


def _too_many(most: int, what: str) -> Invalid:
    return Invalid(f"Body holds more than {most:,} {what}", code="invalid_json")


def _has_long_numbers(body: bytes) -> bool:
    """Whether a number may have too many digits: only then each is asked for it."""
    return len(body) > MAX_DIGITS and _LONG_NUMBER in body.translate(_ANY_DIGIT)


def _int(text: str) -> int:
    if len(text) > MAX_DIGITS:
        raise _out_of_range(text)
    return int(text)


def _float(text: str) -> float:
    value = float(text) if len(text) <= MAX_DIGITS else math.inf
    if not math.isfinite(value):
        raise _out_of_range(text)
    return value


def _out_of_range(text: str) -> Invalid:
    return Invalid(f"Body holds a number out of range: {text[:20]}", code="invalid_json")


def _constant(text: str) -> Any:
    raise Invalid(f"Body holds {text}, which is not JSON", code="invalid_json")


def _too_deep() -> Invalid:
    return Invalid(f"Body is nested deeper than {MAX_DEPTH}", code="invalid_json")


def _check_depth(body: bytes) -> None:
    """Of what was read, and so has a bracket for each: the innermost are taken away each time."""
    brackets = _outside_texts(body).translate(_SQUARE, _NO_BRACKETS)
    for _ in range(MAX_DEPTH):
        brackets = brackets.replace(b"[]", b"")
        if not brackets:
            return
    raise _too_deep()


def _is_unclean(text: str, value: Any) -> bool:
    """Whether an escape made a character that is not allowed; raw ones pass no parser."""
    # A backslash that is escaped itself begins nothing.
    if "\\u0000" in text and "\\u0000" in text.replace("\\\\", "  "):
        return True
    if not _HALF.search(text):
        return False
    try:
        encode(value)
    except UnicodeEncodeError:
        return True
    return False


def _is_strange(item: Any) -> bool:
    if isinstance(item, dict):
        return not all(map(clean, item))
    return isinstance(item, str) and not clean(item)


def _place(value: Any, is_wrong: Callable[[Any], bool]) -> str:
    """The path of the first value, or of the object with the first key, that is wrong; empty where
    that is far in."""
    waiting: list[tuple[str, Any]] = [("", value)]
    for _ in range(MAX_SOUGHT):
        if not waiting:
            break
        path, item = waiting.pop()
        if is_wrong(item):
            return path
        if isinstance(item, dict):
            waiting += reversed([(_join(path, key), each) for key, each in item.items()])
        elif isinstance(item, list):
            waiting += reversed([(_join(path, str(n)), each) for n, each in enumerate(item)])
    return ""


def _join(path: str, key: str) -> str:
    return f"{path}.{key}" if path else key


def _unclean(path: str) -> Invalid:
    said = "holds a character that is not allowed"
    errors = [{"field": path, "message": said}] if path else []
    return Invalid(f"Body {said}", code="invalid_json", errors=errors)
