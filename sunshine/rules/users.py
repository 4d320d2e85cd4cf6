"""Who may sign in: accounts, roles, grants. Tables: models/auth.py."""

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from sqlalchemy import BigInteger, bindparam, delete, func, insert, or_, select, update

from models.auth import user_permissions, users
from models.employees import employee
from sunshine.db import Database, Row, Transaction
from sunshine.errors import Conflict, NotAllowed, NotFound, violations
from sunshine.listing import Listing, contains
from sunshine.people import Principal
from sunshine.principals import GRANTS
from sunshine.records import living, record_change, stamped
from sunshine.schemas.users import FILTERS
from sunshine.statements import Statement

violations(
    {
        "users_username_key": Conflict.field(
            "username", "This username is taken", code="username_taken"
        ),
        "users_email_key": Conflict.field(
            "email", "Another user has this email address", code="email_taken"
        ),
        "users_employee_id_key": Conflict.field(
            "employeeId", "This employee has a user already", code="employee_has_user"
        ),
    }
)

OWN_FIELDS = frozenset({"name", "email", "password"})
_COLUMNS = {
    "username": users.c.username,
    "name": users.c.name,
    "email": users.c.email,
    "role": users.c.role,
    "employeeId": users.c.employee_id,
    "active": users.c.active,
    "passwordHash": users.c.password_hash,
}
_ROWS = select(
    users.c.id,
    *(column.label(name) for name, column in _COLUMNS.items() if name != "passwordHash"),
    GRANTS.label("permissions"),
    users.c.created_at.label("createdAt"),
    users.c.updated_at.label("updatedAt"),
)
_FIND = Statement(_ROWS.where(users.c.id == bindparam("id")))
_LOCK = Statement(
    select(users.c.id, users.c.password_hash).where(users.c.id == bindparam("id")).with_for_update()
)
# In one order, so that two admins who demote each other queue up and the second one is refused.
_LOCK_ADMINS = Statement(
    select(users.c.id)
    .where(users.c.role == "admin", users.c.active)
    .order_by(users.c.id)
    .with_for_update()
)
_INSERT = Statement(
    insert(users)
    .values({column: bindparam(name, type_=column.type) for name, column in _COLUMNS.items()})
    .values(stamped(users))
    .returning(users.c.id)
)
_UNGRANT = Statement(delete(user_permissions).where(user_permissions.c.user_id == bindparam("id")))
_GRANT = Statement(
    insert(user_permissions).values(user_id=bindparam("id"), permission=bindparam("permission"))
)

_OF_EMPLOYEE = Statement(
    select(users.c.id, users.c.role, users.c.active).where(
        users.c.employee_id == bindparam("employee")
    )
)
_HASH = Statement(select(users.c.password_hash).where(users.c.id == bindparam("id")))

listing = Listing(
    _ROWS,
    key=users.c.id,
    schema=FILTERS,
    filters={
        "role": users.c.role == bindparam("role"),
        "active": users.c.active == bindparam("active"),
        "employeeId": users.c.employee_id == bindparam("employeeId"),
        "search": or_(
            contains(func.lower(users.c.username)),
            contains(func.lower(users.c.name)),
            contains(func.lower(users.c.email)),
        ),
    },
    sort={"username": users.c.username, "name": users.c.name, "createdAt": users.c.created_at},
)


async def find(database: Database, id_: int, *, actor: Principal) -> Row:
    """One account: any to hr and admin, one's own to everybody."""
    if not actor.may("users:read") and id_ != actor.id:
        raise NotAllowed
    row = await database.one(_FIND, id=id_)
    if row is None:
        raise NotFound
    return row


async def create(tx: Transaction, values: Mapping[str, Any]) -> Row:
    """A new account. `values` as schemas/users.py CREATE, with `passwordHash` for the password."""
    if values.get("employeeId") is not None:
        await living(tx, employee, values["employeeId"], "employeeId")
    blank = dict.fromkeys(_COLUMNS) | {"active": True}
    full = blank | {name: value for name, value in values.items() if name in _COLUMNS}
    made = await tx.only(_INSERT, **full)
    await _grant(tx, made["id"], values.get("permissions", ()))
    row = await tx.only(_FIND, id=made["id"])
    await tx.record("user_created", "users", row["id"], after=row)
    return row


async def change(tx: Transaction, id_: int, values: Mapping[str, Any]) -> Row:
    """Merge into an account. `values` as schemas/users.py CHANGE, with `passwordHash`.

    A new password or role and a deactivation end all tokens of that account, at once, everywhere.
    """
    await _keep_an_admin(tx, id_, values)
    locked = await tx.one(_LOCK, id=id_)
    before = await tx.one(_FIND, id=id_)
    if locked is None or before is None:
        raise NotFound
    news = _news(before, values)
    if not news:
        return before
    linked = values.get("employeeId", before["employeeId"])
    if linked is not None and (news.get("active") or "employeeId" in news):
        await living(tx, employee, linked, "employeeId")
    ends = "passwordHash" in news or "role" in news or news.get("active") is False
    columns = {name: value for name, value in news.items() if name in _COLUMNS}
    await tx.run(_update(tuple(sorted(columns))), row_id=id_, ends=int(ends), **columns)
    if "permissions" in news:
        await _grant(tx, id_, news["permissions"])
    after = await tx.only(_FIND, id=id_)
    await record_change(tx, "users", before, after, "user_updated")
    if "passwordHash" in news:
        await tx.record("user_password_changed", "users", id_)
    tx.forget_principals()
    return after


def check_change(id_: int, values: Mapping[str, Any], *, actor: Principal) -> None:
    """NotAllowed unless the caller may change this: an admin anything of others, everybody name,
    email and password of their own."""
    if id_ == actor.id:
        if set(values) - OWN_FIELDS:
            raise NotAllowed("Of your own account you may change name, email and password")
    elif not actor.may("users:write"):
        raise NotAllowed


async def deactivate(tx: Transaction, id_: int, *, actor: Principal) -> Row:
    """End an account; its row stays for history."""
    if id_ == actor.id:
        raise Conflict("Nobody deactivates their own account", code="own_account")
    return await change(tx, id_, {"active": False})


async def deactivate_for_employee(tx: Transaction, employee_id: int) -> None:
    """End the account of an employee who leaves, if there is one."""
    row = await tx.one(_OF_EMPLOYEE, employee=employee_id)
    if row is not None and row["active"]:
        await change(tx, row["id"], {"active": False})


async def of_employee(tx: Transaction, employee_id: int) -> Row | None:
    """The account (id, role, active) linked to an employee."""
    return await tx.one(_OF_EMPLOYEE, employee=employee_id)


async def password_hash(database: Database, id_: int) -> str | None:
    """The stored hash of an account's password; None for an unknown one."""
    row = await database.one(_HASH, id=id_)
    return row["password_hash"] if row else None


async def _keep_an_admin(tx: Transaction, id_: int, values: Mapping[str, Any]) -> None:
    if values.get("role", "admin") == "admin" and values.get("active", True):
        return
    admins = [row["id"] for row in await tx.all(_LOCK_ADMINS)]
    if admins == [id_]:
        raise Conflict("The last active admin must stay one", code="last_admin")


def _news(before: Row, values: Mapping[str, Any]) -> Row:
    """What differs from the row as it is; a new password always does."""
    given = {**values}
    if "permissions" in given:
        given["permissions"] = sorted(given["permissions"])
    return {
        name: value
        for name, value in given.items()
        if name == "passwordHash" or value != before[name]
    }


async def _grant(tx: Transaction, id_: int, permissions: Any) -> None:
    await tx.run(_UNGRANT, id=id_)
    for permission in permissions:
        await tx.run(_GRANT, id=id_, permission=permission)


@lru_cache(maxsize=64)
def _update(columns: tuple[str, ...]) -> Statement:
    values: dict[Any, Any] = {
        _COLUMNS[name]: bindparam(name, type_=_COLUMNS[name].type) for name in columns
    }
    if "passwordHash" in columns:  # whoever failed with the old one
        values[users.c.unlocked_at] = bindparam("now", type_=users.c.unlocked_at.type)
    values[users.c.updated_at] = bindparam("now", type_=users.c.updated_at.type)
    values[users.c.token_version] = users.c.token_version + bindparam("ends", type_=BigInteger)
    return Statement(update(users).where(users.c.id == bindparam("row_id")).values(values))
