"""Strict Cerberus: one validator that takes types literally. Schemas are in the modules'
schemas.py.

Cerberus 1.3 accepts true as an integer, NaN within min and max, a trailing newline past a regex and
a blank required string; here none of these pass. It also sorts all errors again for each new one,
so it only sees what screening.py leaves, and its errors are collected here.
"""

import heapq
import math
import re
from collections.abc import Iterable, Iterator
from contextlib import suppress
from datetime import UTC, date, datetime, time
from decimal import ROUND_HALF_UP, Decimal
from functools import cached_property, lru_cache
from typing import Any
from urllib.parse import parse_qsl
from zoneinfo import ZoneInfo

from cerberus import TypeDefinition, Validator
from cerberus.errors import (
    COERCION_FAILED,
    CUSTOM,
    BaseErrorHandler,
    BasicErrorHandler,
    DocumentErrorTree,
    ErrorList,
    ValidationError,
)
from cerberus.schema import DefinitionSchema

from sunshine.core.characters import strange_in_line, strange_in_prose, trimmed
from sunshine.core.errors import MAX_NAMED, Faults, Invalid, shortened
from sunshine.core.fields import MAX_FREE_FORM, Field, Schema
from sunshine.core.json import clean, encode, exact
from sunshine.core.screening import Fault, Path, Screen, Screened, prefixes, written

# Longer texts are rejected for their length, so their characters need not be checked.
LONGEST_LINE = 2048
LONGEST_PROSE = 100_000

_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_TIME = re.compile(r"([01][0-9]|2[0-3]):[0-5][0-9]")
_INSTANT = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt][0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,9})?"
    r"([Zz]|[+-][0-9]{2}:[0-9]{2})"
)
MAX_ASKED = 200  # keys of a query string
MAX_REMEMBERED = 1024  # bytes of a cached query string
# Rules look at the days and years after a day, so those must exist, too.
_FIRST_DAY, _LAST_DAY = date.min, date(9998, 12, 31)
_CENT = Decimal("0.01")
_ZONE = re.compile(r"[A-Za-z][A-Za-z0-9_+/-]*")
_DIGITS = re.compile(r"-?[0-9]{1,18}")
_DECIMAL = re.compile(r"-?[0-9]{1,9}(\.[0-9]{1,15})?")
_FLAGS = {"true": True, "1": True, "false": False, "0": False}


_MESSAGES = BasicErrorHandler.messages | {COERCION_FAILED.code: "{0}"}
_quiet = BaseErrorHandler()
_NO_TREE = DocumentErrorTree()


class _Strict(Validator):  # type: ignore[misc]
    document: dict[Any, Any]
    types_mapping = Validator.types_mapping | {
        "integer": TypeDefinition("integer", (int,), (bool,)),
        "number": TypeDefinition("number", (int, float), (bool,)),
        "date": TypeDefinition("date", (date,), (datetime,)),
        "time": TypeDefinition("time", (time,), ()),
        "money": TypeDefinition("money", (Decimal,), ()),
    }

    def _error(self, *args: Any) -> None:
        """Like Cerberus', but without sorting each time and without error trees, which nobody
        reads."""
        if len(args) == 1:
            self._errors.extend(args[0])
            return
        field, kind, *info = args
        if isinstance(kind, str):
            kind, info = CUSTOM, [kind]
        rules = self.schema.get(field, {})
        self.recent_error = ValidationError(
            (*self.document_path, field),
            (*self.schema_path, field, kind.rule) if kind.rule else self.schema_path,
            kind.code,
            kind.rule,
            rules.get(kind.rule),
            self.document.get(field),
            tuple(info),
        )
        self._errors.append(self.recent_error)

    def _get_child_validator(
        self, document_crumb: Any = None, schema_crumb: Any = None, **config: Any
    ) -> "_Strict":
        """Like Cerberus', but bypasses the constructor: lists need two children per item."""
        child = object.__new__(type(self))
        made = self._config | config
        if not self.is_child:
            made |= {"is_child": True, "root_document": self.document, "root_schema": self.schema}
        child.__dict__.update(
            _config=made, error_handler=_quiet, update=False, _schema=made.pop("schema", None),
            document_path=self.document_path + _crumb(document_crumb),
            schema_path=self.schema_path + _crumb(schema_crumb),
            _remaining_rules=[],
        )  # fmt: skip
        return child

    def _BareValidator__init_processing(  # noqa: N802 - Cerberus' own name for it
        self, document: dict[Any, Any], schema: None = None
    ) -> None:
        """Like Cerberus', but without error trees; schemas are set once, at construction."""
        self._errors = ErrorList()
        self.recent_error = None
        self.document_error_tree = self.schema_error_tree = _NO_TREE
        self.document = document.copy()
        if not self.is_child:
            self._is_normalized = False

    def _BareValidator__validate_definitions(  # noqa: N802 - Cerberus' own name for it
        self, definitions: Field, field: str
    ) -> None:
        """Like Cerberus', but computes the order of a field's rules only once."""
        value = self.document[field]
        self._remaining_rules = list(_rules_of(definitions, self._config["orders"]))
        while self._remaining_rules:
            rule = self._remaining_rules.pop(0)
            if getattr(self, f"_validate_{rule}")(definitions.get(rule), field, value):
                break
        self._remaining_rules = []

    def _check_with_finite(self, field: str, value: Any) -> None:
        if isinstance(value, float) and not math.isfinite(value):
            self._error(field, "must be a finite number")

    def _check_with_distinct(self, field: str, value: Any) -> None:
        if isinstance(value, list):
            # Items of other types are reported on their own.
            words = [item for item in value if isinstance(item, str | int)]
            if len(words) != len(set(words)):
                self._error(field, "must not repeat an item")

    def _validate_needs(self, needs: dict[str, str], field: str, value: Any) -> None:
        """{'type': 'dict', 'valuesrules': {'type': 'string'}}"""
        if (other := needs.get(value)) and not self.document.get(other):
            self._error(other, f"is required where {field} is {value}")

    def _validate_instead_of(self, other: str, field: str, value: Any) -> None:
        """{'type': 'string'}"""
        # Cerberus' own way not to require a field if another one is given.
        self._unrequired_by_excludes.update((field, other))

    def _validate_regex(self, pattern: str, field: str, value: Any) -> None:
        """{'type': 'string'}"""
        if not isinstance(value, str) or len(value) > self._longest(field):
            return  # already reported
        if not re.fullmatch(pattern, value):
            self._error(field, "has an invalid format")

    def _longest(self, field: str) -> float:
        longest: float = self.schema[field].get("maxlength", math.inf)
        return longest

    def _normalize_coerce_line(self, value: Any) -> Any:
        if not isinstance(value, str):
            return value
        value = trimmed(value)
        if len(value) <= LONGEST_LINE and (said := strange_in_line(value)):
            raise ValueError(f"must not hold the character {said}: it is one line of plain text")
        return value

    def _normalize_coerce_prose(self, value: Any) -> Any:
        if not isinstance(value, str):
            return value
        value = trimmed(value)
        if len(value) <= LONGEST_PROSE and (said := strange_in_prose(value)):
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
            day = date.fromisoformat(value)
        except ValueError:
            raise ValueError("must be a date of the calendar") from None
        if not _FIRST_DAY <= day <= _LAST_DAY:
            raise ValueError(f"must be from {_FIRST_DAY} to {_LAST_DAY}")
        return day

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
            if 1 < at.year < 9999:  # otherwise there is no day before or after it
                return at
        raise ValueError("must be an instant of the calendar")

    def _normalize_coerce_timezone(self, value: Any) -> Any:
        if isinstance(value, str) and not _is_zone(value):
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


# Rules that Cerberus does not run on a value, or runs elsewhere.
_NOT_ASKED = {*_Strict.normalization_rules, "allow_unknown", "require_all", "meta", "required"}
_Orders = dict[int, tuple[Field, tuple[str, ...]]]


def _rules_of(definitions: Field, orders: _Orders) -> tuple[str, ...]:
    """Return a field's rules in the order in which they run; computed once."""
    known = orders.get(id(definitions))
    if known is None:
        first = [rule for rule in _Strict.priority_validations if rule in definitions]
        rest = [rule for rule in definitions if rule not in first and rule not in _NOT_ASKED]
        order = tuple(dict.fromkeys(("nullable", *first, *rest)))
        # Keeping a reference to the field prevents another one from getting its id.
        known = orders[id(definitions)] = (definitions, order)
    return known[1]


class _Checked(DefinitionSchema):  # type: ignore[misc]
    """Checked once, at construction.

    Cerberus copies the schema per document and would check each copy.
    """

    def copy(self) -> dict[str, Any]:
        """Return the plain dict that Cerberus works on."""
        return dict(self.schema)


def _is_zone(name: str) -> bool:
    """Return whether this is the name of a timezone on every machine.

    It looks up the one name: listing all of them would block the event loop for a tenth of a
    second.
    """
    # `localtime` of one machine is another zone on the next one.
    if name in ("localtime", "posixrules") or name.startswith(("posix/", "right/")):
        return False
    if not _ZONE.fullmatch(name):
        return False
    try:
        ZoneInfo(name)
    except (ValueError, OSError, KeyError):
        return False
    return True


# An item that another Payload checks.
_BY_ITSELF: Field = {"type": "dict"}


class Payload:
    """A body's schema, which checks documents.

    A malformed schema raises SchemaError at the first one.
    """

    def __init__(self, schema: Schema, *, purge_unknown: bool = False) -> None:
        self.schema = schema
        self._purge_unknown = purge_unknown

    @cached_property
    def _validator(self) -> _Strict:
        # Built on first use: all of them together would take a tenth of the start-up time.
        validator = _Strict(purge_unknown=self._purge_unknown, error_handler=_quiet, orders={})
        validator.schema = _Checked(validator, _for_cerberus(self._outer))
        return validator

    @cached_property
    def _screen(self) -> Screen:
        return Screen(self._outer, purge_unknown=self._purge_unknown)

    @cached_property
    def _items(self) -> dict[str, "Payload"]:
        """Return the payloads that check the items of lists of objects; nested checks cost three
        times more."""
        return {
            name: Payload(field["schema"]["schema"])
            for name, field in self.schema.items()
            if field.get("type") == "list" and "schema" in field["schema"]
            if field["schema"]["type"] == "dict"
        }

    @cached_property
    def _outer(self) -> Schema:
        return self.schema | {
            name: self.schema[name] | {"schema": _BY_ITSELF} for name in self._items
        }

    def check(self, document: Any) -> dict[str, Any]:
        """Return the document with defaults, trimmed and typed; Invalid names the wrong fields."""
        faults = Faults()
        checked = self._check(document, faults)
        if faults:
            raise Invalid(errors=faults)
        return checked

    def check_each(self, documents: Iterable[Any]) -> list[dict[str, Any]]:
        """Check each document; Invalid names wrong fields as `3.latitude`."""
        faults = Faults()
        checked = [self._check(each, faults, f"{n}.") for n, each in enumerate(documents)]
        if faults:
            raise Invalid(errors=faults)
        return checked

    def _check(self, document: Any, faults: Faults, path: str = "") -> dict[str, Any]:
        if not isinstance(document, dict):
            if not path:
                raise Invalid("Body must be a JSON object")
            faults.add({"field": path[:-1], "message": "must be a JSON object"})
            return {}
        validator, screened = self._validator, self._screen.of(document)
        if not validator.validate(screened.document) or screened.replaced or screened.unknowns:
            _collect(faults, screened, validator._errors, path)
        checked: dict[str, Any] = validator.document
        for name, item in self._items.items():
            if isinstance(checked.get(name), list):
                within = f"{path}{name}."
                checked[name] = [
                    item._check(each, faults, f"{within}{n}.")
                    for n, each in enumerate(checked[name])
                ]
        return checked


def _collect(
    faults: Faults, screened: Screened, errors: Iterable[ValidationError], prefix: str
) -> None:
    """Add the errors of screening and of Cerberus in the order of the fields, one per field."""
    if len(faults.named) == MAX_NAMED:  # no more are named, so no messages are needed
        paths = {error.document_path for error in _leaves(errors)}
        paths -= set(prefixes(paths))
        faults.omitted += len(paths | screened.replaced.keys()) + screened.unknowns
        return
    found: dict[Path, ValidationError] = {}
    for error in _leaves(errors):
        known = found.get(error.document_path)
        # The first explains it; the others follow from it.
        if known is None or (error.rule or "") < (known.rule or ""):
            found[error.document_path] = error
    holders = set(prefixes(found))
    wrong: dict[Path, ValidationError | str] = {p: e for p, e in found.items() if p not in holders}
    wrong |= screened.replaced
    first = [
        Fault(path, _message(wrong[path])) for path in heapq.nsmallest(MAX_NAMED, wrong, key=_order)
    ]
    named = sorted((first + screened.unknown)[:MAX_NAMED], key=lambda fault: _order(fault.path))
    faults.extend(
        ({"field": prefix + written(map(_short, path)), "message": message})
        for path, message in named
    )
    faults.omitted += len(wrong) + screened.unknowns - len(named)


def _leaves(errors: Iterable[ValidationError]) -> Iterator[ValidationError]:
    for error in errors:
        if error.is_group_error:
            yield from _leaves(error.child_errors)
        else:
            yield error


def _order(path: Path) -> list[tuple[bool, str | int]]:
    return [(isinstance(part, str), part) for part in path]


def _message(error: ValidationError | str) -> str:
    if isinstance(error, str):
        return error
    message: str = _MESSAGES[error.code]
    given = {"constraint": error.constraint, "field": error.field, "value": _short(error.value)}
    return message.format(*map(_short, error.info), **given)


def _short(part: Any) -> Any:
    return shortened(part) if isinstance(part, str) else part


def _crumb(crumb: Any) -> tuple[Any, ...]:
    return () if crumb is None else crumb if isinstance(crumb, tuple) else (crumb,)


def _for_cerberus(schema: Schema) -> Schema:
    """Return the rules Cerberus needs; examples are for readers (sunshine/web/openapi)."""
    return {name: _plain(field) for name, field in schema.items()}


def _plain(field: Field) -> Field:
    plain = {rule: value for rule, value in field.items() if rule != "example"}
    if field.get("type") == "list":
        if field["schema"] is _BY_ITSELF:
            del plain["schema"]
        else:
            plain["schema"] = _plain(field["schema"])
    elif "schema" in field:
        plain["schema"] = _for_cerberus(field["schema"])
    else:  # it would visit each key for nothing
        plain.pop("allow_unknown", None)
    return plain


class Query:
    """A query string's schema. Unknown keys are ignored; a known key may be given once."""

    def __init__(self, schema: Schema) -> None:
        self.schema = schema
        self._payload = Payload(schema, purge_unknown=True)
        # The check is a pure function of the text, and the same pages are requested all day.
        self._cached = lru_cache(maxsize=1024)(self._check)

    def check(self, raw: str) -> dict[str, Any]:
        """Return the typed values of a raw query string by name, with defaults."""
        return dict(self._cached(raw) if len(raw) <= MAX_REMEMBERED else self._check(raw))

    def _check(self, raw: str) -> dict[str, Any]:
        try:
            pairs = parse_qsl(
                raw, keep_blank_values=True, errors="strict", max_num_fields=MAX_ASKED
            )
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
