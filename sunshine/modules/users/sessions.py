"""Signing in and out. Tables: models/auth.py. Tokens: sunshine/identity/tokens.py,
sunshine/identity/resolver.py."""

from datetime import UTC, datetime, timedelta

from sqlalchemy import bindparam, delete, func, or_, select, update
from sqlalchemy.dialects.postgresql import insert

from models.auth import revoked_token, users
from sunshine.core.errors import Conflict, NotFound
from sunshine.core.principals import Caller, Principal
from sunshine.database.database import Database, Transaction
from sunshine.database.statements import IdRow, Statement
from sunshine.identity.passwords import Passwords
from sunshine.identity.tokens import Tokens
from sunshine.modules.users import sign_ins
from sunshine.modules.users.rows import AccountRow, IssuedToken, SignInAccountRow, UsernameRow

# No token lives longer: JWT_EXPIRATION has this maximum, and so has `sunshine token issue`.
LONGEST = timedelta(days=365)

_NAME = func.lower(bindparam("username"))
_BY_NAME = (
    select(
        users.c.id, users.c.username, users.c.name, users.c.role, users.c.active,
        users.c.password_hash, users.c.token_version, users.c.must_change_password,
    )
    .where(or_(func.lower(users.c.username) == _NAME, func.lower(users.c.email) == _NAME))
    # One user's email address may be another one's username: the username wins.
    .order_by((func.lower(users.c.username) == _NAME).desc())
    .limit(1)
)  # fmt: skip
_ACCOUNT = Statement(_BY_NAME, AccountRow)
_SIGN_IN_ACCOUNT = Statement(
    _BY_NAME.add_columns(
        users.c.unlocked_at, sign_ins.known("sunshine", users.c.id).label("known")
    ),
    SignInAccountRow,
)
_UNLOCK = Statement(
    update(users).where(users.c.id == bindparam("id")).values(unlocked_at=bindparam("now"))
)
_REHASH = Statement(
    update(users)
    .where(users.c.id == bindparam("id"), users.c.password_hash == bindparam("old"))
    .values(password_hash=bindparam("new"))
)
_END_ALL = Statement(
    update(users)
    .where(func.lower(users.c.username) == _NAME)
    .values(token_version=users.c.token_version + 1)
    .returning(users.c.id),
    IdRow,
)
_REVOKE = Statement(
    insert(revoked_token)
    .values(jti=bindparam("jti"), expires_at=bindparam("expires_at"))
    .on_conflict_do_nothing()
)
# By both clocks: a job may run with another time than the present one, and must not revive a token.
_SWEEP = Statement(
    delete(revoked_token).where(
        revoked_token.c.expires_at < bindparam("now"), revoked_token.c.expires_at < func.now()
    )
)


async def account_of(database: Database, username: str, caller: Caller) -> SignInAccountRow | None:
    """Return the account with this username or email address, active or not; None without one.

    `known` says whether it signed in from the caller's network before.
    """
    since = database.clock() - sign_ins.KNOWN_FOR
    return await database.one_or_none(
        _SIGN_IN_ACCOUNT, username=username, network=caller.network, since=since
    )


async def sign_in(
    database: Database,
    passwords: Passwords,
    account: SignInAccountRow,
    password: str,
    caller: Caller,
) -> None:
    """Record the sign-in of an account whose password was checked.

    An outdated hash of the password is replaced.
    """
    hashed = account["password_hash"]
    fresh = await passwords.hash(password) if passwords.is_outdated(hashed) else None
    actor = _as_actor(account)
    async with database.transaction(actor, request_id=caller.request_id) as tx:
        if fresh:
            await tx.execute(_REHASH, id=account["id"], old=hashed, new=fresh)
        await sign_ins.signed_in(tx, account["id"], caller)


async def unlock(tx: Transaction, *, username: str) -> UsernameRow:
    """Forget the failed sign-ins of a user, by username or email address, in every process.

    NotFound.
    """
    account = await tx.one_or_none(_ACCOUNT, username=username)
    if account is None:
        raise NotFound(f"there is no user {username}")
    await tx.execute(_UNLOCK, id=account["id"])
    await tx.record("user_unlocked", "users", account["id"])
    return {"id": account["id"], "username": account["username"]}


async def sign_out(tx: Transaction, *, actor: Principal) -> None:
    """End the token of this request, in every process, before the request is answered."""
    ends = datetime.fromtimestamp(actor.expires, UTC)
    await tx.execute(_REVOKE, jti=actor.jti, expires_at=ends)
    entity = "users" if actor.kind == "user" else actor.kind
    await tx.record(f"{actor.kind}_signed_out", entity, actor.id)
    tx.invalidate_principals()


async def issue(tx: Transaction, tokens: Tokens, *, username: str) -> IssuedToken:
    """Issue a token for a script, as signing in does, to a user by username or email address.

    An event records for whom, by whom and until when. NotFound; Conflict `inactive`.
    """
    account = await tx.one_or_none(_ACCOUNT, username=username)
    if account is None:
        raise NotFound(f"there is no user {username}")
    if not account["active"]:
        raise Conflict(f"{username} may not sign in", code="inactive")
    token = tokens.sign(
        "user",
        id_=account["id"],
        username=account["username"],
        role=account["role"],
        version=account["token_version"],
        now=tx.now,
    )
    claims = tokens.read(token)
    expires = datetime.fromtimestamp(claims.exp, UTC)
    after = {"jti": claims.jti, "expiresAt": expires}
    await tx.record("token_issued", "users", account["id"], after=after)
    whose: UsernameRow = {"id": account["id"], "username": account["username"]}
    return {**whose, "token": token, "jti": claims.jti, "expiresAt": expires}


async def revoke(tx: Transaction, jti: str) -> None:
    """End one token by its id, a user's or a driver's, in every process, before this returns."""
    await tx.execute(_REVOKE, jti=jti, expires_at=tx.now + LONGEST)
    await tx.record("token_revoked", "token", None, after={"jti": jti})
    tx.invalidate_principals()


async def revoke_all(tx: Transaction, *, username: str) -> None:
    """End every token of a user, in every process, before this returns; NotFound."""
    row = await tx.one_or_none(_END_ALL, username=username)
    if row is None:
        raise NotFound(f"there is no user {username}")
    await tx.record("tokens_revoked", "users", row["id"])
    tx.invalidate_principals()


async def sweep_revoked(tx: Transaction) -> int:
    """Delete the records of ended tokens that have expired since; return their number."""
    return await tx.execute(_SWEEP)


def _as_actor(account: AccountRow) -> Principal:
    return Principal(
        kind="user",
        id=account["id"],
        username=account["username"],
        name=account["name"],
        email=None,
        role=account["role"],
        employee_id=None,
        permissions=frozenset(),
    )
