"""From token to principal: verified once, then remembered until its end or until anything changes.

Role, permissions and active state come from the database, never from the token. What is cached is
dropped, in every process, before a change to any account is answered (invalidate_principals in
sunshine/database/database.py), and nothing is cached while the feed that would tell us is down.
"""

from collections.abc import Awaitable, Callable, Collection, Mapping
from typing import Any

from sqlalchemy import (
    ARRAY,
    ColumnElement,
    Integer,
    Text,
    and_,
    bindparam,
    column,
    exists,
    func,
    select,
)

from models.auth import revoked_token, user_permissions, users
from models.fleet import driver
from sunshine.core.clock import Clock
from sunshine.core.errors import NotSignedIn
from sunshine.core.principals import DRIVER, Principal, permissions_of
from sunshine.database.database import Databases
from sunshine.database.event_log import Feed
from sunshine.database.statements import Row, Statement
from sunshine.identity.tokens import Claims, Tokens

MAX_CACHED = 10_000

# A user's own permissions, sorted.
GRANTS = func.array(
    select(user_permissions.c.permission)
    .where(user_permissions.c.user_id == users.c.id)
    .order_by(user_permissions.c.permission)
    .scalar_subquery()
)
_ACCOUNT = (
    users.c.id, users.c.username, users.c.name, users.c.email, users.c.role,
    users.c.employee_id, users.c.must_change_password, GRANTS.label("grants"),
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


def _stands(id_: Any, version: Any, jti: Any) -> tuple[ColumnElement[bool], ...]:
    """The conditions under which a token of a user still is one."""
    return (
        users.c.id == id_,
        users.c.token_version == version,
        users.c.active,
        ~exists().where(revoked_token.c.jti == jti),
    )


_USER = Statement(
    select(*_ACCOUNT).where(
        *_stands(bindparam("id"), bindparam("ver"), bindparam("jti", type_=Text))
    )
)
_SHOWN = (
    func.unnest(
        bindparam("ids", type_=ARRAY(Integer)),
        bindparam("versions", type_=ARRAY(Integer)),
        bindparam("jtis", type_=ARRAY(Text)),
    )
    .table_valued(column("id", Integer), column("version", Integer), column("jti", Text))
    .render_derived("shown")
)
_USERS = Statement(
    select(*_ACCOUNT, _SHOWN.c.jti)
    .select_from(_SHOWN)
    .join(users, and_(*_stands(_SHOWN.c.id, _SHOWN.c.version, _SHOWN.c.jti)))
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

    @property
    def generation(self) -> int:
        """Another number each time that everything was forgotten."""
        return self._generation

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

    async def again(self, shown: Collection[Principal]) -> dict[str, Principal]:
        """Users that were known once, as they are now, by the id of their token: one statement for
        all of them. Whose token ended is missing."""
        rows = await self._databases.sunshine.all(
            _USERS,
            ids=[principal.id for principal in shown],
            versions=[principal.version for principal in shown],
            jtis=[principal.jti for principal in shown],
        )
        before = {principal.jti: principal for principal in shown}
        return {row["jti"]: _renewed(before[row["jti"]], row) for row in rows}

    async def load(self, claims: Claims) -> Principal:
        """The active principal of claims read elsewhere (sunshine/identity/calendar_tokens.py);
        never cached."""
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
        ended = await self._databases.sunshine.one(_ENDED, jti=claims.jti)
        row = await self._databases["fleet"].one_or_none(_DRIVER, id=claims.id, ver=claims.ver)
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
            version=claims.ver,
            **row,
        )

    async def _load_user(self, claims: Claims) -> Principal:
        row = await self._databases.sunshine.one_or_none(
            _USER, id=claims.id, ver=claims.ver, jti=claims.jti
        )
        if row is None:
            raise NotSignedIn
        return _user(row, jti=claims.jti, expires=claims.exp, version=claims.ver)


def _user(row: Row, **shown: Any) -> Principal:
    permissions = permissions_of(row["role"], row.pop("grants"))
    return Principal(kind="user", permissions=permissions, **row, **shown)


def _renewed(before: Principal, row: Row) -> Principal:
    return _user(row, expires=before.expires, version=before.version)
