"""SQLAlchemy Core statements, compiled once for psycopg. Run by sunshine/database/database.py."""

from collections.abc import Mapping
from functools import cached_property
from typing import Any

from sqlalchemy import ClauseElement
from sqlalchemy.dialects.postgresql import psycopg
from sqlalchemy.sql.compiler import SQLCompiler

_DIALECT = psycopg.dialect()  # type: ignore[no-untyped-call]


class Statement:
    """A SQLAlchemy Core statement, compiled once; `values` are bound by name at each run."""

    def __init__(self, statement: ClauseElement) -> None:
        self._source = statement

    @cached_property
    def _compiled(self) -> tuple[bytes, dict[str, Any], dict[str, Any]]:
        compiled = self._source.compile(dialect=_DIALECT)
        assert isinstance(compiled, SQLCompiler)  # noqa: S101 - tells mypy
        return str(compiled).encode(), dict(compiled.params), dict(compiled._bind_processors)

    @property
    def text(self) -> bytes:
        """The SQL as psycopg takes it."""
        return self._compiled[0]

    def explained(self) -> "Statement":
        """The same statement asking for the planner's estimate instead of its rows."""
        explained = Statement(self._source)
        text, defaults, processors = self._compiled
        explained._compiled = (b"EXPLAIN (FORMAT JSON) " + text, defaults, processors)
        return explained

    def bind(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """Every parameter's value: the given ones over the statement's own."""
        _, defaults, processors = self._compiled
        bound = {**defaults, **values}
        for name, process in processors.items():
            bound[name] = process(bound[name])
        return bound
