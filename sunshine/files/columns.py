"""The columns that name files, as models/ declares them with `info=files(...)`.

Asked by whoever takes uploads over (web/claims.py), says who may open one (`names`, in the rules)
or looks for files that no row names (integrity.py).
"""

from collections.abc import Iterator
from typing import Any

from sqlalchemy import ARRAY, Column, ColumnElement, Table, Text, bindparam, cast
from sqlalchemy.dialects.postgresql import JSONB, array

import models

# Tables that tell of what was, or of what is passing: they keep nothing.
PASSING = ("event", "idempotency_key", "job_run", "upload", "stored_file")


def kind_of(column: Column[Any]) -> str | None:
    """How a column names files; None for one that names none."""
    return column.info.get("files")


def field_of(column: Column[Any]) -> str:
    """The column's name as the API spells it."""
    first, *rest = column.name.split("_")
    return first + "".join(map(str.capitalize, rest))


def table_of(name: str) -> Table:
    """The table of that name, whichever database it is in."""
    return next(all_.tables[name] for all_ in models.METADATA.values() if name in all_.tables)


def kinds_of(table: str) -> dict[str, str]:
    """How a table's columns name files, those that do, by the API's names for them."""
    columns = table_of(table).columns
    return {field_of(column): kind for column in columns if (kind := kind_of(column))}


def declared(database: str) -> list[Column[Any]]:
    """The columns of a database that name files."""
    return [column for column in texts(database) if kind_of(column)]


def lasting(database: str) -> list[Column[Any]]:
    """Those in which some may be spoken of: a link in a note, which nothing opens."""
    return [column for column in texts(database) if column.table.name not in PASSING]


def texts(database: str) -> Iterator[Column[Any]]:
    """Each column that is written, and that a URL has room in."""
    for table in models.METADATA[database].tables.values():
        yield from (c for c in table.columns if not c.computed and _has_room(c))


def _has_room(column: Column[Any]) -> bool:
    kind = column.type
    return isinstance(kind.item_type if isinstance(kind, ARRAY) else kind, Text | JSONB)


def names(column: Column[Any]) -> ColumnElement[bool]:
    """The condition that a row names the file `:name`, which an index of the column may answer."""
    if kind_of(column) not in ("urls", "path"):
        raise ValueError(f"{column} is not declared to hold names of files")
    name = bindparam("name", type_=Text)
    if isinstance(column.type, ARRAY):
        return column.op("@>")(cast(array([name]), ARRAY(Text)))
    return column == name
