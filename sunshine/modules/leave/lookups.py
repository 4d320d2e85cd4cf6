"""The employee that a word on the command line means."""

from sqlalchemy import Text, bindparam, cast, func, or_, select

from models.employees import employee
from sunshine.core.errors import Conflict, NotFound
from sunshine.database.database import Reader
from sunshine.database.statements import Statement
from sunshine.modules.leave.rows import NamedEmployee

_WORD = bindparam("word", type_=Text)
_FIND = Statement(
    select(employee.c.id, employee.c.name).where(
        employee.c.deleted_at.is_(None),
        or_(
            cast(employee.c.id, Text) == _WORD,
            func.lower(employee.c.email) == func.lower(_WORD),
            func.lower(employee.c.employee_code) == func.lower(_WORD),
        ),
    ),
    NamedEmployee,
)


async def find_employee(reader: Reader, word: str) -> NamedEmployee:
    """Return the employee of an id, an email address or an employee code.

    NotFound; Conflict where the word means several.
    """
    found = await reader.all(_FIND, word=word)
    if not found:
        raise NotFound(f"there is no employee {word}")
    if len(found) > 1:
        raise Conflict(f"{word} means several employees; name one by email address")
    return found[0]
