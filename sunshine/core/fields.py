"""The field types that schemas are built from: Cerberus rule sets for sunshine/core/validation.py.

Keyword arguments add or override Cerberus rules: `text(100, required=True)`. Two rules are ours:
`needs={"reject": "notes"}`: this value requires that other field, not blank;
`instead_of="location"`: if this field is given, that required field may be missing.
"""

from decimal import Decimal
from typing import Any

Field = dict[str, Any]
Schema = dict[str, Field]

MAX_ID = 2**31 - 1
MAX_BODY = 10 * 1024 * 1024  # bytes
MAX_PICTURE = 5 * 1024 * 1024  # bytes, decoded
MAX_FREE_FORM = 256 * 1024  # bytes as JSON


def text(maximum: int = 255, **rules: Any) -> Field:
    """A trimmed single line of at most `maximum` characters; may be blank only if it is not
    required.

    For names, titles, codes, addresses; characters.py rejects characters that do not belong in one
    line.
    """
    blank = {"empty": False} if rules.get("required") else {}
    return {"type": "string", "coerce": "line", "maxlength": maximum} | blank | rules


def prose(maximum: int, **rules: Any) -> Field:
    """A trimmed text of several lines: notes, comments, descriptions, HTML."""
    return text(maximum, coerce="prose", **rules)


def choice(*words: str, **rules: Any) -> Field:
    """Exactly one of the given words."""
    return {"type": "string", "allowed": list(words)} | rules


def email(**rules: Any) -> Field:
    """An address with one @ and a dotted domain, at most 254 characters."""
    # Also valid in JavaScript, which does not know escaped quotes: the OpenAPI description shows
    # it.
    pattern = r'[^@\s,;<>"]+@[^@\s,;<>"]+\.[^@\s,;<>".]+'
    return text(254, regex=pattern, **rules)


def whole(minimum: int, maximum: int = MAX_ID, **rules: Any) -> Field:
    """An integer; `true`, 1.0 and "1" are not integers."""
    return {"type": "integer", "min": minimum, "max": maximum} | rules


def number(minimum: float, maximum: float, **rules: Any) -> Field:
    """A finite number."""
    return {"type": "number", "min": minimum, "max": maximum, "check_with": "finite"} | rules


def money(maximum: Decimal = Decimal("999999999999.99"), **rules: Any) -> Field:
    """A non-negative amount, rounded half up to the cent; becomes decimal.Decimal."""
    return {"type": "money", "coerce": "money", "min": 0, "max": maximum} | rules


def flag(**rules: Any) -> Field:
    """true or false."""
    return {"type": "boolean"} | rules


def row_id(**rules: Any) -> Field:
    """The id of a row, 1..2^31-1."""
    return whole(1, **rules)


def date(**rules: Any) -> Field:
    """A day as YYYY-MM-DD; becomes datetime.date."""
    return {"type": "date", "coerce": "date"} | rules


def time(**rules: Any) -> Field:
    """A time of day as HH:MM; becomes datetime.time."""
    return {"type": "time", "coerce": "time"} | rules


def instant(**rules: Any) -> Field:
    """An RFC 3339 instant with offset; becomes datetime.datetime in UTC."""
    return {"type": "datetime", "coerce": "instant"} | rules


def timezone(**rules: Any) -> Field:
    """The name of an IANA timezone, spelled exactly."""
    return {"type": "string", "coerce": "timezone", "maxlength": 64} | rules


def file_url(**rules: Any) -> Field:
    """The location of a file: an http(s) URL, or a path without host.

    Other schemes are rejected.
    """
    pattern = r"https?://\S+|(?!//)(?![A-Za-z][A-Za-z0-9+.-]*:)\S+"
    return text(2048, regex=pattern, **rules)


def picture(**rules: Any) -> Field:
    """An image in base64; sunshine/files/images.py decodes it."""
    return {"type": "string", "maxlength": MAX_PICTURE // 3 * 4 + 32} | rules


def list_of(item: Field, maximum: int = 100, **rules: Any) -> Field:
    """A list of at most `maximum` items of one type."""
    return {"type": "list", "schema": item, "maxlength": maximum} | rules


def free_form(**rules: Any) -> Field:
    """Any JSON object of at most 256 KiB; strings in it are stored unchanged.

    Integers have at most 64 bits.
    """
    return {"type": "dict", "coerce": "free_form", "allow_unknown": True} | rules


def changes(schema: Schema) -> Schema:
    """The same fields for PUT, which merges: none is required; a required one cannot be set to
    blank."""
    dropped = ("required", "default")
    return {
        name: {rule: value for rule, value in field.items() if rule not in dropped}
        for name, field in schema.items()
    }


# Query values arrive as text.


def digits(minimum: int, maximum: int, **rules: Any) -> Field:
    """An integer in a query string."""
    return whole(minimum, maximum, coerce="digits", **rules)


def query_id(**rules: Any) -> Field:
    """A row's id in a query string."""
    return digits(1, MAX_ID, **rules)


def query_number(minimum: float, maximum: float, **rules: Any) -> Field:
    """A number in a query string, such as -6.2088."""
    return number(minimum, maximum, coerce="decimal", **rules)


def query_flag(**rules: Any) -> Field:
    """true, false, 1 or 0 in a query string."""
    return {"type": "boolean", "coerce": "query_flag"} | rules
