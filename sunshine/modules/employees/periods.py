"""The periods of an employee: of a shift (shifts.py), at a location (placements.py).

Of two writers at once one waits: each locks the employee first, and so sees what the other wrote.
The exclusion constraint of the table is the safety net.
"""

from collections.abc import Mapping
from typing import Any, Generic, TypeVar

from sqlalchemy import BindParameter, Column, Date, Select, Table, bindparam, func, select, text

from models.employees import employee
from sunshine.core.errors import Conflict, Invalid, NotAllowed, violations
from sunshine.core.principals import Principal
from sunshine.database.database import Database, Transaction
from sunshine.database.pages import ListQuery, Page
from sunshine.database.records import RecordSteps, Reference, require_active
from sunshine.database.statements import Statement
from sunshine.modules.employees import locking
from sunshine.modules.scope import employee_within

R = TypeVar("R", bound=Mapping[str, Any])


class Periods(Generic[R]):
    """Periods of one kind: `field` names in the API what an employee has for a period.

    `refers_to` is the table of that, `shows` adds its columns, `more` adds columns of the period;
    `row` is the TypedDict of a period. `permission` is needed to write. `overlap` answers periods
    that overlap; with `overlaps_per` those of different things may.
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
        row: type[R],
        more: Mapping[str, Column[Any]] | None = None,
        overlaps_per: Column[Any] | None = None,
    ) -> None:
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
        rows = _rows(table, {**self._columns, **shows}).select_from(
            table.join(refers_to, refers == refers_to.c.id)
        )
        self._steps = RecordSteps(table, rows=rows, row=row, fields=self._columns)
        self._clash = Statement(_clash(table, rows, overlaps_per), row)
        self.listing = ListQuery(
            rows, key=c.id, sort={"from": c.valid_from}, default_sort="-from", row=row
        )

    async def page(
        self, database: Database, employee_id: int, query: Mapping[str, Any], *, actor: Principal
    ) -> Page[R]:
        """Return a page of the employee's periods, the latest first, ended ones included."""
        await employee_within(database, actor, employee_id, "employees:read")
        return await self.listing.page(database, query, employee=employee_id)

    async def find(self, database: Database, employee_id: int, id_: int, *, actor: Principal) -> R:
        """Return one period of the employee; NotFound."""
        await employee_within(database, actor, employee_id, "employees:read")
        return await self._steps.get(database, id_, employee=employee_id)

    async def create(
        self, tx: Transaction, employee_id: int, values: Mapping[str, Any], *, actor: Principal
    ) -> R:
        """Create a period; Conflict names the one that it overlaps."""
        await self._lock(tx, actor, employee_id)
        full = dict.fromkeys(self._columns) | dict(values) | {"employeeId": employee_id}
        await self._check(tx, 0, full)
        id_ = await self._steps.insert(tx, full)
        return await self._steps.created(tx, id_, employee=employee_id)

    async def change(
        self,
        tx: Transaction,
        employee_id: int,
        id_: int,
        values: Mapping[str, Any],
        *,
        actor: Principal,
    ) -> R:
        """Merge values into a period; NotFound, Conflict as `create`."""
        await self._lock(tx, actor, employee_id)
        before = await self._steps.get(tx, id_, employee=employee_id)
        full = {name: before[name] for name in self._columns} | dict(values)
        await self._check(tx, id_, full)
        await self._steps.update(tx, id_, full)
        return await self._steps.changed(tx, before, employee=employee_id)

    async def delete(
        self, tx: Transaction, employee_id: int, id_: int, *, actor: Principal
    ) -> None:
        """Remove a period as if it had never existed; NotFound."""
        await self._lock(tx, actor, employee_id)
        await self._steps.delete(tx, await self._steps.get(tx, id_, employee=employee_id))

    async def _lock(self, tx: Transaction, actor: Principal, employee_id: int) -> None:
        """Lock the employee, and require that the caller may plan their time."""
        await locking.find_for_update(tx, employee_id)
        await employee_within(tx, actor, employee_id, self._permission)
        if actor.scope(self._permission) == "team" and employee_id == actor.employee_id:
            raise NotAllowed("Nobody plans their own time")

    async def _check(self, tx: Transaction, id_: int, full: Mapping[str, Any]) -> None:
        """Reject a period that ends before it begins, refers to nothing or overlaps another one."""
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
    """Return the reference of periods to a record, which it keeps from being deleted.

    Periods of deleted employees do not count.
    """
    employed = select(employee.c.id).where(employee.c.deleted_at.is_(None))
    return Reference(noun, column, where=(column.table.c.employee_id.in_(employed),))


def _rows(table: Table, columns: Mapping[str, Column[Any]]) -> Select[Any]:
    """Select the periods of the employee with the columns as the API names them."""
    c = table.c
    labels = [column.label(name) for name, column in columns.items()]
    return select(
        c.id, *labels, c.created_at.label("createdAt"), c.updated_at.label("updatedAt")
    ).where(c.deleted_at.is_(None), c.employee_id == bindparam("employee"))


def _clash(table: Table, rows: Select[Any], overlaps_per: Column[Any] | None) -> Select[Any]:
    """Select the first other period that shares a day with `starts` to `ends`."""
    c = table.c
    days = func.daterange(c.valid_from, c.valid_to, "[]")
    clash = rows.where(
        c.id != bindparam("id"),
        days.op("&&")(func.daterange(_day("starts"), _day("ends"), "[]")),
        text("true") if overlaps_per is None else overlaps_per == bindparam("thing"),
    )
    return clash.order_by(c.valid_from).limit(1)


def _day(name: str) -> BindParameter[Any]:
    return bindparam(name, type_=Date)
