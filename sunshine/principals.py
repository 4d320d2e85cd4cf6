"""From token to principal: verified once, then remembered until its end or until anything changes.

Role, permissions and active state come from the database, never from the token. What is cached is
dropped, in every process, before a change to any account is answered (forget_principals in db.py),
and nothing is cached while the feed that would tell us is down.
"""

from collections.abc import Awaitable, Callable

from sqlalchemy import Text, bindparam, exists, func, select

from models.auth import revoked_token, user_permissions, users
from sunshine.clock import Clock
from sunshine.db import Databases
from sunshine.errors import NotSignedIn
from sunshine.events import Feed
from sunshine.people import Principal, permissions_of
from sunshine.statements import Statement
from sunshine.tokens import Claims, Tokens

MAX_CACHED = 10_000

# A user's own permissions, sorted.
GRANTS = func.array(
    select(user_permissions.c.permission)
    .where(user_permissions.c.user_id == users.c.id)
    .order_by(user_permissions.c.permission)
    .scalar_subquery()
)
_USER = Statement(
    select(
        users.c.id, users.c.username, users.c.name, users.c.email, users.c.role,
        users.c.employee_id, GRANTS.label("grants"),
    ).where(
        users.c.id == bindparam("id"),
        users.c.token_version == bindparam("ver"),
        users.c.active,
        ~exists().where(revoked_token.c.jti == bindparam("jti", type_=Text)),
    )
)  # fmt: skip

Loader = Callable[[Claims], Awaitable[Principal]]


class Principals:
    """Who is behind a token. One per process."""

    def __init__(self, databases: Databases, tokens: Tokens, clock: Clock, feed: Feed) -> None:
        self._databases = databases
        self._tokens = tokens
        self._clock = clock
        self._known: dict[str, Principal] = {}
        self._generation = 0
        self._loaders: dict[str, Loader] = {"user": self._load_user}
        self._feed = feed
        feed.on_forget(self.forget)

    def forget(self) -> None:
        """Drop everything cached."""
        self._known.clear()
        self._generation += 1

    async def of(self, token: str) -> Principal:
        """The active principal behind a valid token; NotSignedIn otherwise."""
        principal = self._known.get(token)
        if principal is None:
            return await self._look_up(token)
        if principal.expires <= self._clock().timestamp():
            del self._known[token]
            raise NotSignedIn
        return principal

    async def load(self, claims: Claims) -> Principal:
        """The active principal of claims read elsewhere (sunshine/feeds.py); never cached."""
        return await self._loaders[claims.kind](claims)

    async def _look_up(self, token: str) -> Principal:
        claims = self._tokens.read(token)
        if claims.exp <= self._clock().timestamp() or claims.kind not in self._loaders:
            raise NotSignedIn
        generation = self._generation
        principal = await self.load(claims)
        # Something changed while we were reading: what we read may be older than the change.
        if generation == self._generation and self._feed.connected:
            if len(self._known) >= MAX_CACHED:
                self._known.clear()
            self._known[token] = principal
        return principal

    async def _load_user(self, claims: Claims) -> Principal:
        if not 0 < claims.id < 2**31 or not 0 <= claims.ver < 2**31:
            raise NotSignedIn
        row = await self._databases.sunshine.one(
            _USER, id=claims.id, ver=claims.ver, jti=claims.jti
        )
        if row is None:
            raise NotSignedIn
        permissions = permissions_of(row["role"], row.pop("grants"))
        return Principal(
            kind="user",
            permissions=permissions,
            jti=claims.jti,
            expires=claims.exp,
            version=claims.ver,
            **row,
        )
