"""Rows are what their TypedDicts say: every statement of the product, described by PostgreSQL."""

import gc
import sys
import types
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any, TypedDict, Union, get_args, get_origin, get_type_hints

import psycopg
import pytest
from psycopg._queries import PostgresQuery
from psycopg.adapt import Transformer
from psycopg.pq import ExecStatus
from sqlalchemy import column, select

import server
from models import DATABASES
from sunshine.core.settings import Settings
from sunshine.database import migrations
from sunshine.database.statements import Row, Statement, labels_of

# What psycopg makes of PostgreSQL's types, by their names; `anything` of JSON.
PYTHON: dict[str, tuple[object, ...]] = {
    "bool": (bool,), "int2": (int,), "int4": (int,), "int8": (int,), "float4": (float,),
    "float8": (float,), "numeric": (Decimal,), "text": (str,), "varchar": (str,), "name": (str,),
    "date": (date,), "time": (time,), "timestamptz": (datetime,), "timestamp": (datetime,),
    "interval": (timedelta,), "bytea": (bytes,), "uuid": (object,), "void": (str, object),
}  # fmt: skip


class _Found(TypedDict):
    a: int
    b: str


def test_a_row_has_the_labels_of_its_statement() -> None:
    Statement(select(column("a"), column("b")), _Found)
    with pytest.raises(TypeError, match=r"_Found.*\['c'\].*\['b'\]"):
        Statement(select(column("a"), column("c")), _Found)


def statements() -> list[Statement[Any]]:
    """All that there are once the server is imported; those made for one request are as others."""
    assert server.routes()
    gc.unfreeze()  # a server that has started has frozen what it imported
    gc.collect()
    return [each for each in gc.get_objects() if isinstance(each, Statement)]


def of_modules() -> Iterator[tuple[str, Statement[Any]]]:
    """Those that modules keep by a name, also by a key below it."""
    assert server.routes()
    for path, module in sorted(sys.modules.items()):
        if path.startswith("sunshine.modules."):
            for name, value in vars(module).items():
                for each in value.values() if isinstance(value, dict) else (value,):
                    if isinstance(each, Statement):
                        yield f"{path}.{name}", each


def test_every_statement_of_a_module_that_returns_rows_says_which() -> None:
    listed = list(of_modules())
    assert len(listed) > 150
    untyped = [name for name, each in listed if labels_of(each._source) and each.row in (None, Row)]
    assert sorted(set(untyped)) == []


def test_postgresql_returns_what_the_rows_say(settings: Settings) -> None:
    links = {name: migrations.connect(settings.databases[name]) for name in DATABASES}
    wrong: list[str] = []
    seen = 0
    try:
        for statement in statements():
            if statement.row in (None, Row) or not (found := described(statement, links)):
                continue
            seen += 1
            hints = get_type_hints(statement.row)
            wrong += [
                f"{statement.row.__name__}.{name}: {hints[name]} is {type_} in PostgreSQL"
                for name, type_ in found.items()
                if name in hints and not fits(hints[name], type_)
            ]
    finally:
        for link in links.values():
            link.close()
    assert sorted(set(wrong)) == []
    assert seen > 150


def described(statement: Statement[Any], links: dict[str, psycopg.Connection]) -> dict[str, str]:
    """The types of a statement's columns by their labels, from the first database that knows its
    tables; nothing where a parameter alone says what the type is."""
    for link in links.values():
        with link.transaction(force_rollback=True):
            query = PostgresQuery(Transformer.from_context(link))
            query.convert(statement.text, dict.fromkeys(statement._compiled[1]) | {"now": None})
            result = link.pgconn.prepare(b"", query.query)
            if result.status != ExecStatus.COMMAND_OK:
                continue
            about = link.pgconn.describe_prepared(b"")
            return {
                (about.fname(n) or b"").decode(): named(link, about.ftype(n))
                for n in range(about.nfields)
            }
    return {}


def named(link: psycopg.Connection, oid: int) -> str:
    info = link.adapters.types.get(oid)
    if info is None:
        return "unknown"
    return f"{info.name}[]" if oid == info.array_oid else info.name


def fits(hint: Any, type_: str) -> bool:
    """Whether a value of PostgreSQL's type may be what the hint says, null aside."""
    if hint is Any or hint is object or type_ in ("json", "jsonb", "unknown"):
        return True
    if get_origin(hint) in (Union, types.UnionType):
        return any(fits(each, type_) for each in get_args(hint) if each is not type(None))
    if type_.endswith("[]"):
        return get_origin(hint) is list and fits(get_args(hint)[0], type_[:-2])
    if str(get_origin(hint)).endswith("Literal"):
        return type_ in ("text", "varchar")
    return hint in PYTHON.get(type_, (hint,)) or object in PYTHON.get(type_, ())
