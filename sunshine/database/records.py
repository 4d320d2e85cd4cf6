"""Plain records: find, list, create, change, delete over one table, each change with its event.

No hooks: the day a record gets a rule, its endpoint becomes its own class and calls a verb. The
handlers are sunshine/web/records.py.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from sqlalchemy import (
    Column,
    ColumnElement,
    FromClause,
    Select,
    Table,
    bindparam,
    false,
    func,
    insert,
    or_,
    select,
    update,
)

from sunshine.core.errors import Conflict, Invalid, NotFound
from sunshine.core.fields import Schema
from sunshine.database.database import Database, Row, Transaction
from sunshine.database.pages import ListQuery
from sunshine.database.statements import Statement


@dataclass(frozen=True, eq=False)
class Reference:
    """Rows that refer to a record and so keep it from being deleted: `noun` says what one is.

    `where` narrows them, by the day `today` too; deleted ones never count.
    """

    noun: str
    column: Column[Any]
    where: tuple[ColumnElement[bool], ...] = ()


class Records:
    """One table's records.

    `fields` maps API names to the columns they are stored in; `shown` replaces how one is read or
    adds what is only read, from `source` (the table joined with others).
    """

    def __init__(
        self,
        table: Table,
        *,
        fields: Mapping[str, Column[Any]],
        shown: Mapping[str, ColumnElement[Any]] | None = None,
        source: FromClause | None = None,
        references: Mapping[str, Table] | None = None,
        uses: tuple[Reference, ...] = (),
        filters: Mapping[str, ColumnElement[bool]] | None = None,
        schema: Schema | None = None,
        sort: Mapping[str, ColumnElement[Any]] | None = None,
    ) -> None:
        self.table = table
        self.entity = table.name
        self.title = table.name.replace("_", " ").capitalize()
        self.database: str = table.metadata.info["database"]
        self._fields = dict(fields)
        self._references = dict(references or {})
        self._uses = uses
        columns = {"id": table.c.id, **fields, **(shown or {})}
        columns |= {"createdAt": table.c.created_at, "updatedAt": table.c.updated_at}
        rows: Select[Any] = (
            select(*(column.label(name) for name, column in columns.items()))
            .select_from(source if source is not None else table)
            .where(table.c.deleted_at.is_(None))
        )
        one = rows.where(table.c.id == bindparam("id"))
        self._find = Statement(one)
        self._lock = Statement(one.with_for_update(of=table))
        self.listing = ListQuery(rows, key=table.c.id, filters=filters, schema=schema, sort=sort)
        self._insert = lru_cache(maxsize=64)(self._insert_statement)
        self._update = lru_cache(maxsize=64)(self._update_statement)
        now = _bind("now", table.c.deleted_at)
        is_row = table.c.id == bindparam("row_id")
        self._mark = Statement(update(table).where(is_row).values(deleted_at=now))

    async def find(self, database: Database, id_: int) -> Row:
        """One living record; NotFound."""
        row = await database.one_or_none(self._find, id=id_)
        if row is None:
            raise NotFound
        return row

    async def create(self, tx: Transaction, values: Mapping[str, Any]) -> Row:
        """A new record of the given API fields."""
        await check_references(tx, self._references, values)
        made = await tx.one(self._insert(tuple(sorted(values))), **values)
        row = await self._row(tx, self._find, made["id"])
        await tx.record(f"{self.entity}_created", self.entity, row["id"], after=row)
        return row

    async def change(self, tx: Transaction, id_: int, values: Mapping[str, Any]) -> Row:
        """Merge the given API fields into a record."""
        before = await self._row(tx, self._lock, id_)
        await check_references(tx, self._references, values)
        await tx.execute(self._update(tuple(sorted(values))), row_id=id_, **values)
        after = await self._row(tx, self._find, id_)
        await record_change(tx, self.entity, before, after)
        return after

    async def delete(self, tx: Transaction, id_: int) -> Row:
        """Mark a record deleted; Conflict `in_use` names what still refers to it."""
        before = await self._row(tx, self._lock, id_)
        await check_unused(tx, self._uses, id_)
        await tx.execute(self._mark, row_id=id_)
        await tx.record(f"{self.entity}_deleted", self.entity, id_, before=before)
        return before

    async def _row(self, tx: Transaction, statement: Statement, id_: int) -> Row:
        row = await tx.one_or_none(statement, id=id_)
        if row is None:
            raise NotFound
        return row

    def _insert_statement(self, names: tuple[str, ...]) -> Statement:
        values = {self._fields[name]: _bind(name, self._fields[name]) for name in names}
        values |= stamped(self.table)
        return Statement(insert(self.table).values(values).returning(self.table.c.id))

    def _update_statement(self, names: tuple[str, ...]) -> Statement:
        return merging(self.table, {name: self._fields[name] for name in names})


async def require_active(tx: Transaction, table: Table, id_: int, field: str) -> Row:
    """The row a payload refers to, kept from being deleted until we are done; else Invalid."""
    row = await tx.one_or_none(_reference(table), id=id_)
    if row is None:
        raise Invalid.field(field, "does not exist")
    return row


async def check_references(
    tx: Transaction, references: Mapping[str, Table], values: Mapping[str, Any]
) -> None:
    """Every row that a payload refers to lives, and will until we are done; else Invalid."""
    for field, table in references.items():
        if values.get(field) is not None:
            await require_active(tx, table, values[field], field)


async def check_unused(tx: Transaction, uses: tuple[Reference, ...], id_: int) -> None:
    """Nothing refers to a record, which is locked; else Conflict `in_use` says what does."""
    used = []
    for use in uses:
        row = await tx.one_or_none(_count(use), id=id_, today=tx.today)
        if row and row["number"]:
            used.append(f"{row['number']} {use.noun}{'s' if row['number'] > 1 else ''}")
    if used:
        raise Conflict(f"In use by {' and '.join(used)}", code="in_use")


async def record_change(
    tx: Transaction, entity: str, before: Row, after: Row, type_: str | None = None
) -> None:
    """An event of what differs between two states of a row; none when nothing does."""
    changed = [name for name in after if name != "updatedAt" and before[name] != after[name]]
    if changed:
        await tx.record(
            type_ or f"{entity}_updated",
            entity,
            after["id"],
            before={name: before[name] for name in changed},
            after={name: after[name] for name in changed},
        )


def merging(table: Table, columns: Mapping[str, Column[Any]]) -> Statement:
    """Set columns of the row `row_id`, each from the parameter of its API name.

    A row that holds all that already is left alone: without a change there is no event.
    """
    values = {column: _bind(name, column) for name, column in columns.items()}
    differs = or_(false(), *(column.is_distinct_from(value) for column, value in values.items()))
    values[table.c.updated_at] = _bind("now", table.c.updated_at)
    is_row = table.c.id == bindparam("row_id")
    return Statement(update(table).where(is_row, differs).values(values))


def stamped(table: Table) -> dict[Column[Any], ColumnElement[Any]]:
    """What a new row's `created_at` and `updated_at` are set to: the transaction's instant."""
    return {column: _bind("now", column) for column in (table.c.created_at, table.c.updated_at)}


def _bind(name: str, column: Column[Any]) -> ColumnElement[Any]:
    return bindparam(name, type_=column.type)


@lru_cache(maxsize=64)
def _reference(table: Table) -> Statement:
    # Conflicts with the deleter's FOR UPDATE, whichever comes second sees what the first did.
    row = select(table.c.id).where(table.c.id == bindparam("id"), table.c.deleted_at.is_(None))
    return Statement(row.with_for_update(key_share=True, read=True))


@lru_cache(maxsize=64)
def _count(use: Reference) -> Statement:
    number = select(func.count().label("number")).where(use.column == bindparam("id"), *use.where)
    if "deleted_at" in use.column.table.c:
        number = number.where(use.column.table.c.deleted_at.is_(None))
    return Statement(number)
