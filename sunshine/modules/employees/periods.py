"""What an employee is given from one day to another: shifts (shifts.py), places (placements.py).

Two at once: every writer locks the employee first, so one of them sees what the other wrote; the
exclusion constraint is the net.
"""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Column, Date, Table, bindparam, func, insert, select, text, update

from models.employees import employee
from sunshine.core.errors import Conflict, Invalid, NotAllowed, NotFound, violations
from sunshine.core.principals import Principal
from sunshine.database.database import Database, Reader, Transaction
from sunshine.database.pages import ListQuery, Page
from sunshine.database.records import Reference, merging, record_change, require_active, stamped
from sunshine.database.statements import Row, Statement
from sunshine.modules.scope import employee_within

_LOCK_EMPLOYEE = Statement(
    select(employee.c.id)
    .where(employee.c.id == bindparam("id"), employee.c.deleted_at.is_(None))
    .with_for_update(key_share=True)
)


class Periods:
    """One kind of thing given for a period: `field` names it in the API.

    `overlaps_per` allows overlapping periods of different things.
    """

    def __init__(
        self,
        table: Table,
        *,
        field: str,
        permission: str,
        refers_to: Table,
        shows: Mapping[str, Column[Any]],
        overlap: Conflict,
        more: Mapping[str, Column[Any]] | None = None,
        overlaps_per: Column[Any] | None = None,
    ) -> None:
        self._table = table
        self.title = table.name.replace("_", " ").capitalize()
        self._field = field
        self._permission = permission
        self._refers_to = refers_to
        self._overlap = overlap
        violations({f"{table.name}_overlap": overlap})
        c = table.c
        refers = c[f"{refers_to.name}_id"]
        self._columns = {field: refers, "from": c.valid_from, "to": c.valid_to, **(more or {})}
        self._columns |= {"employeeId": c.employee_id}
        labels = [column.label(name) for name, column in {**self._columns, **shows}.items()]
        rows = (
            select(c.id, *labels, c.created_at.label("createdAt"), c.updated_at.label("updatedAt"))
            .select_from(table.join(refers_to, refers == refers_to.c.id))
            .where(c.deleted_at.is_(None), c.employee_id == bindparam("employee"))
        )
        self._row = Statement(rows.where(c.id == bindparam("id")))
        clash = rows.where(
            c.id != bindparam("id"),
            func.daterange(c.valid_from, c.valid_to, "[]").op("&&")(
                func.daterange(_day("starts"), _day("ends"), "[]")
            ),
            text("true") if overlaps_per is None else overlaps_per == bindparam("thing"),
        )
        self._clash = Statement(clash.order_by(c.valid_from).limit(1))
        values = {column: bindparam(name, type_=column.type) for name, column in
                  self._columns.items()}  # fmt: skip
        self._insert = Statement(insert(table).values({**values, **stamped(table)}).returning(c.id))
        self._update = merging(table, self._columns)
        now = bindparam("now", type_=c.deleted_at.type)
        self._delete = Statement(
            update(table).where(c.id == bindparam("row_id")).values(deleted_at=now)
        )
        self.listing = ListQuery(rows, key=c.id, sort={"from": c.valid_from}, default_sort="-from")

    async def page(
        self, database: Database, employee_id: int, query: Mapping[str, Any], *, actor: Principal
    ) -> Page:
        """The employee's periods, the latest first, ended ones included."""
        await employee_within(database, actor, employee_id, "employees:read")
        return await self.listing.page(database, query, employee=employee_id)

    async def find(
        self, database: Database, employee_id: int, id_: int, *, actor: Principal
    ) -> Row:
        """One period of the employee."""
        await employee_within(database, actor, employee_id, "employees:read")
        return await self._find(database, employee_id, id_)

    async def give(
        self, tx: Transaction, employee_id: int, values: Mapping[str, Any], *, actor: Principal
    ) -> Row:
        """A new period. Conflict names the one it overlaps."""
        await self._lock(tx, actor, employee_id)
        full = dict.fromkeys(self._columns) | dict(values) | {"employeeId": employee_id}
        await self._check(tx, 0, full)
        made = await tx.one(self._insert, **full)
        row = await self._find(tx, employee_id, made["id"])
        await tx.record(f"{self._table.name}_created", self._table.name, row["id"], after=row)
        return row

    async def change(
        self,
        tx: Transaction,
        employee_id: int,
        id_: int,
        values: Mapping[str, Any],
        *,
        actor: Principal,
    ) -> Row:
        """Merge into a period."""
        await self._lock(tx, actor, employee_id)
        before = await self._find(tx, employee_id, id_)
        full = {name: before[name] for name in self._columns} | dict(values)
        await self._check(tx, id_, full)
        await tx.execute(self._update, row_id=id_, **full)
        after = await self._find(tx, employee_id, id_)
        await record_change(tx, self._table.name, before, after)
        return after

    async def take(self, tx: Transaction, employee_id: int, id_: int, *, actor: Principal) -> None:
        """Remove a period as if it had not been."""
        await self._lock(tx, actor, employee_id)
        before = await self._find(tx, employee_id, id_)
        await tx.execute(self._delete, row_id=id_)
        await tx.record(f"{self._table.name}_deleted", self._table.name, id_, before=before)

    async def _lock(self, tx: Transaction, actor: Principal, employee_id: int) -> None:
        await tx.execute(_LOCK_EMPLOYEE, id=employee_id)
        await employee_within(tx, actor, employee_id, self._permission)
        if actor.scope(self._permission) == "team" and employee_id == actor.employee_id:
            raise NotAllowed("Nobody plans their own time")

    async def _find(self, reader: Reader, employee_id: int, id_: int) -> Row:
        row = await reader.one_or_none(self._row, employee=employee_id, id=id_)
        if row is None:
            raise NotFound
        return row

    async def _check(self, tx: Transaction, id_: int, full: Mapping[str, Any]) -> None:
        if full["to"] is not None and full["to"] < full["from"]:
            raise Invalid.field("to", "must not be before from")
        await require_active(tx, self._refers_to, full[self._field], self._field)
        clash = await tx.one_or_none(
            self._clash, employee=full["employeeId"], id=id_, thing=full[self._field],
            starts=full["from"], ends=full["to"],
        )  # fmt: skip
        if clash is not None:
            raise Conflict(self._overlap.message, code=self._overlap.code, data=clash)


def use(noun: str, column: Column[Any]) -> Reference:
    """Periods keep what they refer to from being deleted, except those of deleted employees."""
    employed = select(employee.c.id).where(employee.c.deleted_at.is_(None))
    return Reference(noun, column, where=(column.table.c.employee_id.in_(employed),))


def _day(name: str) -> Any:
    return bindparam(name, type_=Date)
