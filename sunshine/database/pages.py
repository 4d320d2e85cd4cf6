"""A page of a list, its total and its order, in one statement. Used by every list endpoint.

The total is exact up to 10,000 matches; beyond that it is the planner's estimate, because counting
costs more the larger the table grows.
"""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Generic, NamedTuple, TypedDict, TypeVar

from sqlalchemy import (
    ARRAY,
    BigInteger,
    ColumnElement,
    Select,
    Text,
    bindparam,
    cast,
    func,
    literal,
    select,
    tuple_,
)

from sunshine.core.errors import Invalid
from sunshine.core.fields import Schema, digits, text
from sunshine.database.database import Database
from sunshine.database.statements import Row, Statement, check_row, labels_of

R = TypeVar("R")
S = TypeVar("S")
EXACT = 10_000
ESTIMATE_SECONDS = 30
MAX_ESTIMATES = 1000
DEFAULT_LIMIT = 20
MAX_PAGE = 2**31 - 1

PAGE: Schema = {
    "page": digits(1, MAX_PAGE, default="1"),
    "limit": digits(1, 100),
    "perPage": digits(1, 100),
    "sort": text(200),
}


@dataclass(frozen=True, slots=True)
class Page(Generic[R]):
    """Rows as the API shows them, and the page's position in the whole list."""

    rows: list[R]
    page: int
    per_page: int
    total: int
    is_estimate: bool
    next_cursor: str | None = None

    def with_rows(self, rows: list[S]) -> "Page[S]":
        """Return the same page with its rows in another form."""
        return Page(rows, self.page, self.per_page, self.total, self.is_estimate, self.next_cursor)

    def pagination(self) -> dict[str, Any]:
        """Return the `pagination` member of the response."""
        pages = -(-self.total // self.per_page)
        shown: dict[str, Any] = {
            "page": self.page,
            "perPage": self.per_page,
            "total": self.total,
            "totalPages": pages,
        }
        if self.is_estimate:
            shown["totalIsEstimate"] = True
        if self.next_cursor:
            shown["nextCursor"] = self.next_cursor
        return shown


@dataclass(frozen=True, slots=True)
class _Keyset:
    """The position after a page's last row, for a list in the order of `-name,-id`."""

    name: str
    column: ColumnElement[Any]
    key: ColumnElement[Any]

    def after(self) -> ColumnElement[bool]:
        """Return the condition; `values` returns its parameters."""
        last = bindparam("_last", type_=self.column.type)
        return tuple_(self.column, self.key) < tuple_(last, bindparam("_id", type_=BigInteger))

    def cursor(self, row: Row) -> str:
        """Return a row's position as an opaque string that clients send back."""
        return f"{row[self.name].isoformat()}_{row['id']}"

    def values(self, cursor: str) -> dict[str, Any]:
        """Parse a cursor into the condition's parameters; Invalid if it is not a cursor."""
        last, _, id_ = cursor.rpartition("_")
        try:
            kind: Any = self.column.type.python_type
            if id_.isascii() and id_.isdigit() and len(id_) < 19:
                return {"_last": kind.fromisoformat(last), "_id": int(id_)}
        except ValueError:
            pass
        raise Invalid.field("cursor", "is not a cursor")


class TotalRow(TypedDict):
    """The number of matching rows, counted up to EXACT + 1."""

    total: int


class _Statements(NamedTuple):
    page: Statement[Any]
    every: Statement[Any]
    total: Statement[TotalRow]
    explain: Statement[Row]


class ListQuery(Generic[R]):
    """One list: its rows, filters, search and sort orders.

    `filters` maps a query key to its condition, whose bind parameter has the key's name; `schema`
    defines the keys' values. `select_` has the columns as the API names them.

    `cursor` names a date or an instant: the default order is then by it, latest first, and clients
    can continue such a list from the end of a page, whatever was added meanwhile.

    `row` is the TypedDict of a row.
    """

    def __init__(
        self,
        select_: Select[Any],
        *,
        row: type[R],
        key: ColumnElement[Any],
        filters: Mapping[str, ColumnElement[bool]] | None = None,
        schema: Schema | None = None,
        sort: Mapping[str, ColumnElement[Any]] | None = None,
        default_sort: str = "id",
        cursor: str | None = None,
    ) -> None:
        self._row = row
        check_row(row, labels_of(select_))
        self._select = select_
        self._key = key
        self._filters = dict(filters or {})
        self._sort = {"id": key, **(sort or {})}
        self._default_sort = f"-{cursor},-id" if cursor else default_sort
        self._keyset = _Keyset(cursor, self._sort[cursor], key) if cursor else None
        self.schema: Schema = {**PAGE, **(schema or {})}
        if cursor:
            self.schema["cursor"] = text(100)
        self._statements = lru_cache(maxsize=256)(self._build)
        self._estimates: dict[tuple[Statement[Row], str], tuple[float, int]] = {}

    def without(self, *hidden: str, search: ColumnElement[bool]) -> "ListQuery[R]":
        """Return the list for callers who may not see the fields `hidden`.

        It cannot be sorted by them, because the order would reveal them, and `search` replaces the
        condition that looks in them.
        """
        filters = self._filters | {"search": search}
        made = ListQuery(
            self._select, row=self._row, key=self._key, filters=filters, schema=self.schema
        )
        made._sort = {name: by for name, by in self._sort.items() if name not in hidden}
        made._default_sort = self._default_sort
        return made

    async def page(
        self,
        database: Database,
        query: Mapping[str, Any],
        *,
        where: tuple[ColumnElement[bool], ...] = (),
        **values: Any,
    ) -> Page[R]:
        """Return the page that `query` (checked against `schema`) asks for.

        `where` narrows the list to what the caller may see; it must be the same tuple object at
        each call, because it is part of the compiled statement's key. `values` are its parameters.
        """
        used = tuple(sorted(name for name in query if name in self._filters))
        order = self._order(query.get("sort") or self._default_sort)
        keyset = self._keyset if order == self._order(self._default_sort) else None
        after = self._after(keyset, query)
        statements = self._statements(used, order, where, keyset if after else None)
        number = 1 if after else query["page"]
        limit = query.get("limit") or query.get("perPage") or DEFAULT_LIMIT
        bound = {name: _bound(name, query[name]) for name in used} | values
        # One row more than a page shows whether the list continues.
        reach = {"_limit": limit + (keyset is not None), "_offset": (number - 1) * limit}
        rows = await database.all(statements.page, **bound, **after, **reach)
        if rows:
            for row in rows:
                total = row.pop("_total")
        elif number == 1 and not after:
            total = 0
        else:  # past the end
            total = (await database.one(statements.total, **bound))["total"]
        is_estimate = total > EXACT
        if is_estimate:
            total = await self._estimate(database, statements.explain, bound)
        cursor = keyset.cursor(rows[limit - 1]) if keyset and len(rows) > limit else None
        return Page(rows[:limit], number, limit, total, is_estimate, cursor)

    async def every(
        self,
        database: Database,
        query: Mapping[str, Any],
        *,
        where: tuple[ColumnElement[bool], ...] = (),
        **values: Any,
    ) -> list[R]:
        """Return all matching rows in order, for exports."""
        used = tuple(sorted(name for name in query if name in self._filters))
        statements = self._statements(used, self._order(self._default_sort), where, None)
        bound = {name: _bound(name, query[name]) for name in used} | values
        return await database.all(statements.every, **bound)

    async def _estimate(
        self, database: Database, explain: Statement[Row], bound: Mapping[str, Any]
    ) -> int:
        """Return the planner's estimate, cached: it is an estimate whatever its age."""
        key, now = (explain, repr(bound)), time.monotonic()
        known = self._estimates.get(key)
        if known is None or known[0] < now:
            row = await database.one(explain, **bound)
            planned: float = row["QUERY PLAN"][0]["Plan"]["Plan Rows"]
            if len(self._estimates) >= MAX_ESTIMATES:
                self._estimates.clear()
            known = self._estimates[key] = (now + ESTIMATE_SECONDS, max(int(planned), EXACT + 1))
        return known[1]

    def _order(self, sort: str) -> tuple[tuple[str, bool], ...]:
        """Parse `-name,id` into (("name", True), ("id", False)); ends with the key, so it is
        stable."""
        order: dict[str, bool] = {}
        for part in sort.split(","):
            name = part.strip().removeprefix("-")
            if name not in self._sort or name in order:
                known = ", ".join(sorted(self._sort))
                raise Invalid.field("sort", f"takes each of these at most once: {known}")
            order[name] = part.strip().startswith("-")
        order.setdefault("id", False)
        return tuple(order.items())

    def _after(self, keyset: _Keyset | None, query: Mapping[str, Any]) -> dict[str, Any]:
        """Return the values of the row after which the page starts; none on the first page."""
        if "cursor" not in query:
            return {}
        if keyset is None:
            raise Invalid.field("cursor", f"goes with sort={self._default_sort} only")
        return keyset.values(query["cursor"])

    def _build(
        self,
        used: tuple[str, ...],
        order: tuple[tuple[str, bool], ...],
        where: tuple[ColumnElement[bool], ...],
        keyset: _Keyset | None,
    ) -> _Statements:
        matching = self._select.where(*where, *(self._filters[name] for name in used))
        # Without its columns an unfiltered statement would lose its table, and count one row.
        ones = matching.with_only_columns(literal(1), maintain_column_froms=True)
        counted = ones.limit(EXACT + 1).subquery()
        total = select(func.count()).select_from(counted).scalar_subquery()
        sorting = [
            self._sort[name].desc() if descending else self._sort[name].asc()
            for name, descending in order
        ]
        rest = matching.where(keyset.after()) if keyset else matching
        page = (
            rest.add_columns(total.label("_total"))
            .order_by(*sorting)
            .limit(bindparam("_limit", type_=BigInteger))
            .offset(bindparam("_offset", type_=BigInteger))
        )
        explain = Statement(matching.with_only_columns(self._key))
        return _Statements(
            Statement(page),
            Statement(matching.order_by(*sorting)),
            Statement(select(total.label("total")), TotalRow),
            explain.explained(),
        )


def contains(lowered: ColumnElement[str]) -> ColumnElement[bool]:
    """Return the condition that a lower-cased text contains the parameter `search`, in any case.

    The database lower-cases that one, too: Python treats some letters differently.
    """
    return lowered.like(func.lower(bindparam("search", type_=Text)))


def lowered(words: ColumnElement[Any]) -> ColumnElement[Any]:
    """Return an array's words in lower case, for comparison in any case."""
    return cast(func.lower(cast(words, Text)), ARRAY(Text))


def pattern(value: str) -> str:
    """Return a LIKE pattern that finds the value anywhere, literally."""
    escaped = value.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    return f"%{escaped}%"


def _bound(name: str, value: Any) -> Any:
    return pattern(value) if name == "search" else value
