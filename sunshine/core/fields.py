"""The kinds of field that schemas are made of: Cerberus rule sets for sunshine/core/validation.py.

Keyword arguments add or override Cerberus rules: `text(100, required=True)`. Two are ours:
`needs={"reject": "notes"}`, this value needs that other field, and not blank;
`instead_of="location"`, where this field is, that required one may be missing.
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
    """A trimmed line of at most `maximum` characters; blank only where it is not required.

    Names, titles, codes, addresses: what has no place in one line is refused, by characters.py.
    """
    blank = {"empty": False} if rules.get("required") else {}
    return {"type": "string", "coerce": "line", "maxlength": maximum} | blank | rules


def prose(maximum: int, **rules: Any) -> Field:
    """A trimmed text of several lines: notes, comments, descriptions, HTML."""
    return text(maximum, coerce="prose", **rules)


def choice(*words: str, **rules: Any) -> Field:
    """One of the given words, to the letter."""
    return {"type": "string", "allowed": list(words)} | rules


def email(**rules: Any) -> Field:
    """An address with one @ and a dotted domain, at most 254 characters."""
    # As JavaScript reads it too, which knows no escaped quote: the description shows it.
    pattern = r'[^@\s,;<>"]+@[^@\s,;<>"]+\.[^@\s,;<>".]+'
    return text(254, regex=pattern, **rules)


def whole(minimum: int, maximum: int = MAX_ID, **rules: Any) -> Field:
    """An integer; `true`, 1.0 and "1" are none."""
    return {"type": "integer", "min": minimum, "max": maximum} | rules


def number(minimum: float, maximum: float, **rules: Any) -> Field:
    """A finite number."""
    return {"type": "number", "min": minimum, "max": maximum, "check_with": "finite"} | rules


def money(maximum: Decimal = Decimal("999999999999.99"), **rules: Any) -> Field:
    """An amount, not negative, rounded half up to the cent -> decimal.Decimal."""
    return {"type": "money", "coerce": "money", "min": 0, "max": maximum} | rules


def flag(**rules: Any) -> Field:
    """true or false."""
    return {"type": "boolean"} | rules


def row_id(**rules: Any) -> Field:
    """The id of a row, 1..2^31-1."""
    return whole(1, **rules)


def date(**rules: Any) -> Field:
    """A day as YYYY-MM-DD -> datetime.date."""
    return {"type": "date", "coerce": "date"} | rules


def time(**rules: Any) -> Field:
    """A time of day as HH:MM -> datetime.time."""
    return {"type": "time", "coerce": "time"} | rules


def instant(**rules: Any) -> Field:
    """An RFC 3339 instant with offset -> datetime.datetime in UTC."""
    return {"type": "datetime", "coerce": "instant"} | rules


def timezone(**rules: Any) -> Field:
    """The name of an IANA timezone, as it is written there."""
    return {"type": "string", "coerce": "timezone", "maxlength": 64} | rules


def file_url(**rules: Any) -> Field:
    """Where a file is: an http(s) URL, or a path without host. No other scheme is opened by us."""
    pattern = r"https?://\S+|(?!//)(?![A-Za-z][A-Za-z0-9+.-]*:)\S+"
    return text(2048, regex=pattern, **rules)


def picture(**rules: Any) -> Field:
    """A picture in base64, which sunshine/files/images.py reads."""
    return {"type": "string", "maxlength": MAX_PICTURE // 3 * 4 + 32} | rules


def list_of(item: Field, maximum: int = 100, **rules: Any) -> Field:
    """A list of at most `maximum` items of one kind."""
    return {"type": "list", "schema": item, "maxlength": maximum} | rules


def free_form(**rules: Any) -> Field:
    """A JSON object of whatever one likes, at most 256 KiB; strings in it are kept to the letter.

    Whole numbers have 64 bits at most.
    """
    return {"type": "dict", "coerce": "free_form", "allow_unknown": True} | rules


def changes(schema: Schema) -> Schema:
    """The same fields for PUT, which merges: none is required, none that was may be blanked."""
    dropped = ("required", "default")
    return {
        name: {rule: value for rule, value in field.items() if rule not in dropped}
        for name, field in schema.items()
    }


# Query values arrive as text.


def digits(minimum: int, maximum: int, **rules: Any) -> Field:
    """A whole number in a query."""
    return whole(minimum, maximum, coerce="digits", **rules)


def query_id(**rules: Any) -> Field:
    """A row's id in a query."""
    return digits(1, MAX_ID, **rules)


def query_number(minimum: float, maximum: float, **rules: Any) -> Field:
    """A number in a query, as -6.2088."""
    return number(minimum, maximum, coerce="decimal", **rules)


def query_flag(**rules: Any) -> Field:
    """true, false, 1 or 0 in a query."""
    return {"type": "boolean", "coerce": "query_flag"} | rules
