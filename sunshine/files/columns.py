"""The columns that name files, as models/ declares them with `info=files(...)`.

Used where uploads are claimed (sunshine/web/files/attachments.py), where the rules decide who may
open a file (`names`), and where files that no row names are looked for (integrity.py).
"""

from collections.abc import Iterator
from typing import Any

from sqlalchemy import ARRAY, Column, ColumnElement, Table, Text, bindparam, cast
from sqlalchemy.dialects.postgresql import JSONB, array

import models

# Tables of the past or of passing things: a name in them keeps no file.
PASSING = ("event", "idempotency_key", "job_run", "upload", "stored_file")


def kind_of(column: Column[Any]) -> str | None:
    """Return how a column names files; None for one that names none."""
    return column.info.get("files")


def field_of(column: Column[Any]) -> str:
    """Return the column's name as the API spells it."""
    first, *rest = column.name.split("_")
    return first + "".join(map(str.capitalize, rest))


def table_of(name: str) -> Table:
    """Return the table of a name, in whichever database it is."""
    return next(all_.tables[name] for all_ in models.METADATA.values() if name in all_.tables)


def kinds_of(table: str) -> dict[str, str]:
    """Return how the columns of a table name files, by the API's names of those that do."""
    columns = table_of(table).columns
    return {field_of(column): kind for column in columns if (kind := kind_of(column))}


def declared(database: str) -> list[Column[Any]]:
    """Return the columns of a database that name files."""
    return [column for column in texts(database) if kind_of(column)]


def lasting(database: str) -> list[Column[Any]]:
    """Return the columns in which a file may be mentioned, such as a link in a note."""
    return [column for column in texts(database) if column.table.name not in PASSING]


def texts(database: str) -> Iterator[Column[Any]]:
    """Iterate over the columns that are written and could hold a URL."""
    for table in models.METADATA[database].tables.values():
        yield from (c for c in table.columns if not c.computed and _has_room(c))


def _has_room(column: Column[Any]) -> bool:
    kind = column.type
    return isinstance(kind.item_type if isinstance(kind, ARRAY) else kind, Text | JSONB)


def names(column: Column[Any]) -> ColumnElement[bool]:
    """Return the condition that a row names the file `:name`, which an index may serve."""
    if kind_of(column) not in ("urls", "path"):
        raise ValueError(f"{column} is not declared to hold names of files")
    name = bindparam("name", type_=Text)
    if isinstance(column.type, ARRAY):
        return column.op("@>")(cast(array([name]), ARRAY(Text)))
    return column == name
