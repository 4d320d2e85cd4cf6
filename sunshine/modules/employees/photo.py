"""Who may open an employee's photo by their token. Employees themselves: employees.py."""

from sqlalchemy import select

from models.employees import employee
from sunshine.core.errors import NotAllowed, NotFound
from sunshine.core.principals import Principal
from sunshine.database.database import Reader
from sunshine.database.statements import Statement
from sunshine.files.columns import names
from sunshine.modules.scope import conditions

_PICTURED = {
    scope: Statement(
        select(employee.c.id)
        .where(names(employee.c.photo), employee.c.deleted_at.is_(None), *where)
        .limit(1)
    )
    for scope, where in conditions(employee.c.id).items()
}


async def check_photo(reader: Reader, name: str, *, actor: Principal) -> None:
    """Refuse unless it is the photo of somebody whom the caller sees in full."""
    scope = actor.scope("employees:read") or "own"
    if await reader.one_or_none(_PICTURED[scope], name=name, me=actor.employee_id) is None:
        raise NotFound if scope == "all" else NotAllowed
