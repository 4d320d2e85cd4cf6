"""The employee lock, which every change to what belongs to an employee takes first.

Changes to the attendance, leave, permits, shifts and placements of one employee follow one another:
each locks the employee's row, then reads in further statements, which see what the changes before
it did. A statement that locks several employees does so in the order of their ids: two of them
never wait for each other.

The lock is FOR NO KEY UPDATE: other rows that refer to the employee can still be written. A change
of the employee itself takes FOR UPDATE (employees.py), which keeps such rows out too and waits for
this lock like all others.
"""

import datetime as dt
from collections.abc import Iterable
from typing import TypedDict

from sqlalchemy import ARRAY, ColumnElement, Integer, any_, bindparam, select, true

from models.employees import employee
from sunshine.core.errors import NotFound
from sunshine.database.database import Transaction
from sunshine.database.statements import IdRow, Statement


class LockedEmployee(TypedDict):
    """What a change needs to know of the employee that it locks."""

    id: int
    name: str
    status: str
    manager_id: int | None
    join_date: dt.date | None
    timezone: str | None


def lock_where(condition: ColumnElement[bool]) -> Statement[IdRow]:
    """Return the statement that locks the employees of a condition, deleted ones too, by id."""
    locked = select(employee.c.id).where(condition).order_by(employee.c.id)
    return Statement(locked.with_for_update(key_share=True), IdRow)


_GET = Statement(
    select(*(employee.c[name] for name in LockedEmployee.__annotations__))
    .where(employee.c.id == bindparam("id"), employee.c.deleted_at.is_(None))
    .with_for_update(key_share=True),
    LockedEmployee,
)
_LOCK = lock_where(employee.c.id == any_(bindparam("ids", type_=ARRAY(Integer))))
_LOCK_ALL = lock_where(true())


async def find_for_update(tx: Transaction, employee_id: int) -> LockedEmployee | None:
    """Lock and return an employee; None where there is none, or a deleted one."""
    return await tx.one_or_none(_GET, id=employee_id)


async def get_for_update(tx: Transaction, employee_id: int) -> LockedEmployee:
    """Lock and return an employee; NotFound."""
    row = await find_for_update(tx, employee_id)
    if row is None:
        raise NotFound("No such employee")
    return row


async def lock(tx: Transaction, employee_ids: Iterable[int]) -> None:
    """Lock employees, deleted ones too; ids of nobody are passed over."""
    await tx.execute(_LOCK, ids=list(employee_ids))


async def lock_all(tx: Transaction) -> None:
    """Lock every employee, deleted ones too: what belongs to them stays as it is meanwhile."""
    await tx.execute(_LOCK_ALL)
