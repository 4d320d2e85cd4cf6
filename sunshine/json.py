"""Strict JSON in, fast JSON out. What no field may hold is refused here, before any schema.

Refused: duplicate keys, NaN and infinities (1e400 too), nesting deeper than 32, NUL and lone
surrogates in any string or key.
"""

import json
import math
from typing import Any

import msgspec

from sunshine.errors import Invalid

MAX_DEPTH = 32
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
    if body.count(b"[") + body.count(b"{") > MAX_DEPTH:
        _check_depth(value)
    # Raw NULs and surrogates cannot pass the parsers above; escaped ones can.
    if b"\\u" in body:
        _check_strings(value)
    return value


def clean(text: str) -> bool:
    """Whether PostgreSQL can hold this text: no NUL, no lone surrogate."""
    return "\x00" not in text and not any("\ud800" <= char <= "\udfff" for char in text)


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
        keys = [key for key, _ in pairs]
        twice = next(key for key in keys if keys.count(key) > 1)
        raise Invalid(f"Body names the key {twice!r} twice", code="invalid_json")
    return value


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
    level = [value]
    for _ in range(MAX_DEPTH):
        level = [item for holder in level for item in _holders_in(holder)]
        if not level:
            return
    raise _too_deep()


def _holders_in(value: Any) -> list[Any]:
    items = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return [item for item in items if isinstance(item, dict | list)]


def _check_strings(value: Any, path: str = "") -> None:
    if isinstance(value, str):
        if not clean(value):
            raise _unclean(path)
    elif isinstance(value, dict):
        for key, item in value.items():
            _check_strings(key, path)
            _check_strings(item, f"{path}.{key}" if path else key)
    elif isinstance(value, list):
        for number, item in enumerate(value):
            _check_strings(item, f"{path}.{number}" if path else str(number))


def _unclean(path: str) -> Invalid:
    said = "holds a character that is not allowed"
    errors = [{"field": path, "message": said}] if path else []
    return Invalid(f"Body {said}", code="invalid_json", errors=errors)
