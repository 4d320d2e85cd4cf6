"""What tests over the whole route table share: bodies made from schemas, rows for paths, what is
stored. The table: handlers/__init__.py. Used by tests/kernel."""

import itertools
import json
import re
from collections.abc import Iterator
from datetime import date, timedelta
from functools import lru_cache
from typing import Any

from sqlalchemy import text

import handlers
import models
from sunshine.errors import Invalid
from sunshine.schemas.fields import MAX_ID, Field, Schema
from sunshine.statements import Statement
from sunshine.validation import Payload, Query
from sunshine.web.guards import Guard
from sunshine.web.routes import Route
from tests.api import Api
from tests.conftest import PASSWORD

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
    "list": ("object", "true", "12", '"12"'),
    "date": ("object", "true", "12", "1.5", "[]"),
    "time": ("object", "true", "12", "1.5", "[]"),
    "datetime": ("object", "true", "12", "1.5", "[]"),
    "dict": ("object", "true", "12", "1.5", '"12"', "[]"),
}
_BAD_TEXT = {
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
        *field.get("allowed", ())[:1], True, field.get("min", 0), f"Some words {number}",
        f"word-{number}", f"person{number}@example.com", f"https://example.com/{number}",
        (date(2024, 1, 1) + timedelta(number)).isoformat(), "08:30", "Asia/Jakarta",
        "2024-01-15T08:00:00Z",
    ]  # fmt: skip
    if field["type"] == "dict":
        candidates = [filled(field["schema"])]
    if field["type"] == "list":
        candidates = [[valid(field["schema"])]]
    return next(value for value in candidates if _takes(field, value))


def _takes(field: Field, value: Any) -> bool:
    try:
        Payload({"it": field}).check({"it": value})
    except Invalid:
        return False
    return True


def filled(schema: Schema, known: dict[str, Any] | None = None) -> dict[str, Any]:
    """A body of what is required, `known` values first."""
    known = known or {}
    return {
        name: known.get(name, valid(field))
        for name, field in schema.items()
        if field.get("required")
    }


def malformed(field: Field) -> Iterator[str]:
    """Raw JSON values that are readable and wrong for the field."""
    kind = field["type"]
    yield from (_ANY[name] for name in _NOT[kind])
    if not field.get("nullable"):
        yield "null"
    bad = _BAD_TEXT.get(field.get("coerce", ""), ())
    yield from (json.dumps(word, ensure_ascii=False) for word in bad)
    if kind in ("integer", "number"):
        yield from (str(field["min"] - 1), str(field["max"] + 1), "9" * 40, "-1e300", "1e300")
    if kind == "integer":
        yield from (f"{field['min']}.0", "1e0", "9007199254740993.0")
    if kind == "boolean":
        yield from ("0", "1", '"true"', '"false"')
    if kind == "list":
        yield from _malformed_lists(field)
    if kind == "dict":
        whole = filled(field["schema"])
        for name, part in field["schema"].items():
            yield from (with_raw(whole, name, raw).decode() for raw in malformed(part))
        yield with_raw(whole, "unknown", "1").decode()
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


def _malformed_lists(field: Field) -> Iterator[str]:
    item = json.dumps(valid(field["schema"]))
    yield from (f"[{wrong}]" for wrong in malformed(field["schema"]))
    yield f"[{item}, {item}]"  # each list so far holds an item at most once
    yield "[" + ", ".join([item] * (field["maxlength"] + 1)) + "]"
    if field.get("minlength"):
        yield "[]"


def with_raw(body: dict[str, Any], name: str, raw: str) -> bytes:
    """The body as JSON, with a raw value for one field."""
    rest = json.dumps({key: value for key, value in body.items() if key != name})
    comma = "" if rest == "{}" else ", "
    return f"{rest[:-1]}{comma}{json.dumps(name)}: {raw}}}".encode()


_INSERT = {
    "department": "(name) VALUES (gen_random_uuid()::text)",
    "position": "(name) VALUES (gen_random_uuid()::text)",
    "shift": "(name, start_time, end_time) VALUES (gen_random_uuid()::text, '09:00', '17:00')",
    "location": "(name, latitude, longitude, radius_meters)"
    " VALUES (gen_random_uuid()::text, 0, 0, 100)",
    "users": "(username, name, role, password_hash)"
    " VALUES (gen_random_uuid()::text, 'Somebody', 'employee', 'x')",
    "employee": "(name, manager_id) VALUES ('Somebody', :manager)",
    "employee_shift": "(employee_id, shift_id, valid_from, valid_to)"
    " VALUES (:employee, :thing, :day, :day)",
    "attendance": "(employee_id, work_date, status, check_in_at)"
    " VALUES (:employee, :day, 'present', :day)",
    "placement": "(employee_id, location_id, valid_from, valid_to)"
    " VALUES (:employee, :thing, :day, :day)",
}
_TABLE = {
    "departments": "department",
    "positions": "position",
    "shifts": "shift",
    "locations": "location",
    "users": "users",
    "employees": "employee",
    "attendance": "attendance",
}
# Rows of an employee, found by their own id.
OWNED = {"attendance"}
PERIODS = {"shifts": "employee_shift", "placements": "placement"}


async def new_row(api: Api, table: str, **values: Any) -> int:
    """The id of a new row, stored without an event."""
    values = {"manager": None, "day": date(2000, 1, 1) + timedelta(next(_number))} | values
    statement = _statement(f'INSERT INTO "{table}" {_INSERT[table]} RETURNING id')
    used = {name: value for name, value in values.items() if f":{name}" in _INSERT[table]}
    return int((await api.app.databases.sunshine.all(statement, **used))[0]["id"])


def table_of(path: str) -> str:
    """The table that the first parameter of a route's path is an id of."""
    return _TABLE[path.partition("/{")[0].rpartition("/")[2]]


async def new_target(api: Api, path: str, employee: int | None = None) -> int:
    """The id of a new row for the first parameter of a route's path: of an employee, a new one
    where none is given."""
    table = table_of(path)
    if table not in OWNED:
        return await new_row(api, table)
    return await new_row(api, table, employee=employee or await new_row(api, "employee"))


async def new_period(api: Api, path: str, employee: int) -> int:
    """The id of a new period of an employee, for the second parameter of a route's path."""
    kind = path.split("/")[4]
    thing = await new_row(api, {"shifts": "shift", "placements": "location"}[kind])
    return await new_row(api, PERIODS[kind], employee=employee, thing=thing)


def filled_path(path: str, *ids: int) -> str:
    """A route's path with ids for its parameters."""
    given = iter(ids)
    return re.sub(r"\{\w+\}", lambda _: str(next(given)), path)


async def existing_path(api: Api, path: str) -> str:
    """A route's path to rows that exist."""
    ids = [await new_target(api, path)] if "{" in path else []
    if path.count("{") == 2:
        ids.append(await new_period(api, path, ids[0]))
    return filled_path(path, *ids)


async def known_values(api: Api, schema: Schema) -> dict[str, Any]:
    """Values that a schema cannot make up: what refers to rows, and what is good enough."""
    refers = {"shiftId": "shift", "locationId": "location"}
    rows = {name: await new_row(api, refers[name]) for name in schema if name in refers}
    return {"password": PASSWORD, "role": "employee", **rows}


async def stored(api: Api) -> dict[str, str]:
    """A digest of every table of every database, events included."""
    found: dict[str, str] = {}
    for name, database in api.app.databases.items():
        rows = await database.all(_digests(name))
        found |= {row["name"]: row["digest"] for row in rows}
    return found


@lru_cache
def _digests(database: str) -> Statement:
    parts = [
        f"SELECT '{database}.{table}' AS name, count(*) || '-' ||"
        f" coalesce(md5(string_agg(t::text, '|' ORDER BY t::text)), '') AS digest"
        f' FROM "{table}" t'
        for table in models.METADATA[database].tables
    ]
    return _statement(" UNION ALL ".join(parts))


@lru_cache
def _statement(sql: str) -> Statement:
    return Statement(text(sql))
