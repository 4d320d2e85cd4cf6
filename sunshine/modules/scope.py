"""Whose rows an actor may reach: their own, the team's (direct reports), or all."""

from typing import TypedDict

from sqlalchemy import Column, ColumnElement, Integer, bindparam, or_, select

from models.employees import employee
from sunshine.core.errors import NoEmployee, NotAllowed, NotFound
from sunshine.core.principals import Principal, Scope
from sunshine.database.database import Reader
from sunshine.database.statements import Statement


class EmployeeInScopeRow(TypedDict):
    """An employee and their manager."""

    id: int
    name: str
    manager_id: int | None


Conditions = dict[Scope, tuple[ColumnElement[bool], ...]]

ME = bindparam("me", type_=Integer)
_EMPLOYEE = Statement(
    select(employee.c.id, employee.c.name, employee.c.manager_id).where(
        employee.c.id == bindparam("id"), employee.c.deleted_at.is_(None)
    ),
    EmployeeInScopeRow,
)


def conditions(column: Column[int] | ColumnElement[int]) -> Conditions:
    """Return the conditions of each scope, by the column that names the row's employee.

    Their parameter `me` is the actor's employee id; null matches nothing.
    """
    team = select(employee.c.id).where(or_(employee.c.id == ME, employee.c.manager_id == ME))
    return {"all": (), "team": (column.in_(team),), "own": (column == ME,)}


def employee_of(actor: Principal) -> int:
    """Return the id of the actor's employee; NoEmployee for accounts linked to none."""
    if actor.employee_id is None:
        raise NoEmployee
    return actor.employee_id


async def employee_within(
    reader: Reader, actor: Principal, employee_id: int, permission: str
) -> EmployeeInScopeRow:
    """Return an employee whom the actor's scope of the permission covers.

    NotFound for actors of scope `all` where there is no such employee, NotAllowed for others: they
    do not learn which ids exist.
    """
    scope = actor.scope(permission)
    if scope is None or (scope == "own" and employee_id != actor.employee_id):
        raise NotAllowed
    row = await reader.one_or_none(_EMPLOYEE, id=employee_id)
    if scope == "all":
        if row is None:
            raise NotFound("No such employee")
        return row
    if row is None or actor.employee_id not in (row["id"], row["manager_id"]):
        raise NotAllowed
    return row


def not_found_or_forbidden(actor: Principal, permission: str) -> NotFound | NotAllowed:
    """Return the error for a row that does not exist.

    NotFound for callers whose scope of the permission is all rows, NotAllowed for others: they do
    not learn which ids exist.
    """
    return NotFound() if actor.scope(permission) == "all" else NotAllowed()
