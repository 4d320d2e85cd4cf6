"""Content of every kind: found, listed, made, changed and deleted by whoever may.

Each kind (blog.py, ads.py, ...) is one `Content`, with its own verbs where it has a rule of
its own. Who sees and changes what: visibility.py. Tables: models/cms.py.
"""

from collections.abc import Mapping
from datetime import date, datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import (
    ARRAY,
    Column,
    ColumnElement,
    Table,
    Text,
    bindparam,
    cast,
    insert,
    select,
    update,
)
from sqlalchemy.dialects.postgresql import array

from models.departments import department
from models.employees import employee
from sunshine.core.errors import Invalid
from sunshine.core.fields import Schema
from sunshine.core.principals import Principal
from sunshine.database.database import Database, Reader, Transaction
from sunshine.database.pages import ListQuery, Page
from sunshine.database.records import merging, record_change, stamped
from sunshine.database.statements import Row, Statement
from sunshine.modules.cms.html import sanitised
from sunshine.modules.cms.visibility import Rights

HTML = ("content", "description")
# Rows of the sunshine database that content names, by field.
_PEOPLE = {
    field: Statement(
        select(table.c.id, table.c.name).where(
            table.c.id == bindparam("id"), table.c.deleted_at.is_(None)
        )
    )
    for field, table in (("author", employee), ("departmentId", department))
}


class Content:
    """One kind of content. `fields` maps API names to columns, `shown` replaces how one is read or
    adds what is only read; `defaults` are of new rows."""

    def __init__(
        self,
        table: Table,
        title: str,
        rights: Rights,
        *,
        fields: Mapping[str, Column[Any]],
        defaults: Mapping[str, Any],
        schema: Schema,
        filters: Mapping[str, ColumnElement[bool]],
        sort: Mapping[str, ColumnElement[Any]],
        shown: Mapping[str, ColumnElement[Any]] | None = None,
        default_sort: str = "id",
    ) -> None:
        self.table = table
        self.title = title
        self.rights = rights
        self.fields = dict(fields)
        if rights.author is not None:
            self.fields |= {"author": rights.author, "authorName": table.c.author_name}
        self._defaults = dict.fromkeys(self.fields) | dict(defaults)
        columns = {"id": table.c.id, **self.fields, **(shown or {})}
        columns |= {"createdAt": table.c.created_at, "updatedAt": table.c.updated_at}
        self.rows = select(*(column.label(name) for name, column in columns.items())).where(
            table.c.deleted_at.is_(None)
        )
        if rights.author is not None:
            filters = {**filters, "author": rights.author == bindparam("author")}
        self.listing = ListQuery(
            self.rows,
            key=table.c.id,
            schema=schema,
            filters=filters,
            sort={**sort, "createdAt": table.c.created_at, "updatedAt": table.c.updated_at},
            default_sort=default_sort,
        )
        self.where = rights.conditions()
        is_row = table.c.id == bindparam("id")
        self._find = {s: Statement(self.rows.where(is_row, *w)) for s, w in self.where.items()}
        self._lock = Statement(
            select(table.c.id).where(is_row, table.c.deleted_at.is_(None)).with_for_update()
        )
        values = {c: bindparam(name, type_=c.type) for name, c in self.fields.items()}
        self._insert = Statement(
            insert(table).values(values).values(stamped(table)).returning(table.c.id)
        )
        self._delete = Statement(update(table).where(is_row).values(deleted_at=bindparam("now")))
        self._update = lru_cache(maxsize=64)(self._merging)

    async def page(self, database: Database, query: Mapping[str, Any], *, actor: Principal) -> Page:
        """A page of what the caller may see."""
        self.rights.check_filters(actor, query)
        where = self.where[self.rights.sight(actor)]
        return await self.listing.page(
            database, query, where=where, me=actor.employee_id, **at(database)
        )

    async def find(self, database: Database, id_: int, *, actor: Principal) -> Row:
        """One that the caller may see."""
        statement = self._find[self.rights.sight(actor)]
        row = await database.one_or_none(statement, id=id_, me=actor.employee_id, **at(database))
        if row is None:
            raise self.rights.refusal(actor)
        return row

    async def create(
        self, tx: Transaction, values: Mapping[str, Any], *, actor: Principal, people: Reader
    ) -> Row:
        """A new one; `people` is the database where employees are."""
        return await self.made(tx, await self.insert(tx, values, actor=actor, people=people))

    async def change(
        self,
        tx: Transaction,
        id_: int,
        values: Mapping[str, Any],
        *,
        actor: Principal,
        people: Reader,
    ) -> Row:
        """Merge into one."""
        before = await self.held(tx, id_, actor=actor)
        await self.merge(tx, before, values, actor=actor, people=people)
        return await self.changed(tx, before)

    async def delete(self, tx: Transaction, id_: int, *, actor: Principal) -> None:
        """Nobody sees it any more; kept for the audit trail."""
        before = await self.held(tx, id_, actor=actor)
        await tx.execute(self._delete, id=id_)
        await tx.record(f"{self.table.name}_deleted", self.table.name, id_, before=before)

    # What the verbs are made of, for kinds that have a rule in between.

    async def insert(
        self, tx: Transaction, values: Mapping[str, Any], *, actor: Principal, people: Reader
    ) -> int:
        """Store a new one, in one's own name where nobody is named; its id."""
        given = dict(values)
        if self.rights.author is not None:
            given = {"author": actor.employee_id, **values}
        self.rights.check_values(actor, given)
        full = self._defaults | await self._prepared(given, people)
        return int((await tx.one(self._insert, **full))["id"])

    async def made(self, tx: Transaction, id_: int) -> Row:
        """Record that it was made; as it is stored."""
        row = await self.stored(tx, id_)
        await tx.record(f"{self.table.name}_created", self.table.name, id_, after=row)
        return row

    async def held(self, tx: Transaction, id_: int, *, actor: Principal) -> Row:
        """The row as it is stored, locked, which the caller may change."""
        if not await tx.one_or_none(self._lock, id=id_):
            raise self.rights.refusal(actor)
        row = await self.stored(tx, id_)
        self.rights.check_change(actor, row)
        return row

    async def merge(
        self,
        tx: Transaction,
        before: Row,
        values: Mapping[str, Any],
        *,
        actor: Principal,
        people: Reader,
    ) -> None:
        """Store the given fields of a row that is held."""
        self.rights.check_values(actor, values)
        given = await self._prepared(values, people)
        await tx.execute(self._update(tuple(sorted(given))), row_id=before["id"], **given)

    async def changed(self, tx: Transaction, before: Row, type_: str | None = None) -> Row:
        """Record what differs from before; as it is stored now."""
        after = await self.stored(tx, before["id"])
        await record_change(tx, self.table.name, before, after, type_)
        return after

    async def stored(self, tx: Transaction, id_: int) -> Row:
        """One in full, whoever asks."""
        return await tx.one(self._find["all"], id=id_, **at(tx))

    async def _prepared(self, values: Mapping[str, Any], people: Reader) -> dict[str, Any]:
        """The fields as they are stored: HTML sanitised, employees and departments known."""
        given = dict(values)
        for field in HTML:
            if given.get(field) is not None:
                given[field] = await sanitised(given[field], field)
        for field in _PEOPLE.keys() & given.keys():
            named = await _named(people, field, given[field])
            if field == "author":
                given["authorName"] = named
        return given

    def _merging(self, names: tuple[str, ...]) -> Statement[Any]:
        return merging(self.table, {name: self.fields[name] for name in names})


def at(reader: Database | Transaction) -> dict[str, datetime | date | str]:
    """When it is asked, as an instant and as the business' day, and the business' timezone."""
    now = reader.now if isinstance(reader, Transaction) else reader.clock()
    return {"now": now, "today": reader.today, "zone": str(reader.policy.timezone)}


def holds(words: Column[Any], name: str) -> ColumnElement[bool]:
    """The condition that an array holds the word of a parameter, to the letter."""
    return words.op("@>")(cast(array([bindparam(name)]), ARRAY(Text)))


async def _named(people: Reader, field: str, id_: int | None) -> str | None:
    if id_ is None:
        return None
    row = await people.one_or_none(_PEOPLE[field], id=id_)
    if row is None:
        raise Invalid.field(field, "does not exist")
    return str(row["name"])
