"""Who may sign in: accounts, roles, grants. Tables: models/auth.py."""

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from sqlalchemy import BigInteger, Integer, bindparam, delete, func, insert, or_, select, update

from models.auth import user_permissions, users
from models.employees import employee
from sunshine.core.errors import Conflict, NotAllowed, NotFound, violations
from sunshine.core.fields import MAX_ID
from sunshine.core.principals import Principal
from sunshine.database.database import Database, Transaction
from sunshine.database.pages import ListQuery, Page, contains
from sunshine.database.records import record_change, require_active, stamped
from sunshine.database.statements import Row, Statement
from sunshine.identity.resolver import GRANTS
from sunshine.modules.users.schemas import FILTERS

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
    "mustChangePassword": users.c.must_change_password,
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
    select(users.c.id, users.c.token_version).where(users.c.id == bindparam("id")).with_for_update()
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
_EMPLOYEE = Statement(
    select(employee.c.name).where(
        employee.c.id == bindparam("id", type_=Integer), employee.c.deleted_at.is_(None)
    )
)
_HASH = Statement(
    select(users.c.password_hash).where(
        users.c.id == bindparam("id"), users.c.token_version == bindparam("version")
    )
)
CHANGED = Conflict("The account was changed meanwhile: sign in again", code="changed")

listing = ListQuery(
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
    row = await database.one_or_none(_FIND, id=id_)
    if row is None:
        raise NotFound
    return _shown(row)


async def page(database: Database, query: Mapping[str, Any]) -> Page:
    """A page of the accounts."""
    found = await listing.page(database, query)
    for row in found.rows:
        _shown(row)
    return found


async def create(tx: Transaction, values: Mapping[str, Any]) -> Row:
    """A new account. `values` as schemas/users.py CREATE, with `passwordHash` for the password."""
    if values.get("employeeId") is not None:
        await require_active(tx, employee, values["employeeId"], "employeeId")
    blank = dict.fromkeys(_COLUMNS) | {"active": True, "mustChangePassword": False}
    full = blank | {name: value for name, value in values.items() if name in _COLUMNS}
    made = await tx.one(_INSERT, **full)
    await _grant(tx, made["id"], values.get("permissions", ()))
    row = _shown(await tx.one(_FIND, id=made["id"]))
    await tx.record("user_created", "users", row["id"], after=row)
    return row


async def change(
    tx: Transaction, id_: int, values: Mapping[str, Any], *, actor: Principal | None = None
) -> Row:
    """Merge into an account. `values` as schemas/users.py CHANGE, with `passwordHash`.

    A new password or role, asking for one, and a deactivation end all tokens of that account, at
    once, everywhere. `actor` is who asks, where it is somebody with an account: oneself one changes
    as it was when one's token was given, Conflict `changed`.
    """
    await _keep_an_admin(tx, id_, values)
    locked = await tx.one_or_none(_LOCK, id=id_)
    before = await tx.one_or_none(_FIND, id=id_)
    if locked is None or before is None:
        raise NotFound
    if actor is not None and actor.id == id_:
        values = _own(before, values, actor, locked["token_version"])
    news = _news(before, values)
    if not news:
        return _shown(before)
    linked = values.get("employeeId", before["employeeId"])
    if linked is not None and (news.get("active") or "employeeId" in news):
        await require_active(tx, employee, linked, "employeeId")
    columns = {name: value for name, value in news.items() if name in _COLUMNS}
    await tx.execute(_update(tuple(sorted(columns))), row_id=id_, ends=int(_ends(news)), **columns)
    if "permissions" in news:
        await _grant(tx, id_, news["permissions"])
    after = await tx.one(_FIND, id=id_)
    await record_change(tx, "users", before, after, "user_updated")
    if "passwordHash" in news:
        await tx.record("user_password_changed", "users", id_)
    tx.invalidate_principals()
    return _shown(after)


def check_change(id_: int, values: Mapping[str, Any], *, actor: Principal) -> None:
    """NotAllowed unless the caller may change this: an admin anything of others, everybody name,
    email and password of their own; and an admin says once which employee they are."""
    if id_ == actor.id:
        own = OWN_FIELDS | ({"employeeId"} if actor.role == "admin" else set())
        if set(values) - own or (actor.employee_id is not None and "employeeId" in values):
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
    row = await tx.one_or_none(_OF_EMPLOYEE, employee=employee_id)
    if row is not None and row["active"]:
        await change(tx, row["id"], {"active": False})


async def of_employee(tx: Transaction, employee_id: int) -> Row | None:
    """The account (id, role, active) linked to an employee."""
    return await tx.one_or_none(_OF_EMPLOYEE, employee=employee_id)


async def own_hash(database: Database, *, actor: Principal) -> str:
    """The stored hash of the caller's password; Conflict `changed` where it is another by now."""
    row = await database.one_or_none(_HASH, id=actor.id, version=actor.version)
    if row is None:
        raise CHANGED
    return str(row["password_hash"])


async def link(tx: Transaction, id_: int, employee_id: int | None) -> Row:
    """Say which employee's account it is, None for nobody's; the account, with the `employee`'s
    name. Conflict `employee_has_user`."""
    is_id = employee_id is not None and employee_id <= MAX_ID
    found = await tx.one_or_none(_EMPLOYEE, id=employee_id) if is_id else None
    if employee_id is not None and found is None:
        raise NotFound(f"there is no employee {employee_id}")
    row = await change(tx, id_, {"employeeId": employee_id})
    return row | {"employee": found and found["name"]}


async def _keep_an_admin(tx: Transaction, id_: int, values: Mapping[str, Any]) -> None:
    if values.get("role", "admin") == "admin" and values.get("active", True):
        return
    admins = [row["id"] for row in await tx.all(_LOCK_ADMINS)]
    if admins == [id_]:
        raise Conflict("The last active admin must stay one", code="last_admin")


def _own(
    before: Row, values: Mapping[str, Any], actor: Principal, version: int
) -> Mapping[str, Any]:
    """What one changes of oneself, now that nobody else can.

    Of two at once with one current password one is refused: the token of both ended with the first.
    """
    if version != actor.version and values.keys() & {"passwordHash", "employeeId"}:
        raise CHANGED
    if "passwordHash" in values:
        values = {**values, "mustChangePassword": False}
    if "employeeId" in values and before["employeeId"] is not None:
        raise NotAllowed("Your account is linked to an employee already")
    return values


def _ends(news: Mapping[str, Any]) -> bool:
    """Whether tokens given before must not do any more what they did."""
    withdrawn = news.get("active") is False or news.get("mustChangePassword") is True
    return withdrawn or not news.keys().isdisjoint(("passwordHash", "role"))


def _shown(row: Row) -> Row:
    """What answers show of it: that a new password is wanted only while it is."""
    if not row["mustChangePassword"]:
        del row["mustChangePassword"]
    return row


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
    await tx.execute(_UNGRANT, id=id_)
    for permission in permissions:
        await tx.execute(_GRANT, id=id_, permission=permission)


@lru_cache(maxsize=64)
def _update(columns: tuple[str, ...]) -> Statement[Any]:
    values: dict[Any, Any] = {
        _COLUMNS[name]: bindparam(name, type_=_COLUMNS[name].type) for name in columns
    }
    if "passwordHash" in columns:  # whoever failed with the old one
        values[users.c.unlocked_at] = bindparam("now", type_=users.c.unlocked_at.type)
    values[users.c.updated_at] = bindparam("now", type_=users.c.updated_at.type)
    values[users.c.token_version] = users.c.token_version + bindparam("ends", type_=BigInteger)
    return Statement(update(users).where(users.c.id == bindparam("row_id")).values(values))
