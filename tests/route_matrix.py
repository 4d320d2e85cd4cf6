"""What tests over the whole route table share: bodies made from schemas, rows for paths, what is
stored. The table: handlers/__init__.py. Used by tests/kernel."""

import itertools
import json
import re
from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from decimal import Decimal
from functools import lru_cache
from typing import Any

import handlers
import models
from sunshine.core.errors import Invalid
from sunshine.core.fields import MAX_ID, Field, Schema
from sunshine.core.validation import Payload, Query
from sunshine.database.statements import Statement
from sunshine.web.guards import Guard
from sunshine.web.routes import Route
from tests.api import Api
from tests.conftest import PASSWORD
from tests.row_factories import made_for, new_approver, new_row, statement_of

MISSING = MAX_ID
_number = itertools.count(1)

# Raw JSON that is refused before any schema is asked.
UNREADABLE = {
    "NaN": "NaN",
    "infinite": "Infinity",
    "minus infinite": "-Infinity",
    "too large": "1e400",
    "5000 digits": "9" * 5000,
    "NUL": r'"a\u0000b"',
    "NUL in a key": r'{"a\u0000b": 1}',
    "high surrogate": r'"a\ud800b"',
    "low surrogate": r'"a\udc00b"',
    "surrogates the wrong way round": r'"\udc00\ud800"',
}
_ANY = {"object": "{}", "true": "true", "12": "12", "1.5": "1.5", '"12"': '"12"', "[]": "[]"}
_NOT = {  # what is left of _ANY for each type
    "string": ("object", "true", "12", "1.5", "[]"),
    "integer": ("object", "true", "1.5", '"12"', "[]"),
    "number": ("object", "true", '"12"', "[]"),
    "boolean": ("object", "12", "1.5", '"12"', "[]"),
    "money": ("object", "true", '"12"', "[]"),
    "list": ("object", "true", "12", '"12"'),
    "dict": ("true", "12", "1.5", '"12"', "[]"),
    "date": ("object", "true", "12", "1.5", "[]"),
    "time": ("object", "true", "12", "1.5", "[]"),
    "datetime": ("object", "true", "12", "1.5", "[]"),
}
OF_OTHERS = ("dependencies", "excludes", "needs", "instead_of")  # what it says of other fields
BAD_TEXT = {
    "date": (
        "", "2024-1-5", "20240115", "2024-W03-1", "2024-02-30", "2024-13-01", "0000-01-01",
        "tomorrow", "2024-01-15T00:00:00Z", "2024-01-15\n", " 2024-01-15", "٢٠٢٤-01-15",
    ),
    "time": ("", "9:00", "24:00", "09:60", "09:00:00", "0900", "09:00\n", "٠٩:00", "noon"),
    "instant": (
        "", "2024-01-15", "08:00", "2024-01-15T08:00:00", "2024-01-15 08:00:00Z", "tomorrow",
        "2024-01-15T08:00Z", "2024-02-30T08:00:00Z", "2024-01-15T24:00:00Z", "1705305600",
        "2024-01-15T08:00:00+25:00", "2024-01-15T08:00:00Z\n", "0001-12-31T00:00:00Z",
        "9999-01-01T00:00:00Z", "0001-01-01T00:00:00+14:00",
    ),
    "timezone": ("", "Mars/Phobos", "asia/jakarta", "../etc/passwd", "Asia/Jakarta\n"),
}  # fmt: skip


def endpoints() -> list[tuple[Route, str]]:
    """Every route with every method it declares; PATCH and HEAD are PUT and GET."""
    return [
        (route, method)
        for route in handlers.routes
        for method in route.guards
        if method not in ("PATCH", "HEAD")
    ]


def name_of(value: Any) -> str:
    """How pytest calls an endpoint."""
    return value.path if isinstance(value, Route) else str(value)


def body_of(guards: list[Guard]) -> Payload | None:
    return next((guard.body for guard in guards if guard.body), None)


def query_of(guards: list[Guard]) -> Query | None:
    return next((guard.query for guard in guards if guard.query), None)


def valid(field: Field) -> Any:
    """A value that the field takes, another one each time where it can be."""
    number = next(_number)
    candidates: list[Any] = [
        *field.get("allowed", ())[:1], True, _least(field), f"Some words {number}",
        f"word-{number}", f"person{number}@example.com", f"https://example.com/{number}",
        (date(2024, 1, 1) + timedelta(number)).isoformat(), "08:30", "Asia/Jakarta",
        str(field.get("min")), "2024-01-15T08:00:00Z",
    ]  # fmt: skip
    if field["type"] == "dict":
        candidates = [filled(field["schema"]) if "schema" in field else {"anything": 1}]
    if field["type"] == "list":
        candidates = [[valid(field["schema"]) for _ in range(field.get("minlength", 1))]]
    return next(value for value in candidates if _takes(field, value))


def _least(field: Field) -> Any:
    """The least number it takes, as JSON has it."""
    least = field.get("min", 0)
    return float(least) if isinstance(least, Decimal) else least


def _takes(field: Field, value: Any) -> bool:
    alone = {k: v for k, v in field.items() if k not in OF_OTHERS}
    try:
        Payload({"it": alone}).check({"it": value})
    except Invalid:
        return False
    return True


def filled(schema: Schema, known: dict[str, Any] | None = None) -> dict[str, Any]:
    """A body of what is required, `known` values first."""
    known = known or {}
    return {
        name: known[name] if name in known else valid(field)
        for name, field in schema.items()
        if field.get("required")
    }


def required_query(guards: list[Guard], *, but: str = "") -> str:
    """What a query string must hold `but` one key, ready for more: `month=1&`, or nothing."""
    query = query_of(guards)
    return "".join(
        f"{name}={value}&" for name, value in filled(query.schema if query else {}).items()
    )


def malformed(field: Field) -> Iterator[str]:
    """Raw JSON values that are readable and wrong for the field."""
    kind = field["type"]
    yield from (_ANY[name] for name in _NOT[kind])
    if not field.get("nullable"):
        yield "null"
    bad = BAD_TEXT.get(field.get("coerce", ""), ())
    yield from (json.dumps(word, ensure_ascii=False) for word in bad)
    if kind in ("integer", "number", "money"):
        yield from (str(field["min"] - 1), str(field["max"] + 1), "9" * 40, "-1e300", "1e300")
    if kind == "integer":
        yield from (f"{field['min']}.0", "1e0", "9007199254740993.0")
    if kind == "boolean":
        yield from ("0", "1", '"true"', '"false"')
    if kind == "list":
        yield from _malformed_lists(field)
    if kind == "dict":
        yield from _malformed_objects(field)
    if kind == "string":
        yield from _malformed_texts(field)


def _malformed_texts(field: Field) -> Iterator[str]:
    if "maxlength" in field:
        yield json.dumps("x" * (field["maxlength"] + 1))
    if "allowed" in field:
        first = field["allowed"][0]
        yield from (json.dumps(word) for word in ("", first.upper(), f"{first} ", f"{first}\n"))
    if field.get("empty") is False:
        yield '""'
        if field.get("coerce") == "trimmed":
            yield from ('"   "', r'"\t\n"', '"\u00a0\u2003"')
    if "regex" in field:
        yield json.dumps(f"{valid(field)}\nand more")
        yield from ('""', '"   "', r'"a\nb c"')


def _malformed_objects(field: Field) -> Iterator[str]:
    schema = field.get("schema", {})
    whole = filled(schema)
    for name, part in schema.items():
        yield from (with_raw(whole, name, raw).decode() for raw in malformed(part))
    if not field.get("allow_unknown"):
        yield with_raw(whole, "unknown", "1").decode()


def _malformed_lists(field: Field) -> Iterator[str]:
    item = json.dumps(valid(field["schema"]))
    yield from (f"[{wrong}]" for wrong in malformed(field["schema"]))
    if field.get("check_with") == "distinct":
        yield f"[{item}, {item}]"
    yield "[" + ", ".join([item] * (field["maxlength"] + 1)) + "]"
    if field.get("minlength"):
        yield "[]"


def with_raw(body: dict[str, Any], name: str, raw: str) -> bytes:
    """The body as JSON, with a raw value for one field."""
    rest = json.dumps({key: value for key, value in body.items() if key != name})
    comma = "" if rest == "{}" else ", "
    return f"{rest[:-1]}{comma}{json.dumps(name)}: {raw}}}".encode()


def with_raws(raws: Mapping[str, str]) -> bytes:
    """A JSON object of raw values by name."""
    return (
        "{" + ", ".join(f"{json.dumps(name)}: {raw}" for name, raw in raws.items()) + "}"
    ).encode()


def filled_path(path: str, *ids: int | str) -> str:
    """A route's path with ids for its parameters."""
    given = iter(ids)
    return re.sub(r"\{\w+(:\w+)?\}", lambda _: str(next(given)), path)


async def existing_path(api: Api, path: str, method: str = "GET") -> str:
    """A route's path to rows that exist."""
    return filled_path(path, *await made_for(api, path, method))


# Fields that refer to rows, by the table of the row.
_REFERS = {
    "roomId": "meeting_room",
    "shiftId": "shift",
    "locationId": "location",
    "assignedTo": "employee",
    "employeeId": "employee",
    "salesPerson": "employee",
    "author": "employee",
}


async def known_values(api: Api, schema: Schema) -> dict[str, Any]:
    """Values that a schema cannot make up: what refers to rows, and what is good enough."""
    rows: dict[str, Any] = {
        name: await new_row(api, _REFERS[name]) for name in schema if name in _REFERS
    }
    if "approvers" in schema:
        rows["approvers"] = [await new_approver(api)]
    if "into" in schema:
        rows["into"] = await new_row(
            api, "ticket", employee=await new_row(api, "employee"), status="open"
        )
    if "startTime" in schema and "endTime" in schema:
        rows |= {"startTime": "09:00", "endTime": "10:00"}
    if "items" in schema and "total" in schema:
        rows |= {"items": [{"productId": 1, "quantity": 2, "price": 3}], "total": 6}
    if "code" in schema and "orderAmount" in schema:
        voucher = await new_row(api, "voucher")
        [row] = await api.sql("SELECT code FROM voucher WHERE id = %(id)s", id=voucher)
        rows["code"] = row["code"]
    return {"password": PASSWORD, "role": "employee", **rows}


async def stored(api: Api) -> dict[str, str]:
    """A digest of every table of every database, events included."""
    found: dict[str, str] = {}
    for name, database in api.app.databases.items():
        rows = await database.all(_digests(name))
        found |= {row["name"]: row["digest"] for row in rows}
    return found


@lru_cache
def _digests(database: str) -> Statement[Any]:
    parts = [
        f"SELECT '{database}.{table}' AS name, count(*) || '-' ||"
        f" coalesce(md5(string_agg(t::text, '|' ORDER BY t::text)), '') AS digest"
        f' FROM "{table}" t'
        for table in models.METADATA[database].tables
    ]
    return statement_of(" UNION ALL ".join(parts))
