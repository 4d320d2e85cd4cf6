"""The accounts of employees: link an account, end it with the employment.

Tables: models/auth.py. All other changes: accounts.py.
"""

from sqlalchemy import Integer, bindparam, select

from models.auth import users
from models.employees import employee
from sunshine.core.errors import NotFound
from sunshine.core.fields import MAX_ID
from sunshine.database.database import Transaction
from sunshine.database.statements import Statement
from sunshine.modules.users.accounts import change
from sunshine.modules.users.rows import EmployeeAccountRow, LinkedUserRow, NameRow

_ACCOUNT = Statement(
    select(users.c.id, users.c.role, users.c.active).where(
        users.c.employee_id == bindparam("employee")
    ),
    EmployeeAccountRow,
)
_EMPLOYEE = Statement(
    select(employee.c.name).where(
        employee.c.id == bindparam("id", type_=Integer), employee.c.deleted_at.is_(None)
    ),
    NameRow,
)


async def deactivate(tx: Transaction, employee_id: int) -> None:
    """End the account of an employee who leaves, if there is one."""
    row = await find_by_employee(tx, employee_id)
    if row is not None and row["active"]:
        await change(tx, row["id"], {"active": False})


async def find_by_employee(tx: Transaction, employee_id: int) -> EmployeeAccountRow | None:
    """Return the account that is linked to an employee; None where there is none."""
    return await tx.one_or_none(_ACCOUNT, employee=employee_id)


async def link(tx: Transaction, id_: int, employee_id: int | None) -> LinkedUserRow:
    """Link an account to an employee, or with None to nobody.

    NotFound without such an employee; Conflict `employee_has_user`.
    """
    is_id = employee_id is not None and employee_id <= MAX_ID
    found = await tx.one_or_none(_EMPLOYEE, id=employee_id) if is_id else None
    if employee_id is not None and found is None:
        raise NotFound(f"there is no employee {employee_id}")
    row = await change(tx, id_, {"employeeId": employee_id})
    return {**row, "employee": found and found["name"]}
