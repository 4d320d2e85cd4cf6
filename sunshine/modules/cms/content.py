"""What all kinds of content share: listing, creating, changing and deleting.

Each kind (blog.py, ads.py, ...) is one `Content`, with verbs of its own where it has a rule of its
own. Who sees and changes what: visibility.py. Tables: models/cms.py.
"""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any, Generic, TypeVar

from sqlalchemy import (
    ARRAY,
    Column,
    ColumnElement,
    Table,
    Text,
    bindparam,
    cast,
    select,
)
from sqlalchemy.dialects.postgresql import array

from models.departments import department
from models.employees import employee
from sunshine.core.errors import Invalid, NotFound
from sunshine.core.fields import Schema
from sunshine.core.principals import Principal
from sunshine.database.database import Database, Reader, Transaction
from sunshine.database.pages import ListQuery, Page
from sunshine.database.records import RecordSteps
from sunshine.database.statements import Statement
from sunshine.modules.cms.html import sanitised
from sunshine.modules.cms.rows import ContentRow, NamedRow
from sunshine.modules.cms.visibility import Rights

R = TypeVar("R", bound=ContentRow)

HTML = ("content", "description")
# What content names in the sunshine database, by field.
_NAMED = {
    field: Statement(
        select(table.c.id, table.c.name).where(
            table.c.id == bindparam("id"), table.c.deleted_at.is_(None)
        ),
        NamedRow,
    )
    for field, table in (("author", employee), ("departmentId", department))
}


class Content(Generic[R]):
    """One kind of content.

    `fields` maps API names to columns; `shown` adds fields that are only read, or replaces how one
    is read; `defaults` are the values of new rows; `row` is the TypedDict of a row.
    """

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
        row: type[R],
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
        self.listing: ListQuery[R] = ListQuery(
            self.rows,
            key=table.c.id,
            schema=schema,
            filters=filters,
            sort={**sort, "createdAt": table.c.created_at, "updatedAt": table.c.updated_at},
            default_sort=default_sort,
            row=row,
        )
        self.where = rights.conditions()
        is_row = table.c.id == bindparam("id")
        self._get = {v: Statement(self.rows.where(is_row, *w), row) for v, w in self.where.items()}
        self._steps: RecordSteps[R] = RecordSteps(
            table, rows=self.rows, row=row, fields=self.fields, locks_references=True
        )

    async def page(
        self, database: Database, query: Mapping[str, Any], *, actor: Principal
    ) -> Page[R]:
        """Return the page that `query` asks for of the content the actor may see."""
        self.rights.check_filters(actor, query)
        where = self.where[self.rights.visibility(actor)]
        return await self.listing.page(
            database, query, where=where, me=actor.employee_id, **time_parameters(database)
        )

    async def find(self, database: Database, id_: int, *, actor: Principal) -> R:
        """Return one row that the actor may see, else raise the refusal of `Rights`."""
        statement = self._get[self.rights.visibility(actor)]
        values = {"me": actor.employee_id, **time_parameters(database)}
        row = await database.one_or_none(statement, id=id_, **values)
        if row is None:
            raise self.rights.refusal(actor)
        return row

    async def create(
        self, tx: Transaction, values: Mapping[str, Any], *, actor: Principal, people: Reader
    ) -> R:
        """Insert content by the actor; `people` reads the database of employees and departments."""
        return await self.created(tx, await self.insert(tx, values, actor=actor, people=people))

    async def change(
        self,
        tx: Transaction,
        id_: int,
        values: Mapping[str, Any],
        *,
        actor: Principal,
        people: Reader,
    ) -> R:
        """Merge `values` into a row that the actor may change."""
        before = await self.get_for_update(tx, id_, actor=actor)
        await self.update(tx, before, values, actor=actor, people=people)
        return await self.changed(tx, before)

    async def delete(self, tx: Transaction, id_: int, *, actor: Principal) -> None:
        """Mark a row that the actor may change deleted; the audit trail keeps it."""
        await self._steps.delete(tx, await self.get_for_update(tx, id_, actor=actor))

    # The steps of the verbs, for kinds with a rule in between.

    async def insert(
        self, tx: Transaction, values: Mapping[str, Any], *, actor: Principal, people: Reader
    ) -> int:
        """Insert a row, in the actor's name unless `author` is given, and return its id."""
        given = dict(values)
        if self.rights.author is not None:
            given = {"author": actor.employee_id, **values}
        self.rights.check_values(actor, given)
        full = self._defaults | await self._prepared(given, people)
        return await self._steps.insert(tx, full)

    async def created(self, tx: Transaction, id_: int) -> R:
        """Read a new row and record its event."""
        return await self._steps.created(tx, id_, **time_parameters(tx))

    async def get_for_update(self, tx: Transaction, id_: int, *, actor: Principal) -> R:
        """Lock and read a row that the actor may change, else raise the refusal of `Rights`."""
        try:
            row = await self._steps.get_for_update(tx, id_, **time_parameters(tx))
        except NotFound:
            raise self.rights.refusal(actor) from None
        self.rights.check_change(actor, row)
        return row

    async def update(
        self,
        tx: Transaction,
        before: R,
        values: Mapping[str, Any],
        *,
        actor: Principal,
        people: Reader,
    ) -> None:
        """Merge `values` into a locked row."""
        self.rights.check_values(actor, values)
        await self._steps.update(tx, before["id"], await self._prepared(values, people))

    async def changed(self, tx: Transaction, before: R, type_: str | None = None) -> R:
        """Read a row after its change and record the event of what differs."""
        return await self._steps.changed(tx, before, type_, **time_parameters(tx))

    async def _prepared(self, values: Mapping[str, Any], people: Reader) -> dict[str, Any]:
        """Return the values as stored: HTML sanitised, with the author's name; Invalid for unknown
        employees and departments."""
        given = dict(values)
        for field in HTML:
            if given.get(field) is not None:
                given[field] = await sanitised(given[field], field)
        for field in _NAMED.keys() & given.keys():
            name = await _name(people, field, given[field])
            if field == "author":
                given["authorName"] = name
        return given


def time_parameters(reader: Database | Transaction) -> dict[str, datetime | date | str]:
    """Return the present as parameters: `now`, `today` in the business' timezone, and `zone`."""
    now = reader.now if isinstance(reader, Transaction) else reader.clock()
    return {"now": now, "today": reader.today, "zone": str(reader.policy.timezone)}


def contains_word(words: Column[Any], name: str) -> ColumnElement[bool]:
    """Return the condition that an array contains exactly the word of a parameter."""
    return words.op("@>")(cast(array([bindparam(name)]), ARRAY(Text)))


async def _name(people: Reader, field: str, id_: int | None) -> str | None:
    if id_ is None:
        return None
    row = await people.one_or_none(_NAMED[field], id=id_)
    if row is None:
        raise Invalid.field(field, "does not exist")
    return row["name"]
