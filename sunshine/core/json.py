"""Strict JSON in, fast JSON out. What no field may hold is refused here, before any schema.

Refused: duplicate keys, NaN and infinities (1e400 too), nesting deeper than 32, more than a million
values or 50,000 objects and lists, NUL and lone surrogates in any string or key.
"""

import json
import math
import re
from itertools import chain
from typing import Any

import msgspec

from sunshine.core.errors import Invalid, shortened

MAX_DEPTH = 32
MAX_VALUES = 1_000_000
MAX_HOLDERS = 50_000  # objects and lists: each is looked at here once more
# How many values are looked at for the place of a character, once it is known that there is one.
MAX_SOUGHT = 10_000
# What stands between values or begins some, and all the rest.
_NO_MARKS = bytes(set(range(256)) - set(b",[{"))
# An escape that may be half of a pair, or a half alone.
_HALF = re.compile(r"\\u[dD][89a-fA-F]")
INT64 = range(-(2**63), 2**63)
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
        _check_depth(value)
    if b"\\u" in body and _is_unclean(text, value):
        raise _unclean(_place(value))
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
    return _exact(value, "")


def _exact(value: Any, path: str) -> Any:
    if isinstance(value, dict):
        return {key: _exact(item, f"{path}.{key}") for key, item in value.items()}
    if isinstance(value, list):
        return [_exact(item, f"{path}.{number}") for number, item in enumerate(value)]
    if isinstance(value, float):
        if abs(value) >= _POINTLESS and int(value) in INT64:
            return int(value)
        return value or 0.0  # -0.0 is no number of PostgreSQL's
    if isinstance(value, int) and value not in INT64:
        raise ValueError(f"holds a whole number of more than 64 bits at {path[1:]}")
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
    holders = len(marks.translate(None, b","))
    for found, most, what in (
        (holders, MAX_HOLDERS, "objects and lists"),
        (len(marks), MAX_VALUES, "values"),
    ):
        if found > most:
            raise Invalid(f"Body holds more than {most:,} {what}", code="invalid_json")
    return holders


def _float(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise Invalid(f"Body holds a number out of range: {text[:20]}", code="invalid_json")
    return value


def _constant(text: str) -> Any:
    raise Invalid(f"Body holds {text}, which is not JSON", code="invalid_json")


def _too_deep() -> Invalid:
    return Invalid(f"Body is nested deeper than {MAX_DEPTH}", code="invalid_json")


def _check_depth(value: Any) -> None:
    level = [value] if isinstance(value, dict | list) else []
    for _ in range(MAX_DEPTH):
        holders = (item.values() if isinstance(item, dict) else item for item in level)
        level = [item for item in chain.from_iterable(holders) if isinstance(item, dict | list)]
        if not level:
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


def _place(value: Any) -> str:
    """The path of the first text that is not clean; empty where that is far in."""
    waiting: list[tuple[str, Any]] = [("", value)]
    for _ in range(MAX_SOUGHT):
        if not waiting:
            break
        path, item = waiting.pop()
        if isinstance(item, str) and not clean(item):
            return path
        if isinstance(item, dict):
            if not all(map(clean, item)):
                return path
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
