"""From token to principal: verified once, then cached until it expires or anything changes.

Role, permissions and active state come from the database, never from the token. Every process
invalidates its cache before a change to any account is answered (invalidate_principals in
sunshine/database/database.py); nothing is cached while the feed of changes is disconnected.
"""

from collections.abc import Awaitable, Callable, Collection, Mapping
from typing import Any, TypedDict

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
from sunshine.database.statements import Statement
from sunshine.identity.tokens import Claims, Tokens

MAX_CACHED = 10_000


class DriverRow(TypedDict):
    """An active driver."""

    id: int
    username: str
    name: str


class RevokedRow(TypedDict):
    """Whether a token was revoked."""

    ended: bool


class AccountRow(TypedDict):
    """An active account with the permissions granted to it."""

    id: int
    username: str
    name: str
    email: str | None
    role: str
    employee_id: int | None
    must_change_password: bool
    grants: list[str]


class TokenAccountRow(AccountRow):
    """An active account, and the id of the token that was shown."""

    jti: str


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
    ),
    DriverRow,
)
_ENDED = Statement(
    select(exists().where(revoked_token.c.jti == bindparam("jti", type_=Text)).label("ended")),
    RevokedRow,
)


def _is_valid(id_: Any, version: Any, jti: Any) -> tuple[ColumnElement[bool], ...]:
    """Return the conditions under which a user's token is still valid."""
    return (
        users.c.id == id_,
        users.c.token_version == version,
        users.c.active,
        ~exists().where(revoked_token.c.jti == jti),
    )


_USER = Statement(
    select(*_ACCOUNT).where(
        *_is_valid(bindparam("id"), bindparam("ver"), bindparam("jti", type_=Text))
    ),
    AccountRow,
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
    .join(users, and_(*_is_valid(_SHOWN.c.id, _SHOWN.c.version, _SHOWN.c.jti))),
    TokenAccountRow,
)

Loader = Callable[[Claims], Awaitable[Principal]]


class Principals:
    """Resolves tokens to principals. One per process."""

    def __init__(
        self, databases: Databases, tokens: Tokens, clock: Clock, feeds: Mapping[str, Feed]
    ) -> None:
        self._databases = databases
        self._tokens = tokens
        self._clock = clock
        self._known: dict[str, Principal] = {}
        self._generation = 0
        # How each kind of token is loaded, and the feeds of the databases whose changes end it.
        self._loaders: dict[str, Loader] = {"user": self._load_user, "driver": self._load_driver}
        people, fleet = feeds["sunshine"], feeds["fleet"]
        self._feeds = {"user": (people,), "driver": (people, fleet)}
        for feed in feeds.values():
            feed.on_forget(self.forget)

    @property
    def generation(self) -> int:
        """A number that changes whenever the cache is dropped."""
        return self._generation

    def forget(self) -> None:
        """Drop the whole cache."""
        self._known.clear()
        self._generation += 1

    async def of(self, token: str) -> Principal:
        """Return the active principal of a valid token; NotSignedIn."""
        principal = self._known.get(token)
        if principal is None:
            return await self._look_up(token)
        if principal.expires <= self._clock().timestamp():
            del self._known[token]
            raise NotSignedIn
        return principal

    async def reload(self, known: Collection[Principal]) -> dict[str, Principal]:
        """Return users as they are now, by the id of their token, read by one statement.

        Users whose token has ended are missing.
        """
        rows = await self._databases.sunshine.all(
            _USERS,
            ids=[principal.id for principal in known],
            versions=[principal.version for principal in known],
            jtis=[principal.jti for principal in known],
        )
        before = {principal.jti: principal for principal in known}
        return {row["jti"]: _renewed(before[row["jti"]], row) for row in rows}

    async def load(self, claims: Claims) -> Principal:
        """Return the active principal of claims that were read elsewhere
        (sunshine/identity/calendar_tokens.py), never cached; NotSignedIn."""
        if not 0 < claims.id < 2**31 or not 0 <= claims.ver < 2**31:
            raise NotSignedIn
        return await self._loaders[claims.kind](claims)

    async def _look_up(self, token: str) -> Principal:
        claims = self._tokens.read(token)
        if claims.exp <= self._clock().timestamp() or claims.kind not in self._loaders:
            raise NotSignedIn
        generation = self._generation
        principal = await self.load(claims)
        # A change during the read may be newer than what was read: that is not cached.
        connected = all(feed.connected for feed in self._feeds[claims.kind])
        if generation == self._generation and connected:
            if len(self._known) >= MAX_CACHED:
                self._known.clear()
            self._known[token] = principal
        return principal

    async def _load_driver(self, claims: Claims) -> Principal:
        # Revoked tokens of drivers are in the same table as those of users.
        ended = await self._databases.sunshine.one(_ENDED, jti=claims.jti)
        row = await self._databases["fleet"].one_or_none(_DRIVER, id=claims.id, ver=claims.ver)
        if row is None or ended["ended"]:
            raise NotSignedIn
        return Principal(
            kind="driver",
            id=row["id"],
            username=row["username"],
            name=row["name"],
            email=None,
            role="driver",
            employee_id=None,
            permissions=DRIVER,
            jti=claims.jti,
            expires=claims.exp,
            version=claims.ver,
        )

    async def _load_user(self, claims: Claims) -> Principal:
        row = await self._databases.sunshine.one_or_none(
            _USER, id=claims.id, ver=claims.ver, jti=claims.jti
        )
        if row is None:
            raise NotSignedIn
        return _user(row, jti=claims.jti, expires=claims.exp, version=claims.ver)


def _user(row: AccountRow, *, jti: str, expires: int, version: int) -> Principal:
    return Principal(
        kind="user",
        id=row["id"],
        username=row["username"],
        name=row["name"],
        email=row["email"],
        role=row["role"],
        employee_id=row["employee_id"],
        permissions=permissions_of(row["role"], row["grants"]),
        jti=jti,
        expires=expires,
        version=version,
        must_change_password=row["must_change_password"],
    )


def _renewed(before: Principal, row: TokenAccountRow) -> Principal:
    return _user(row, jti=row["jti"], expires=before.expires, version=before.version)
