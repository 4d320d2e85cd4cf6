"""Cerberus, strict: one validator whose types mean what they say. Schemas: sunshine/schemas.

Cerberus 1.3 takes true for an integer, NaN within min and max, a trailing newline past a regex
and a blank for a required string; here none of that passes.
"""

import math
import re
from contextlib import suppress
from datetime import UTC, date, datetime, time
from decimal import ROUND_HALF_UP, Decimal
from functools import cached_property, lru_cache
from typing import Any
from urllib.parse import parse_qsl
from zoneinfo import ZoneInfo, available_timezones

from cerberus import TypeDefinition, Validator
from cerberus.errors import COERCION_FAILED, BasicErrorHandler
from cerberus.schema import DefinitionSchema

from sunshine.characters import strange_in_line, strange_in_prose, trimmed
from sunshine.errors import Invalid
from sunshine.json import clean, encode, exact
from sunshine.schemas.fields import MAX_FREE_FORM, Field, Schema

_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_TIME = re.compile(r"([01][0-9]|2[0-3]):[0-5][0-9]")
_INSTANT = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt][0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,9})?"
    r"([Zz]|[+-][0-9]{2}:[0-9]{2})"
)
_CENT = Decimal("0.01")
_DIGITS = re.compile(r"-?[0-9]{1,18}")
_DECIMAL = re.compile(r"-?[0-9]{1,9}(\.[0-9]{1,15})?")
_FLAGS = {"true": True, "1": True, "false": False, "0": False}


class _Messages(BasicErrorHandler):  # type: ignore[misc]
    messages = BasicErrorHandler.messages | {COERCION_FAILED.code: "{0}"}


class _Strict(Validator):  # type: ignore[misc]
    types_mapping = Validator.types_mapping | {
        "integer": TypeDefinition("integer", (int,), (bool,)),
        "number": TypeDefinition("number", (int, float), (bool,)),
        "date": TypeDefinition("date", (date,), (datetime,)),
        "time": TypeDefinition("time", (time,), ()),
        "money": TypeDefinition("money", (Decimal,), ()),
    }

    def _check_with_finite(self, field: str, value: Any) -> None:
        if isinstance(value, float) and not math.isfinite(value):
            self._error(field, "must be a finite number")

    def _check_with_distinct(self, field: str, value: Any) -> None:
        if isinstance(value, list) and len(value) != len({repr(item) for item in value}):
            self._error(field, "must not repeat an item")

    def _validate_needs(self, needs: dict[str, str], field: str, value: Any) -> None:
        """{'type': 'dict', 'valuesrules': {'type': 'string'}}"""
        if (other := needs.get(value)) and not self.document.get(other):
            self._error(other, f"is required where {field} is {value}")

    def _validate_instead_of(self, other: str, field: str, value: Any) -> None:
        """{'type': 'string'}"""
        # Cerberus' own way of not requiring a field when another is there.
        self._unrequired_by_excludes.update((field, other))

    def _validate_regex(self, pattern: str, field: str, value: Any) -> None:
        """{'type': 'string'}"""
        if isinstance(value, str) and not re.fullmatch(pattern, value):
            self._error(field, "has an invalid format")

    def _normalize_coerce_line(self, value: Any) -> Any:
        if not isinstance(value, str):
            return value
        value = trimmed(value)
        if said := strange_in_line(value):
            raise ValueError(f"must not hold the character {said}: it is one line of plain text")
        return value

    def _normalize_coerce_prose(self, value: Any) -> Any:
        if not isinstance(value, str):
            return value
        value = trimmed(value)
        if said := strange_in_prose(value):
            raise ValueError(f"must not hold the control character {said}")
        return value

    def _normalize_coerce_money(self, value: Any) -> Any:
        if isinstance(value, bool) or not isinstance(value, int | float) or abs(value) > 1e15:
            return value
        # The shortest text of a float is what was sent: 0.285 is not 0.28499999999999998.
        return Decimal(repr(value)).quantize(_CENT, ROUND_HALF_UP)

    def _normalize_coerce_date(self, value: Any) -> Any:
        if not isinstance(value, str):
            return value
        if not _DATE.fullmatch(value):
            raise ValueError("must be a date as YYYY-MM-DD")
        try:
            return date.fromisoformat(value)
        except ValueError:
            raise ValueError("must be a date of the calendar") from None

    def _normalize_coerce_time(self, value: Any) -> Any:
        if not isinstance(value, str):
            return value
        if not _TIME.fullmatch(value):
            raise ValueError("must be a time as HH:MM")
        return time.fromisoformat(value)

    def _normalize_coerce_instant(self, value: Any) -> Any:
        if not isinstance(value, str):
            return value
        if not _INSTANT.fullmatch(value):
            raise ValueError("must be an RFC 3339 instant with offset, as 2024-01-15T08:00:00Z")
        with suppress(ValueError, OverflowError):
            at = datetime.fromisoformat(value.upper()).astimezone(UTC)
            if 1 < at.year < 9999:  # else there is no day before, or none after
                return at
        raise ValueError("must be an instant of the calendar")

    def _normalize_coerce_timezone(self, value: Any) -> Any:
        if isinstance(value, str) and value not in _zones():
            raise ValueError("must name a timezone such as Asia/Jakarta")
        return value

    def _normalize_coerce_free_form(self, value: Any) -> Any:
        if not isinstance(value, dict):
            return value
        if len(encode(value)) > MAX_FREE_FORM:
            raise ValueError(f"must be at most {MAX_FREE_FORM // 1024} KiB as JSON")
        return exact(value)

    def _normalize_coerce_digits(self, value: str) -> int:
        if not _DIGITS.fullmatch(value):
            raise ValueError("must be a whole number")
        return int(value)

    def _normalize_coerce_decimal(self, value: str) -> float:
        if not _DECIMAL.fullmatch(value):
            raise ValueError("must be a number")
        return float(value)

    def _normalize_coerce_query_flag(self, value: str) -> bool:
        if value not in _FLAGS:
            raise ValueError("must be true or false")
        return _FLAGS[value]


class _Checked(DefinitionSchema):  # type: ignore[misc]
    """Checked when it is made. Cerberus takes a copy per document, and would check each copy."""

    def copy(self) -> dict[str, Any]:
        """What Cerberus works on."""
        return dict(self.schema)


@lru_cache(maxsize=1)
def _zones() -> frozenset[str]:
    # What one machine calls localtime is another zone on the next one.
    named = available_timezones() - {"localtime"}
    return frozenset(zone for zone in named if _loads(zone))


def _loads(zone: str) -> bool:
    try:
        ZoneInfo(zone)
    except (ValueError, OSError):
        return False
    return True


class Payload:
    """A body's schema, which checks documents. SchemaError at the first one if it is malformed."""

    def __init__(self, schema: Schema, *, purge_unknown: bool = False) -> None:
        self.schema = schema
        self._purge_unknown = purge_unknown

    @cached_property
    def _validator(self) -> _Strict:
        # Made when it is needed: all of them together would be a tenth of a start.
        validator = _Strict(purge_unknown=self._purge_unknown, error_handler=_Messages)
        validator.schema = _Checked(validator, _without_examples(self.schema))
        return validator

    def check(self, document: Any) -> dict[str, Any]:
        """The document with its defaults, trimmed and typed; Invalid names every wrong field."""
        if not isinstance(document, dict):
            raise Invalid("Body must be a JSON object")
        if not self._validator.validate(document):
            raise Invalid(errors=_flat(self._validator.errors))
        checked: dict[str, Any] = self._validator.document
        return checked


def _without_examples(schema: Schema) -> Schema:
    """What Cerberus is to know of; examples are for readers (sunshine/web/openapi)."""
    return {name: _plain(field) for name, field in schema.items()}


def _plain(field: Field) -> Field:
    plain = {rule: value for rule, value in field.items() if rule != "example"}
    if field.get("type") == "list":
        plain["schema"] = _plain(field["schema"])
    elif "schema" in field:
        plain["schema"] = _without_examples(field["schema"])
    return plain


class Query:
    """A query string's schema. Unknown keys are ignored, a known one is given at most once."""

    def __init__(self, schema: Schema) -> None:
        self.schema = schema
        self._payload = Payload(schema, purge_unknown=True)
        # The check is a pure function of the text, and the same pages are asked for all day.
        self._cached = lru_cache(maxsize=1024)(self._check)

    def check(self, raw: str) -> dict[str, Any]:
        """The values of a raw query string by name, typed, with defaults."""
        return dict(self._cached(raw))

    def _check(self, raw: str) -> dict[str, Any]:
        try:
            pairs = parse_qsl(raw, keep_blank_values=True, errors="strict", max_num_fields=200)
        except ValueError:
            raise Invalid("Query string is not valid") from None
        values: dict[str, str] = {}
        for name, value in pairs:
            if not (clean(name) and clean(value)):
                raise Invalid("Query string holds a character that is not allowed")
            if name in values and name in self.schema:
                raise Invalid.field(name, "given more than once")
            values[name] = value
        return self._payload.check(values)


def _flat(errors: dict[Any, list[Any]], path: str = "") -> list[dict[str, str]]:
    """Cerberus' nested errors as `{"field": "items.0.price", "message"}`."""
    lines = []
    for key, problems in errors.items():
        field = f"{path}{key}"
        if isinstance(problems[-1], dict):
            lines.extend(_flat(problems[-1], f"{field}."))
        else:  # the first says why; the others follow from it
            lines.append({"field": field, "message": problems[0]})
    return lines
