"""Drivers' sign-in and credentials: accounts and tokens of their own.

sunshine/identity/resolver.py reads the tokens. Tables: models/fleet.py.
"""

from sqlalchemy import Integer, Text, bindparam, func, or_, select, update

from models.fleet import driver
from sunshine.core.errors import Conflict, NotFound, violations
from sunshine.core.principals import Caller, Principal
from sunshine.database.database import Database, Transaction
from sunshine.database.statements import Statement
from sunshine.identity.passwords import Passwords
from sunshine.modules.fleet.rows import DriverAccountRow, DriverNameRow, PasswordHashRow
from sunshine.modules.users import sign_ins

violations(
    {
        "driver_username_key": Conflict.field(
            "username", "Another driver has this username", code="username_taken"
        )
    }
)

_ACCOUNT = Statement(
    select(
        driver.c.id, driver.c.username, driver.c.name,
        (driver.c.status == "active").label("active"),
        driver.c.password_hash, driver.c.token_version, driver.c.unlocked_at,
        sign_ins.known("fleet", driver.c.id).label("known"),
    ).where(
        func.lower(driver.c.username) == func.lower(bindparam("username")),
        driver.c.deleted_at.is_(None),
    ),
    DriverAccountRow,
)  # fmt: skip
_HASH = Statement(
    select(driver.c.password_hash.label("hash")).where(
        driver.c.id == bindparam("id"), driver.c.token_version == bindparam("version")
    ),
    PasswordHashRow,
)
CHANGED = Conflict("The account was changed meanwhile: sign in again", code="changed")
_VERSION = bindparam("version", type_=Integer)
_SET = Statement(
    update(driver)
    .where(
        driver.c.id == bindparam("id"),
        driver.c.deleted_at.is_(None),
        or_(_VERSION.is_(None), driver.c.token_version == _VERSION),
    )
    .values(
        username=func.coalesce(bindparam("username", type_=Text), driver.c.username),
        password_hash=bindparam("hash"),
        token_version=driver.c.token_version + 1,
        unlocked_at=bindparam("now"),
        updated_at=bindparam("now"),
    )
)
_UNLOCK = Statement(
    update(driver)
    .where(
        func.lower(driver.c.username) == func.lower(bindparam("username")),
        driver.c.deleted_at.is_(None),
    )
    .values(unlocked_at=bindparam("now"))
    .returning(driver.c.id, driver.c.username, driver.c.name),
    DriverNameRow,
)
_END_TOKENS = Statement(
    update(driver)
    .where(driver.c.id == bindparam("id", type_=Integer))
    .values(token_version=driver.c.token_version + 1)
)


async def account_of(database: Database, username: str, caller: Caller) -> DriverAccountRow | None:
    """Return the driver with this username, active or not; None where there is none.

    `known` says whether they signed in from the caller's network before.
    """
    since = database.clock() - sign_ins.KNOWN_FOR
    return await database.one_or_none(
        _ACCOUNT, username=username, network=caller.network, since=since
    )


async def sign_in(
    database: Database,
    passwords: Passwords,
    account: DriverAccountRow,
    password: str,
    caller: Caller,
) -> None:
    """Record the sign-in of a driver whose password was checked."""
    actor = _as_actor(account)
    async with database.transaction(actor, request_id=caller.request_id) as tx:
        await sign_ins.signed_in(tx, account["id"], caller)


async def set_credentials(tx: Transaction, id_: int, *, username: str, hashed: str) -> None:
    """Set a driver's username and password; NotFound.

    Every token of theirs ends, and their failed sign-ins no longer count.
    """
    if not await tx.execute(_SET, id=id_, username=username, hash=hashed, version=None):
        raise NotFound
    await _record_change(tx, id_)


async def set_own_password(tx: Transaction, *, hashed: str, actor: Principal) -> None:
    """Change the calling driver's password; every token of theirs ends.

    Conflict `changed` when the credentials have changed since the token was issued.
    """
    version = actor.version
    if not await tx.execute(_SET, id=actor.id, username=None, hash=hashed, version=version):
        raise CHANGED
    await _record_change(tx, actor.id)


async def _record_change(tx: Transaction, id_: int) -> None:
    await tx.record("driver_credentials_changed", "driver", id_)
    tx.invalidate_principals()


async def unlock(tx: Transaction, *, username: str) -> DriverNameRow:
    """Forget the failed sign-ins of a driver, at once in every process, and return the driver;
    NotFound."""
    account = await tx.one_or_none(_UNLOCK, username=username)
    if account is None:
        raise NotFound(f"there is no driver who signs in as {username}")
    await tx.record("driver_unlocked", "driver", account["id"])
    return account


async def end_tokens(tx: Transaction, id_: int) -> None:
    """End every token of a driver at once, in every process."""
    await tx.execute(_END_TOKENS, id=id_)
    tx.invalidate_principals()


async def own_hash(database: Database, *, actor: Principal) -> str | None:
    """Return the hash of the calling driver's password; Conflict `changed` as for changing it."""
    row = await database.one_or_none(_HASH, id=actor.id, version=actor.version)
    if row is None:
        raise CHANGED
    return row["hash"]


def _as_actor(account: DriverAccountRow) -> Principal:
    return Principal(
        kind="driver",
        id=account["id"],
        username=account["username"],
        name=account["name"],
        email=None,
        role="driver",
        employee_id=None,
        permissions=frozenset(),
    )
