"""The steps of a change to a row, and plain records, which need no other steps.

There are no hooks: when a record gets a rule of its own, its endpoint becomes its own class and
calls a rule function. The handlers are in sunshine/web/records.py.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Generic, TypedDict, TypeVar

from sqlalchemy import (
    Column,
    ColumnElement,
    DateTime,
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
from sunshine.database.database import Database, Reader, Transaction
from sunshine.database.pages import ListQuery
from sunshine.database.statements import IdRow, Row, Statement

R = TypeVar("R", bound=Mapping[str, Any])


class _Number(TypedDict):
    number: int


@dataclass(frozen=True, eq=False)
class Reference:
    """Rows that refer to a record and prevent its deletion; `noun` names one of them.

    `where` narrows them, and may use the parameter `today`; deleted rows never count.
    """

    noun: str
    column: Column[Any]
    where: tuple[ColumnElement[bool], ...] = ()


class RecordSteps(Generic[R]):
    """The steps of changes to the rows of one table: lock, insert, update, event.

    `rows` selects the rows that are not deleted, with the columns as the API names them, and `row`
    is its TypedDict; `fields` maps API names to the columns that are written. `values` of a step
    are further parameters of `rows`. Events are named after the table: `vehicle_created`.

    `is_plain`: `rows` reads nothing else that another change could alter; then one statement locks
    and reads, and also keeps out new references to the row.

    `locks_references` keeps out new references if `rows` is not plain. `on_delete` are further
    columns that a deletion sets, by name.
    """

    def __init__(
        self,
        table: Table,
        *,
        rows: Select[Any],
        row: type[R],
        fields: Mapping[str, Column[Any]],
        is_plain: bool = False,
        locks_references: bool = False,
        on_delete: Mapping[str, Any] | None = None,
    ) -> None:
        self.table = table
        self.entity = table.name
        self._fields = dict(fields)
        one = rows.where(table.c.id == bindparam("id"))
        self._get = Statement(one, row)
        self._get_locked = Statement(one.with_for_update(of=table), row) if is_plain else None
        # As strong as changing or marking a row requires; rows that refer to it may be written.
        self._lock = Statement(
            select(table.c.id)
            .where(table.c.id == bindparam("id"), *_not_deleted(table))
            .with_for_update(key_share=not locks_references)
        )
        self._insert = lru_cache(maxsize=64)(self._insert_statement)
        self._update = lru_cache(maxsize=64)(self._update_statement)
        now = bindparam("now", type_=DateTime(timezone=True))
        self._mark = Statement(
            update(table)
            .where(table.c.id == bindparam("row_id"))
            .values({"deleted_at": now, **(on_delete or {})})
        )

    async def find(self, reader: Reader, id_: int, **values: Any) -> R | None:
        """Read one row; None if there is none."""
        return await reader.one_or_none(self._get, id=id_, **values)

    async def get(self, reader: Reader, id_: int, **values: Any) -> R:
        """Read one row; NotFound."""
        row = await self.find(reader, id_, **values)
        if row is None:
            raise NotFound
        return row

    async def find_for_update(self, tx: Transaction, id_: int, **values: Any) -> R | None:
        """Lock one row against other changes until the transaction ends, then read it.

        None if there is none.
        """
        if self._get_locked is not None:
            return await tx.one_or_none(self._get_locked, id=id_, **values)
        if not await tx.execute(self._lock, id=id_):
            return None
        return await self.find(tx, id_, **values)

    async def get_for_update(self, tx: Transaction, id_: int, **values: Any) -> R:
        """Lock and read one row like `find_for_update`; NotFound."""
        row = await self.find_for_update(tx, id_, **values)
        if row is None:
            raise NotFound
        return row

    async def insert(self, tx: Transaction, values: Mapping[str, Any]) -> int:
        """Insert a row of the given API fields and return its id; `created` records the event."""
        return (await tx.one(self._insert(tuple(sorted(values))), **values))["id"]

    async def created(self, tx: Transaction, id_: int, **values: Any) -> R:
        """Read a new row and record its event."""
        row = await self.get(tx, id_, **values)
        await tx.record(f"{self.entity}_created", self.entity, id_, after=row)
        return row

    async def update(self, tx: Transaction, id_: int, values: Mapping[str, Any]) -> None:
        """Merge the given API fields into a row; `changed` records the event."""
        await tx.execute(self._update(tuple(sorted(values))), row_id=id_, **values)

    async def changed(
        self, tx: Transaction, before: R, type_: str | None = None, **values: Any
    ) -> R:
        """Read a row after its change and record an event of the differences, if there are any."""
        after = await self.get(tx, before["id"], **values)
        await record_change(tx, self.entity, before, after, type_)
        return after

    async def delete(self, tx: Transaction, before: R) -> None:
        """Mark a locked row deleted and record the event."""
        await tx.execute(self._mark, row_id=before["id"])
        await tx.record(f"{self.entity}_deleted", self.entity, before["id"], before=before)

    def _insert_statement(self, names: tuple[str, ...]) -> Statement[IdRow]:
        values = {self._fields[name]: _bind(name, self._fields[name]) for name in names}
        values |= stamped(self.table)
        return Statement(insert(self.table).values(values).returning(self.table.c.id), IdRow)

    def _update_statement(self, names: tuple[str, ...]) -> Statement[Row]:
        return merging(self.table, {name: self._fields[name] for name in names})


class Records(Generic[R]):
    """One table's records.

    `fields` maps API names to the columns that store them; `shown` replaces how a field is read or
    adds read-only ones, from `source` (the table joined with others).
    """

    def __init__(
        self,
        table: Table,
        *,
        row: type[R],
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
        self._references = dict(references or {})
        self._uses = uses
        columns = {"id": table.c.id, **fields, **(shown or {})}
        columns |= {"createdAt": table.c.created_at, "updatedAt": table.c.updated_at}
        rows: Select[Any] = (
            select(*(column.label(name) for name, column in columns.items()))
            .select_from(source if source is not None else table)
            .where(table.c.deleted_at.is_(None))
        )
        self.steps = RecordSteps(table, rows=rows, row=row, fields=fields, is_plain=True)
        self.listing = ListQuery(
            rows, key=table.c.id, filters=filters, schema=schema, sort=sort, row=row
        )

    async def find(self, database: Database, id_: int) -> R:
        """Read one record; NotFound."""
        return await self.steps.get(database, id_)

    async def create(self, tx: Transaction, values: Mapping[str, Any]) -> R:
        """Insert a record of the given API fields."""
        await check_references(tx, self._references, values)
        return await self.steps.created(tx, await self.steps.insert(tx, values))

    async def change(self, tx: Transaction, id_: int, values: Mapping[str, Any]) -> R:
        """Merge the given API fields into a record."""
        before = await self.steps.get_for_update(tx, id_)
        await check_references(tx, self._references, values)
        await self.steps.update(tx, id_, values)
        return await self.steps.changed(tx, before)

    async def delete(self, tx: Transaction, id_: int) -> R:
        """Mark a record deleted; Conflict `in_use` names what still refers to it."""
        before = await self.steps.get_for_update(tx, id_)
        await check_unused(tx, self._uses, id_)
        await self.steps.delete(tx, before)
        return before


async def require_active(tx: Transaction, table: Table, id_: int, field: str) -> IdRow:
    """Return the row a payload refers to, locked against deletion until the end of the transaction.

    Invalid if it does not exist.
    """
    row = await tx.one_or_none(_reference(table), id=id_)
    if row is None:
        raise Invalid.field(field, "does not exist")
    return row


async def check_references(
    tx: Transaction, references: Mapping[str, Table], values: Mapping[str, Any]
) -> None:
    """Check that every row a payload refers to exists, and lock it against deletion; otherwise
    Invalid."""
    for field, table in references.items():
        if values.get(field) is not None:
            await require_active(tx, table, values[field], field)


async def check_unused(tx: Transaction, uses: tuple[Reference, ...], id_: int) -> None:
    """Check that nothing refers to a locked record; Conflict `in_use` names what does."""
    used = []
    for use in uses:
        row = await tx.one_or_none(_count(use), id=id_, today=tx.today)
        if row and row["number"]:
            used.append(f"{row['number']} {use.noun}{'s' if row['number'] > 1 else ''}")
    if used:
        raise Conflict(f"In use by {' and '.join(used)}", code="in_use")


async def record_change(
    tx: Transaction,
    entity: str,
    before: Mapping[str, Any],
    after: Mapping[str, Any],
    type_: str | None = None,
) -> None:
    """Record an event of the differences between two states of a row; none if they are equal."""
    changed = [name for name in after if name != "updatedAt" and before[name] != after[name]]
    if changed:
        await tx.record(
            type_ or f"{entity}_updated",
            entity,
            after["id"],
            before={name: before[name] for name in changed},
            after={name: after[name] for name in changed},
        )


def merging(table: Table, columns: Mapping[str, Column[Any]]) -> Statement[Row]:
    """Return an update of the row `row_id` that sets columns from parameters with their API names.

    A row that already has all these values is not touched: without a change there is no event.
    """
    values = {column: _bind(name, column) for name, column in columns.items()}
    differs = or_(false(), *(column.is_distinct_from(value) for column, value in values.items()))
    values[table.c.updated_at] = _bind("now", table.c.updated_at)
    is_row = table.c.id == bindparam("row_id")
    return Statement(update(table).where(is_row, differs).values(values))


def stamped(table: Table) -> dict[Column[Any], ColumnElement[Any]]:
    """Return the values of a new row's `created_at` and `updated_at`: the transaction's time."""
    return {column: _bind("now", column) for column in (table.c.created_at, table.c.updated_at)}


def _not_deleted(table: Table) -> tuple[ColumnElement[bool], ...]:
    """Return the condition for rows that are not deleted; none for tables without `deleted_at`."""
    return (table.c.deleted_at.is_(None),) if "deleted_at" in table.c else ()


def _bind(name: str, column: Column[Any]) -> ColumnElement[Any]:
    return bindparam(name, type_=column.type)


@lru_cache(maxsize=64)
def _reference(table: Table) -> Statement[IdRow]:
    # Conflicts with the deleter's FOR UPDATE, so the second one sees the result of the first.
    row = select(table.c.id).where(table.c.id == bindparam("id"), table.c.deleted_at.is_(None))
    return Statement(row.with_for_update(key_share=True, read=True), IdRow)


@lru_cache(maxsize=64)
def _count(use: Reference) -> Statement[_Number]:
    number = select(func.count().label("number")).where(use.column == bindparam("id"), *use.where)
    if "deleted_at" in use.column.table.c:
        number = number.where(use.column.table.c.deleted_at.is_(None))
    return Statement(number, _Number)
