"""Who may open an employee's photo with a token. Used by handlers/files.py."""

from sqlalchemy import select

from models.employees import employee
from sunshine.core.errors import NotAllowed, NotFound
from sunshine.core.principals import Principal
from sunshine.database.database import Reader
from sunshine.database.statements import IdRow, Statement
from sunshine.files.columns import names
from sunshine.modules.scope import conditions

_OF_PHOTO = {
    scope: Statement(
        select(employee.c.id)
        .where(names(employee.c.photo), employee.c.deleted_at.is_(None), *where)
        .limit(1),
        IdRow,
    )
    for scope, where in conditions(employee.c.id).items()
}


async def check_photo(reader: Reader, name: str, *, actor: Principal) -> None:
    """Reject a file that is not the photo of an employee whom the caller sees in full.

    NotFound for callers who see all employees, NotAllowed for others.
    """
    scope = actor.scope("employees:read") or "own"
    if await reader.one_or_none(_OF_PHOTO[scope], name=name, me=actor.employee_id) is None:
        raise NotFound if scope == "all" else NotAllowed
