"""SQLAlchemy Core statements, compiled once for psycopg. Run by sunshine/database/database.py."""

from collections.abc import Iterable, Mapping
from functools import cached_property
from typing import Any, Generic, TypedDict, TypeVar, overload

from sqlalchemy import ClauseElement
from sqlalchemy.dialects.postgresql import psycopg
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.expression import SelectBase, UpdateBase

_DIALECT = psycopg.dialect()  # type: ignore[no-untyped-call]

Row = dict[str, Any]
R = TypeVar("R", covariant=True)


class IdRow(TypedDict):
    """The row of most inserts and locks."""

    id: int


class Statement(Generic[R]):
    """A SQLAlchemy Core statement, compiled once; `values` are bound by name at each run.

    `row` is the TypedDict of a returned row; TypeError unless its keys are the statement's labels.
    """

    @overload
    def __init__(self: "Statement[Row]", statement: ClauseElement) -> None: ...
    @overload
    def __init__(self, statement: ClauseElement, row: type[R]) -> None: ...

    def __init__(self, statement: ClauseElement, row: type[Any] | None = None) -> None:
        self._source = statement
        self.row = row
        if row is not None and row is not Row:
            check_row(row, labels_of(statement))

    @cached_property
    def _compiled(self) -> tuple[bytes, dict[str, Any], dict[str, Any]]:
        compiled = self._source.compile(dialect=_DIALECT)
        assert isinstance(compiled, SQLCompiler)  # noqa: S101 - for mypy
        return str(compiled).encode(), dict(compiled.params), dict(compiled._bind_processors)

    @property
    def text(self) -> bytes:
        """Return the SQL as psycopg takes it."""
        return self._compiled[0]

    def explained(self) -> "Statement[Row]":
        """Return the statement that asks for the planner's estimate instead of the rows."""
        explained = Statement(self._source)
        text, defaults, processors = self._compiled
        explained._compiled = (b"EXPLAIN (FORMAT JSON) " + text, defaults, processors)
        return explained

    def bind(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """Return every parameter's value: the given ones over the statement's own."""
        _, defaults, processors = self._compiled
        bound = {**defaults, **values}
        for name, process in processors.items():
            bound[name] = process(bound[name])
        return bound


def labels_of(statement: ClauseElement) -> list[str]:
    """Return the labels of a statement's columns, in order; none if it returns no rows.

    A text has the columns that its `.columns(...)` names.
    """
    if isinstance(statement, SelectBase | UpdateBase):
        return [str(label) for label, _ in statement.exported_columns.items()]
    return []


def check_row(row: type[Any], labels: Iterable[str]) -> None:
    """Raise TypeError unless the keys of a TypedDict are the labels of a statement."""
    keys, found = set(row.__annotations__), set(labels)
    for base in row.__mro__:
        keys |= set(getattr(base, "__annotations__", ()))
    if keys != found:
        missing, unknown = sorted(found - keys), sorted(keys - found)
        raise TypeError(f"{row.__name__}: the statement has {missing} too, and not {unknown}")
