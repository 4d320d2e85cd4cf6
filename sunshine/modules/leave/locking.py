"""Whose leave it is: the employee reached, named, and locked.

Whatever changes leave, its ledger or holidays locks the employees it is about first, in the order
of their ids: so it sees what others did before, and nobody waits for each other in a circle.
"""

from collections.abc import Iterable

from sqlalchemy import ARRAY, Integer, Text, any_, bindparam, cast, func, or_, select

from models.employees import employee
from sunshine.core.errors import Conflict, NotFound
from sunshine.core.principals import Principal
from sunshine.database.database import Reader, Transaction
from sunshine.database.statements import Row, Statement
from sunshine.modules.scope import employee_within

_IDS = bindparam("ids", type_=ARRAY(Integer))
_LOCK_ONE = Statement(
    select(employee.c.id, employee.c.manager_id, employee.c.status, employee.c.join_date)
    .where(employee.c.id == bindparam("id"), employee.c.deleted_at.is_(None))
    .with_for_update(key_share=True)
)
_LOCK = Statement(
    select(employee.c.id)
    .where(employee.c.id == any_(_IDS))
    .order_by(employee.c.id)
    .with_for_update(key_share=True)
)
_LOCK_ALL = Statement(select(employee.c.id).order_by(employee.c.id).with_for_update(key_share=True))
_WORD = bindparam("word", type_=Text)
_NAMED = Statement(
    select(employee.c.id, employee.c.name).where(
        employee.c.deleted_at.is_(None),
        or_(
            cast(employee.c.id, Text) == _WORD,
            func.lower(employee.c.email) == func.lower(_WORD),
            func.lower(employee.c.employee_code) == func.lower(_WORD),
        ),
    )
)


async def lock_one(tx: Transaction, employee_id: int) -> Row:
    """The employee (id, manager_id, status, join_date), locked; NotFound."""
    row = await tx.one_or_none(_LOCK_ONE, id=employee_id)
    if row is None:
        raise NotFound("No such employee")
    return row


async def lock(tx: Transaction, employees: Iterable[int]) -> None:
    """Lock some."""
    await tx.execute(_LOCK, ids=list(employees))


async def lock_all(tx: Transaction) -> None:
    """Lock everybody: nobody applies, decides or is charged until we are done."""
    await tx.execute(_LOCK_ALL)


async def check_visible(reader: Reader, actor: Principal, employee_id: int) -> None:
    """The caller may see this employee's leave: their own, the team's, or everybody's."""
    if employee_id != actor.employee_id:
        await employee_within(reader, actor, employee_id, "leave:read")


async def named(reader: Reader, word: str) -> Row:
    """The employee (id, name) that an id, an email address or a code means."""
    found = await reader.all(_NAMED, word=word)
    if not found:
        raise NotFound(f"there is no employee {word}")
    if len(found) > 1:
        raise Conflict(f"{word} means several employees; name one by email address")
    return found[0]
