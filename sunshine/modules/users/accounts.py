"""Accounts: who may sign in, with which role and granted permissions. Tables: models/auth.py.

The accounts of employees: employee_accounts.py.
"""

from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any

from sqlalchemy import BigInteger, bindparam, delete, func, insert, or_, select, update

from models.auth import user_permissions, users
from models.employees import employee
from sunshine.core.errors import Conflict, NotAllowed, NotFound, violations
from sunshine.core.principals import Principal
from sunshine.database.database import Database, Transaction
from sunshine.database.pages import ListQuery, Page, contains
from sunshine.database.records import RecordSteps, require_active
from sunshine.database.statements import IdRow, Statement
from sunshine.identity.resolver import GRANTS
from sunshine.modules.users.rows import PasswordHashRow, TokenVersionRow, UserRow
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
_steps = RecordSteps(users, rows=_ROWS, row=UserRow, fields=_COLUMNS)
_LOCK = Statement(
    select(users.c.id, users.c.token_version)
    .where(users.c.id == bindparam("id"))
    .with_for_update(),
    TokenVersionRow,
)
# In one order, so that two admins who demote each other queue up and the second one is refused.
_LOCK_ADMINS = Statement(
    select(users.c.id)
    .where(users.c.role == "admin", users.c.active)
    .order_by(users.c.id)
    .with_for_update(),
    IdRow,
)
_UNGRANT = Statement(delete(user_permissions).where(user_permissions.c.user_id == bindparam("id")))
_GRANT = Statement(
    insert(user_permissions).values(user_id=bindparam("id"), permission=bindparam("permission"))
)

_HASH = Statement(
    select(users.c.password_hash).where(
        users.c.id == bindparam("id"), users.c.token_version == bindparam("version")
    ),
    PasswordHashRow,
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
    row=UserRow,
)


async def find(database: Database, id_: int, *, actor: Principal) -> UserRow:
    """Return one account: any to HR and admins, their own to others; NotAllowed, NotFound."""
    if not actor.may("users:read") and id_ != actor.id:
        raise NotAllowed
    return _response(await _steps.get(database, id_))


async def page(database: Database, query: Mapping[str, Any]) -> Page[UserRow]:
    """Return a page of the accounts."""
    found = await listing.page(database, query)
    for row in found.rows:
        _response(row)
    return found


async def create(tx: Transaction, values: Mapping[str, Any]) -> UserRow:
    """Create an account. `values` as CREATE of schemas.py, with `passwordHash` for `password`."""
    if values.get("employeeId") is not None:
        await require_active(tx, employee, values["employeeId"], "employeeId")
    blank = dict.fromkeys(_COLUMNS) | {"active": True, "mustChangePassword": False}
    full = blank | {name: value for name, value in values.items() if name in _COLUMNS}
    id_ = await _steps.insert(tx, full)
    await _grant(tx, id_, values.get("permissions", ()))
    row = _response(await _steps.get(tx, id_))
    await tx.record("user_created", "users", id_, after=row)
    return row


async def change(
    tx: Transaction, id_: int, values: Mapping[str, Any], *, actor: Principal | None = None
) -> UserRow:
    """Merge values into an account. `values` as CHANGE of schemas.py, with `passwordHash`.

    A new password or role, a request for a new password and a deactivation end all tokens of the
    account, in every process, before the change is answered. `actor` is the caller, where the
    caller has an account: a change of their own account needs the version that their token was
    issued for, else Conflict `changed`. Conflict `last_admin`.
    """
    await _require_another_admin(tx, id_, values)
    locked = await tx.one_or_none(_LOCK, id=id_)
    if locked is None:
        raise NotFound
    before = await _steps.get(tx, id_)
    if actor is not None and actor.id == id_:
        values = _own_values(before, values, actor, locked["token_version"])
    news = _changed_values(before, values)
    if not news:
        return _response(before)
    linked = values.get("employeeId", before["employeeId"])
    if linked is not None and (news.get("active") or "employeeId" in news):
        await require_active(tx, employee, linked, "employeeId")
    await _store(tx, id_, news)
    after = await _steps.changed(tx, before, "user_updated")
    if "passwordHash" in news:
        await tx.record("user_password_changed", "users", id_)
    tx.invalidate_principals()
    return _response(after)


def check_change(id_: int, values: Mapping[str, Any], *, actor: Principal) -> None:
    """Raise NotAllowed unless the caller may change these fields of the account.

    Admins change every field of others; everybody changes their own name, email and password, and
    admins link their own account to an employee, once.
    """
    if id_ == actor.id:
        own = OWN_FIELDS | ({"employeeId"} if actor.role == "admin" else set())
        if set(values) - own or (actor.employee_id is not None and "employeeId" in values):
            raise NotAllowed("Of your own account you may change name, email and password")
    elif not actor.may("users:write"):
        raise NotAllowed


async def deactivate(tx: Transaction, id_: int, *, actor: Principal) -> UserRow:
    """End an account; its row stays for the audit trail. Conflict `own_account`, `last_admin`."""
    if id_ == actor.id:
        raise Conflict("Nobody deactivates their own account", code="own_account")
    return await change(tx, id_, {"active": False})


async def own_hash(database: Database, *, actor: Principal) -> str:
    """Return the stored hash of the caller's password.

    Conflict `changed` where the password or the role changed since the caller's token was issued.
    """
    row = await database.one_or_none(_HASH, id=actor.id, version=actor.version)
    if row is None:
        raise CHANGED
    return row["password_hash"]


async def _require_another_admin(tx: Transaction, id_: int, values: Mapping[str, Any]) -> None:
    """Reject a change that would leave no active admin."""
    if values.get("role", "admin") == "admin" and values.get("active", True):
        return
    admins = [row["id"] for row in await tx.all(_LOCK_ADMINS)]
    if admins == [id_]:
        raise Conflict("The last active admin must stay one", code="last_admin")


def _own_values(
    before: UserRow, values: Mapping[str, Any], actor: Principal, version: int
) -> Mapping[str, Any]:
    """Return what callers change of their own account, which is locked.

    Of two changes at once with one current password one is refused: the first ended the token of
    both.
    """
    if version != actor.version and values.keys() & {"passwordHash", "employeeId"}:
        raise CHANGED
    if "passwordHash" in values:
        values = {**values, "mustChangePassword": False}
    if "employeeId" in values and before["employeeId"] is not None:
        raise NotAllowed("Your account is linked to an employee already")
    return values


def _ends_tokens(news: Mapping[str, Any]) -> bool:
    """Return whether tokens that were issued before must stop working."""
    withdrawn = news.get("active") is False or news.get("mustChangePassword") is True
    return withdrawn or not news.keys().isdisjoint(("passwordHash", "role"))


def _response(row: UserRow) -> UserRow:
    """Leave `mustChangePassword` out of an account, unless it is true."""
    if not row["mustChangePassword"]:
        del row["mustChangePassword"]
    return row


def _changed_values(before: Mapping[str, Any], values: Mapping[str, Any]) -> dict[str, Any]:
    """Return the values that differ from the stored ones; a new password always does."""
    given = {**values}
    if "permissions" in given:
        given["permissions"] = sorted(given["permissions"])
    return {
        name: value
        for name, value in given.items()
        if name == "passwordHash" or value != before[name]
    }


async def _store(tx: Transaction, id_: int, news: Mapping[str, Any]) -> None:
    """Write changed values; its tokens end where they must."""
    columns = {name: value for name, value in news.items() if name in _COLUMNS}
    ends = int(_ends_tokens(news))
    await tx.execute(_update(tuple(sorted(columns))), row_id=id_, ends=ends, **columns)
    if "permissions" in news:
        await _grant(tx, id_, news["permissions"])


async def _grant(tx: Transaction, id_: int, permissions: Iterable[str]) -> None:
    """Replace the permissions that are granted to an account."""
    await tx.execute(_UNGRANT, id=id_)
    for permission in permissions:
        await tx.execute(_GRANT, id=id_, permission=permission)


@lru_cache(maxsize=64)
def _update(columns: tuple[str, ...]) -> Statement[object]:
    values: dict[Any, Any] = {
        _COLUMNS[name]: bindparam(name, type_=_COLUMNS[name].type) for name in columns
    }
    if "passwordHash" in columns:  # failures with the old password no longer count
        values[users.c.unlocked_at] = bindparam("now", type_=users.c.unlocked_at.type)
    values[users.c.updated_at] = bindparam("now", type_=users.c.updated_at.type)
    values[users.c.token_version] = users.c.token_version + bindparam("ends", type_=BigInteger)
    return Statement(update(users).where(users.c.id == bindparam("row_id")).values(values))
