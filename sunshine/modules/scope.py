"""Whose rows a caller may reach: their own, the team's (direct reports'), or all. Used by every
module.
"""

from collections.abc import Mapping
from typing import Any, TypedDict, TypeVar, cast

from sqlalchemy import Column, ColumnElement, Integer, bindparam, or_, select

from models.employees import employee
from sunshine.core.errors import NoEmployee, NotAllowed, NotFound
from sunshine.core.principals import Principal, Scope
from sunshine.database.database import Reader
from sunshine.database.statements import Statement

R = TypeVar("R")
Conditions = dict[Scope, tuple[ColumnElement[bool], ...]]

ME = bindparam("me", type_=Integer)


class EmployeeInScope(TypedDict):
    """An employee whom the caller's scope covers."""

    id: int
    name: str
    manager_id: int | None


_EMPLOYEE = Statement(
    select(employee.c.id, employee.c.name, employee.c.manager_id).where(
        employee.c.id == bindparam("id"), employee.c.deleted_at.is_(None)
    ),
    EmployeeInScope,
)


def conditions(column: Column[int] | ColumnElement[int]) -> Conditions:
    """Return the conditions that narrow a list to each scope; `column` holds the row's employee.

    Their parameter `me` is the caller's employee id; null matches nothing.
    """
    team = select(employee.c.id).where(or_(employee.c.id == ME, employee.c.manager_id == ME))
    return {"all": (), "team": (column.in_(team),), "own": (column == ME,)}


def employee_of(actor: Principal) -> int:
    """Return the id of the employee that the caller's account belongs to; NoEmployee."""
    if actor.employee_id is None:
        raise NoEmployee
    return actor.employee_id


async def employee_within(
    reader: Reader, actor: Principal, employee_id: int, permission: str
) -> EmployeeInScope:
    """Return an employee whom the caller's scope of the permission covers; NotAllowed, NotFound.

    Callers of scope `all` learn that an id does not exist; others only that it is not theirs.
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


async def check_visible(
    reader: Reader, actor: Principal, employee_id: int, permission: str
) -> None:
    """Reject an employee who is neither the caller nor within their scope of the permission."""
    if employee_id != actor.employee_id:
        await employee_within(reader, actor, employee_id, permission)


def visible_fields(row: Mapping[str, Any], to: type[R]) -> R:
    """Return the fields of a row that the TypedDict `to` lists: all others stay hidden."""
    # A TypedDict of these keys, whose types are the row's own.
    return cast(R, {name: row[name] for name in to.__annotations__})


def not_found_or_forbidden(actor: Principal, permission: str) -> NotFound | NotAllowed:
    """Return the error for a row that does not exist.

    NotFound for callers whose scope of the permission is all rows, NotAllowed for others: they do
    not learn which ids exist.
    """
    return NotFound() if actor.scope(permission) == "all" else NotAllowed()
