"""Employees: who is employed, in which position, under which manager.

Everybody sees the directory; personal fields are for the employees themselves, their managers, HR
and admins. Tables: models/employees.py. Import and export: csv_import.py.
"""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Integer,
    and_,
    bindparam,
    exists,
    func,
    literal,
    or_,
    select,
)

from models.departments import department
from models.employees import employee
from models.positions import position
from sunshine.core.errors import Conflict, Invalid, NotAllowed, NotFound, violations
from sunshine.core.principals import Principal
from sunshine.database.database import Database, Transaction
from sunshine.database.pages import ListQuery, Page, contains
from sunshine.database.records import RecordSteps, Reference, check_references, check_unused
from sunshine.database.statements import Statement
from sunshine.modules.employees.lookups import NAMED, id_of
from sunshine.modules.employees.offboarding import end_employment
from sunshine.modules.employees.rows import (
    DirectoryRow,
    EmployeeRow,
    IsAboveRow,
    LockedRow,
    ScopedRow,
)
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
# The employees whom a caller without scope all sees in full.
_TEAM = or_(employee.c.id == ME, employee.c.manager_id == ME)
_IN_FULL = {"team": _TEAM, "own": employee.c.id == ME}
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
    row=EmployeeRow,
)
# A search looks at codes and phone numbers only where it may show them.
_directories = {
    scope: ListQuery(
        ROWS.add_columns(func.coalesce(in_full, literal(False)).label("_open")).where(
            or_(employee.c.status == "active", in_full)
        ),
        key=employee.c.id,
        schema=FILTERS,
        filters={**_FILTERS, "search": or_(_DIRECTORY_SEARCH, and_(in_full, _SEARCH))},
        sort=_SORT,
        row=ScopedRow,
    )
    for scope, in_full in _IN_FULL.items()
}
# The lock keeps new references out: an employee is given nothing while their employment ends.
_steps = RecordSteps(
    employee,
    rows=ROWS,
    row=EmployeeRow,
    fields=FIELDS,
    locks_references=True,
    on_delete={"status": "inactive", "updated_at": bindparam("now")},
)
_REFERENCES = {"positionId": position, "departmentId": department, "managerId": employee}
_USES = (Reference("direct report", employee.c.manager_id),)
# Two changes of managers could close a circle that neither sees: they run one after the other, and
# take this lock before any row's, or they would wait for each other's rows.
_LOCK_TREE = Statement(
    select(func.pg_advisory_xact_lock(literal(0x7472_6565)).label("locked")), LockedRow
)


def _is_above() -> Statement[IsAboveRow]:
    """Build the question whether `id` is `manager` or somewhere above them."""
    start = select(employee.c.id, employee.c.manager_id).where(
        employee.c.id == bindparam("manager", type_=Integer)
    )
    chain = start.cte("chain", recursive=True)
    up = select(employee.c.id, employee.c.manager_id).join(
        chain, employee.c.id == chain.c.manager_id
    )
    chain = chain.union(up)
    found = exists().where(chain.c.id == bindparam("id"))
    return Statement(select(found.label("found")), IsAboveRow)


_IS_ABOVE = _is_above()


async def page(
    database: Database, query: Mapping[str, Any], *, actor: Principal
) -> Page[EmployeeRow] | Page[DirectoryRow]:
    """Return a page of the directory: in full those whom the caller may see so.

    NotAllowed for filters by status or by another manager, except for HR and admins.
    """
    scope = actor.scope("employees:read") or "own"
    if scope == "all":
        return await listing.page(database, query)
    foreign = query.get("managerId", actor.employee_id) != actor.employee_id
    if foreign or "status" in query:
        raise NotAllowed("Filtering by status or by another manager is for HR")
    found = await _directories[scope].page(database, query, me=actor.employee_id)
    return found.with_rows([row if row.pop("_open") else _public(row) for row in found.rows])


async def find(database: Database, id_: int, *, actor: Principal) -> EmployeeRow | DirectoryRow:
    """Return one employee, in full where the caller may see that.

    NotFound, also for inactive ones whom the caller may not see in full.
    """
    row = await _steps.get(database, id_)
    scope = actor.scope("employees:read")
    reach = {row["id"], row["managerId"] if scope == "team" else None} - {None}
    if scope == "all" or actor.employee_id in reach:
        return row
    if row["status"] != "active":
        raise NotFound
    return _public(row)


async def create(tx: Transaction, values: Mapping[str, Any]) -> EmployeeRow:
    """Create an employee. `position` and `department` are found by name, or created."""
    await check_references(tx, _REFERENCES, values)
    full = dict.fromkeys(FIELDS) | {"status": "active"} | await _with_ids(tx, values)
    return await _steps.created(tx, await _steps.insert(tx, full))


async def change(
    tx: Transaction, id_: int, values: Mapping[str, Any], *, actor: Principal, force: bool = False
) -> EmployeeRow:
    """Merge values into an employee: HR and admins all fields, employees their phone and photo.

    Becoming inactive ends the employment: offboarding.py.
    """
    own = actor.employee_id == id_ and actor.role != "admin"
    if own and set(values) - OWN_FIELDS:
        raise NotAllowed("Of your own record you may change phone and photo")
    if not own and not actor.may("employees:write"):
        raise NotAllowed
    if "managerId" in values:
        await tx.execute(_LOCK_TREE)
    before = await _steps.get_for_update(tx, id_)
    await check_references(tx, _REFERENCES, values)
    if values.get("managerId") is not None:
        await _check_circle(tx, id_, values["managerId"])
    full = await _with_ids(tx, values)
    if full.get("status") == "inactive" and before["status"] == "active":
        await end_employment(tx, id_, actor=actor, force=force)
    await _steps.update(tx, id_, full)
    return await _steps.changed(tx, before)


async def delete(tx: Transaction, id_: int, *, actor: Principal, force: bool = False) -> None:
    """End an employment: the record is kept for history, the account ends at once.

    Conflict `in_use` while others report to them; the other conflicts: offboarding.py.
    """
    before = await _steps.get_for_update(tx, id_)
    await end_employment(tx, id_, actor=actor, force=force)
    await check_unused(tx, _USES, id_)
    await _steps.delete(tx, before)


def _public(row: EmployeeRow) -> DirectoryRow:
    """Return what everybody sees of an employee. A new field is personal until it is named here."""
    return {
        "id": row["id"],
        "name": row["name"],
        "email": row["email"],
        "positionId": row["positionId"],
        "departmentId": row["departmentId"],
        "photo": row["photo"],
        "position": row["position"],
        "department": row["department"],
    }


async def _with_ids(tx: Transaction, values: Mapping[str, Any]) -> dict[str, Any]:
    """Replace `position` and `department` by their ids; a blank name means none."""
    full = dict(values)
    for field, table in NAMED.items():
        if field in full:
            name = full.pop(field)
            full[f"{field}Id"] = await id_of(tx, table, name) if name else None
    return full


async def _check_circle(tx: Transaction, id_: int, manager: int) -> None:
    """Reject a manager who is the employee or reports to them, over however many steps."""
    if (await tx.one(_IS_ABOVE, id=id_, manager=manager))["found"]:
        raise Invalid.field("managerId", "would make a circle", code="manager_cycle")
