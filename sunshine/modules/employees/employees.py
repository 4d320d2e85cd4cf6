"""People at work: who is employed, as what, under whom. Tables: models/employees.py.

Everybody sees the directory; what is personal is for oneself, one's manager, HR and admins. Import
and export: csv_import.py.
"""

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Integer,
    and_,
    bindparam,
    exists,
    func,
    insert,
    literal,
    or_,
    select,
    update,
)

from models.departments import department
from models.employees import employee
from models.positions import position
from sunshine.core.errors import Conflict, Invalid, NotAllowed, NotFound, violations
from sunshine.core.principals import Principal
from sunshine.database.database import Database, Transaction
from sunshine.database.pages import ListQuery, Page, contains
from sunshine.database.records import (
    Reference,
    check_references,
    check_unused,
    merging,
    record_change,
    stamped,
)
from sunshine.database.statements import Row, Statement
from sunshine.modules.employees.lookups import NAMED, id_of
from sunshine.modules.employees.offboarding import end_employment
from sunshine.modules.employees.schemas import FILTERS
from sunshine.modules.scope import ME

violations(
    {
        "employee_email_key": Conflict.field(
            "email", "Another employee has this email address", code="email_taken"
        ),
        "employee_employee_code_key": Conflict.field(
            "employeeCode", "Another employee has this code", code="employee_code_taken"
        ),
        "employee_own_manager_check": Invalid.field(
            "managerId", "nobody is their own manager", code="manager_cycle"
        ),
    }
)

OWN_FIELDS = frozenset({"phone", "photo"})
PERSONAL = (
    "employeeCode", "phone", "joinDate", "managerId", "manager", "status", "timezone",
    "createdAt", "updatedAt",
)  # fmt: skip

_manager = employee.alias("manager")
FIELDS = {
    "name": employee.c.name,
    "email": employee.c.email,
    "employeeCode": employee.c.employee_code,
    "phone": employee.c.phone,
    "positionId": employee.c.position_id,
    "departmentId": employee.c.department_id,
    "managerId": employee.c.manager_id,
    "joinDate": employee.c.join_date,
    "status": employee.c.status,
    "photo": employee.c.photo,
    "timezone": employee.c.timezone,
}
ROWS = (
    select(
        employee.c.id,
        *(column.label(name) for name, column in FIELDS.items()),
        position.c.name.label("position"),
        department.c.name.label("department"),
        _manager.c.name.label("manager"),
        employee.c.created_at.label("createdAt"),
        employee.c.updated_at.label("updatedAt"),
    )
    .select_from(
        employee.outerjoin(position, employee.c.position_id == position.c.id)
        .outerjoin(department, employee.c.department_id == department.c.id)
        .outerjoin(_manager, employee.c.manager_id == _manager.c.id)
    )
    .where(employee.c.deleted_at.is_(None))
)
# Whom a caller sees in full although not everybody: themselves and their team.
_TEAM = or_(employee.c.id == ME, employee.c.manager_id == ME)
_OPEN = {"team": _TEAM, "own": employee.c.id == ME}
_FILTERS: dict[str, ColumnElement[bool]] = {
    "departmentId": employee.c.department_id == bindparam("departmentId"),
    "positionId": employee.c.position_id == bindparam("positionId"),
    "managerId": employee.c.manager_id == bindparam("managerId"),
    "status": employee.c.status == bindparam("status"),
}
_SORT = {"name": employee.c.name, "email": employee.c.email}
_SEARCH = contains(employee.c.search_text)
_DIRECTORY_SEARCH = contains(employee.c.directory_text)

listing = ListQuery(
    ROWS,
    key=employee.c.id,
    schema=FILTERS,
    filters={**_FILTERS, "search": _SEARCH},
    sort={
        **_SORT,
        "employeeCode": employee.c.employee_code,
        "joinDate": employee.c.join_date,
        "createdAt": employee.c.created_at,
    },
)
# A search must not find by a phone number whom it may not show it of.
_directories = {
    scope: ListQuery(
        ROWS.add_columns(func.coalesce(is_open, literal(False)).label("_open")).where(
            or_(employee.c.status == "active", is_open)
        ),
        key=employee.c.id,
        schema=FILTERS,
        filters={**_FILTERS, "search": or_(_DIRECTORY_SEARCH, and_(is_open, _SEARCH))},
        sort=_SORT,
    )
    for scope, is_open in _OPEN.items()
}
_FIND = Statement(ROWS.where(employee.c.id == bindparam("id")))
_LOCK = Statement(
    select(employee.c.id)
    .where(employee.c.id == bindparam("id"), employee.c.deleted_at.is_(None))
    .with_for_update()
)
_INSERT = Statement(
    insert(employee)
    .values({column: bindparam(name, type_=column.type) for name, column in FIELDS.items()})
    .values(stamped(employee))
    .returning(employee.c.id)
)
_DELETE = Statement(
    update(employee)
    .where(employee.c.id == bindparam("row_id"))
    .values(deleted_at=bindparam("now"), status="inactive", updated_at=bindparam("now"))
)
_REFERENCES = {"positionId": position, "departmentId": department, "managerId": employee}
_USES = (Reference("direct report", employee.c.manager_id),)
# Two changes of managers could close a circle that neither sees: they go one after the other, and
# take this lock before any row's, else they would wait for each other's rows.
_LOCK_TREE = Statement(select(func.pg_advisory_xact_lock(literal(0x7472_6565)).label("locked")))


def _above() -> Statement[Any]:
    """Whether `id` is `manager` or somewhere above them."""
    start = select(employee.c.id, employee.c.manager_id).where(
        employee.c.id == bindparam("manager", type_=Integer)
    )
    chain = start.cte("chain", recursive=True)
    up = select(employee.c.id, employee.c.manager_id).join(
        chain, employee.c.id == chain.c.manager_id
    )
    chain = chain.union(up)
    return Statement(select(exists().where(chain.c.id == bindparam("id")).label("found")))


_IS_ABOVE = _above()


async def page(database: Database, query: Mapping[str, Any], *, actor: Principal) -> Page:
    """A page of the directory, in full where the caller may see that."""
    scope = actor.scope("employees:read") or "own"
    if scope == "all":
        return await listing.page(database, query)
    foreign = query.get("managerId", actor.employee_id) != actor.employee_id
    if foreign or "status" in query:
        raise NotAllowed("Filtering by status or by another manager is for HR")
    found = await _directories[scope].page(database, query, me=actor.employee_id)
    for row in found.rows:
        _close(row, row.pop("_open"))
    return found


async def find(database: Database, id_: int, *, actor: Principal) -> Row:
    """One employee, in full where the caller may see that."""
    row = await database.one_or_none(_FIND, id=id_)
    if row is None:
        raise NotFound
    scope = actor.scope("employees:read")
    reach = {row["id"], row["managerId"] if scope == "team" else None} - {None}
    is_open = scope == "all" or actor.employee_id in reach
    if not is_open and row["status"] != "active":
        raise NotFound
    _close(row, is_open)
    return row


async def create(tx: Transaction, values: Mapping[str, Any]) -> Row:
    """A new employee. `position` and `department` are found by name, or made."""
    await check_references(tx, _REFERENCES, values)
    full = dict.fromkeys(FIELDS) | {"status": "active"} | await _with_ids(tx, values)
    row = await _row(tx, (await tx.one(_INSERT, **full))["id"])
    await tx.record("employee_created", "employee", row["id"], after=row)
    return row


async def change(
    tx: Transaction, id_: int, values: Mapping[str, Any], *, actor: Principal, force: bool = False
) -> Row:
    """Merge into an employee: HR and admins anything, oneself phone and photo.

    Becoming inactive ends the employment: offboarding.py.
    """
    own = actor.employee_id == id_ and actor.role != "admin"
    if own and set(values) - OWN_FIELDS:
        raise NotAllowed("Of your own record you may change phone and photo")
    if not own and not actor.may("employees:write"):
        raise NotAllowed
    if "managerId" in values:
        await tx.execute(_LOCK_TREE)
    before = await _locked(tx, id_)
    await check_references(tx, _REFERENCES, values)
    if values.get("managerId") is not None:
        await _check_circle(tx, id_, values["managerId"])
    full = await _with_ids(tx, values)
    if full.get("status") == "inactive" and before["status"] == "active":
        await end_employment(tx, id_, actor=actor, force=force)
    await tx.execute(_update(tuple(sorted(full))), row_id=id_, **full)
    after = await _row(tx, id_)
    await record_change(tx, "employee", before, after)
    return after


async def delete(tx: Transaction, id_: int, *, actor: Principal, force: bool = False) -> None:
    """Employment ends: the record is kept for history, the account ends at once.

    Conflict `in_use` while others report to them; what else holds it back: offboarding.py.
    """
    before = await _locked(tx, id_)
    await end_employment(tx, id_, actor=actor, force=force)
    await check_unused(tx, _USES, id_)
    await tx.execute(_DELETE, row_id=id_)
    await tx.record("employee_deleted", "employee", id_, before=before)


def _close(row: Row, is_open: bool) -> None:
    """Leave the directory's fields only."""
    if not is_open:
        for name in PERSONAL:
            del row[name]


async def _row(tx: Transaction, id_: int) -> Row:
    row = await tx.one_or_none(_FIND, id=id_)
    if row is None:
        raise NotFound
    return row


async def _locked(tx: Transaction, id_: int) -> Row:
    await tx.execute(_LOCK, id=id_)
    return await _row(tx, id_)


async def _with_ids(tx: Transaction, values: Mapping[str, Any]) -> Row:
    """The values with `position` and `department` replaced by their ids; blank means none."""
    full = dict(values)
    for field, table in NAMED.items():
        if field in full:
            name = full.pop(field)
            full[f"{field}Id"] = await id_of(tx, table, name) if name else None
    return full


async def _check_circle(tx: Transaction, id_: int, manager: int) -> None:
    if (await tx.one(_IS_ABOVE, id=id_, manager=manager))["found"]:
        raise Invalid.field("managerId", "would make a circle", code="manager_cycle")


@lru_cache(maxsize=64)
def _update(names: tuple[str, ...]) -> Statement[Any]:
    return merging(employee, {name: FIELDS[name] for name in names})
