"""Signing in and out. Tables: models/auth.py. Tokens: sunshine/tokens.py, principals.py."""

from datetime import UTC, datetime, timedelta
from typing import Any

import structlog
from sqlalchemy import bindparam, delete, func, or_, select, update
from sqlalchemy.dialects.postgresql import insert

from models.auth import revoked_token, users
from sunshine.db import Database, Row, Transaction
from sunshine.errors import Conflict, NotFound, NotSignedIn
from sunshine.passwords import Passwords
from sunshine.people import Principal
from sunshine.statements import Statement
from sunshine.tokens import Tokens

# No token lives longer: JWT_EXPIRATION has this maximum, and so has `sunshine token issue`.
LONGEST = timedelta(days=365)

log = structlog.get_logger("sunshine.auth")

_NAME = func.lower(bindparam("username"))
_ACCOUNT = Statement(
    select(
        users.c.id, users.c.username, users.c.name, users.c.role, users.c.active,
        users.c.password_hash, users.c.token_version, users.c.must_change_password,
    )
    .where(or_(func.lower(users.c.username) == _NAME, func.lower(users.c.email) == _NAME))
    # Somebody's email address may be somebody else's username: the username wins.
    .order_by((func.lower(users.c.username) == _NAME).desc())
    .limit(1)
)  # fmt: skip
_REHASH = Statement(
    update(users)
    .where(users.c.id == bindparam("id"), users.c.password_hash == bindparam("old"))
    .values(password_hash=bindparam("new"))
)
_END_ALL = Statement(
    update(users)
    .where(func.lower(users.c.username) == _NAME)
    .values(token_version=users.c.token_version + 1)
    .returning(users.c.id)
)
_REVOKE = Statement(
    insert(revoked_token)
    .values(jti=bindparam("jti"), expires_at=bindparam("expires_at"))
    .on_conflict_do_nothing()
)
# By both clocks: a job may be told another time than it is, and a token that ended must not revive.
_SWEEP = Statement(
    delete(revoked_token).where(
        revoked_token.c.expires_at < bindparam("now"), revoked_token.c.expires_at < func.now()
    )
)


async def sign_in(database: Database, passwords: Passwords, *, username: str, password: str) -> Row:
    """The active account (id, username, name, role, token_version) of this name and password.

    Unknown name, wrong password and deactivated account: the same NotSignedIn after the same work.
    """
    account = await database.one(_ACCOUNT, username=username)
    usable = account is not None and account["active"]
    hashed = account["password_hash"] if account is not None and usable else None
    if not await passwords.matches(password, hashed) or account is None:
        log.info("sign-in refused")
        raise NotSignedIn("Invalid username or password", code="invalid_credentials")
    fresh = await passwords.hash(password) if passwords.is_outdated(hashed or "") else None
    async with database.transaction(_as_actor(account)) as tx:
        if fresh:
            await tx.run(_REHASH, id=account["id"], old=hashed, new=fresh)
        await tx.record("user_signed_in", "users", account["id"])
    return account


async def sign_out(tx: Transaction, *, actor: Principal) -> None:
    """End the token that was shown, in every process, before this is answered."""
    ends = datetime.fromtimestamp(actor.expires, UTC)
    await tx.run(_REVOKE, jti=actor.jti, expires_at=ends)
    entity = "users" if actor.kind == "user" else actor.kind
    await tx.record(f"{actor.kind}_signed_out", entity, actor.id)
    tx.forget_principals()


async def issue(tx: Transaction, tokens: Tokens, *, username: str) -> Row:
    """A token of an active user, by username or email, as signing in gives one; {id, username,
    token, jti, expiresAt}. For scripts: an event says who got one, from whom, until when."""
    account = await tx.one(_ACCOUNT, username=username)
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
    made = {"jti": claims.jti, "expiresAt": datetime.fromtimestamp(claims.exp, UTC)}
    await tx.record("token_issued", "users", account["id"], after=made)
    return {"id": account["id"], "username": account["username"], "token": token, **made}


async def revoke(tx: Transaction, jti: str) -> None:
    """End one token by its id, a user's or a driver's, in every process, before this returns."""
    await tx.run(_REVOKE, jti=jti, expires_at=tx.now + LONGEST)
    await tx.record("token_revoked", "token", None, after={"jti": jti})
    tx.forget_principals()


async def revoke_all(tx: Transaction, *, username: str) -> None:
    """End every token of a user, in every process, before this returns."""
    row = await tx.one(_END_ALL, username=username)
    if row is None:
        raise NotFound(f"there is no user {username}")
    await tx.record("tokens_revoked", "users", row["id"])
    tx.forget_principals()


async def sweep_revoked(tx: Transaction) -> int:
    """Forget ended tokens that would have expired by now anyway; how many."""
    return await tx.run(_SWEEP)


def _as_actor(account: dict[str, Any]) -> Principal:
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
