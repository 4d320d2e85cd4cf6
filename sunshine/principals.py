"""From token to principal: verified once, then remembered until its end or until anything changes.

Role, permissions and active state come from the database, never from the token. What is cached is
dropped, in every process, before a change to any account is answered (forget_principals in db.py),
and nothing is cached while the feed that would tell us is down.
"""

from collections.abc import Awaitable, Callable, Mapping

from sqlalchemy import Text, bindparam, exists, func, select

from models.auth import revoked_token, user_permissions, users
from models.fleet import driver
from sunshine.clock import Clock
from sunshine.db import Databases
from sunshine.errors import NotSignedIn
from sunshine.events import Feed
from sunshine.people import DRIVER, Principal, permissions_of
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

_DRIVER = Statement(
    select(driver.c.id, driver.c.username, driver.c.name).where(
        driver.c.id == bindparam("id"),
        driver.c.token_version == bindparam("ver"),
        driver.c.status == "active",
        driver.c.deleted_at.is_(None),
    )
)
_ENDED = Statement(
    select(exists().where(revoked_token.c.jti == bindparam("jti", type_=Text)).label("ended"))
)

Loader = Callable[[Claims], Awaitable[Principal]]


class Principals:
    """Who is behind a token. One per process."""

    def __init__(
        self, databases: Databases, tokens: Tokens, clock: Clock, feeds: Mapping[str, Feed]
    ) -> None:
        self._databases = databases
        self._tokens = tokens
        self._clock = clock
        self._known: dict[str, Principal] = {}
        self._generation = 0
        # Whose tokens are read how, and which databases' changes end them.
        self._loaders: dict[str, Loader] = {"user": self._load_user, "driver": self._load_driver}
        people, fleet = feeds["sunshine"], feeds["fleet"]
        self._feeds = {"user": (people,), "driver": (people, fleet)}
        for feed in feeds.values():
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
        if not 0 < claims.id < 2**31 or not 0 <= claims.ver < 2**31:
            raise NotSignedIn
        return await self._loaders[claims.kind](claims)

    async def _look_up(self, token: str) -> Principal:
        claims = self._tokens.read(token)
        if claims.exp <= self._clock().timestamp() or claims.kind not in self._loaders:
            raise NotSignedIn
        generation = self._generation
        principal = await self.load(claims)
        # Something changed while we were reading: what we read may be older than the change.
        told = all(feed.connected for feed in self._feeds[claims.kind])
        if generation == self._generation and told:
            if len(self._known) >= MAX_CACHED:
                self._known.clear()
            self._known[token] = principal
        return principal

    async def _load_driver(self, claims: Claims) -> Principal:
        # Ended tokens are kept together, drivers' with users'.
        ended = await self._databases.sunshine.only(_ENDED, jti=claims.jti)
        row = await self._databases["fleet"].one(_DRIVER, id=claims.id, ver=claims.ver)
        if row is None or ended["ended"]:
            raise NotSignedIn
        return Principal(
            kind="driver",
            email=None,
            role="driver",
            employee_id=None,
            permissions=DRIVER,
            jti=claims.jti,
            expires=claims.exp,
            **row,
        )

    async def _load_user(self, claims: Claims) -> Principal:
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
