"""The caller and their rights: principals, roles, permissions. sunshine/identity/resolver.py caches
them.

A permission is `module:verb[:scope]`; a wider scope implies the narrower ones: own < team < all.
docs/authorization.md lists each role's permissions and what every endpoint requires.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Literal, Protocol

Scope = Literal["own", "team", "all"]
SCOPES: tuple[Scope, ...] = ("own", "team", "all")

EMPLOYEE = frozenset(
    """account:self employees:directory employees:read:own positions:read shifts:read
    attendance:self leave:self permit:self assets:read:own tickets:create tickets:read:own
    rooms:book branding:submit cms:read sales:create:own sales:read:own vouchers:validate
    files:upload ws:tickets ws:branding""".split()
)
MANAGER = EMPLOYEE | frozenset(
    """employees:read:team shifts:assign:team attendance:read:team attendance:report:team
    leave:read:team leave:approve:team permit:read:team permit:approve:team assets:read:team
    fleet:read tickets:read:team sales:read:team sales:create:team freelance:read
    freelance:assign mitra:read""".split()
)
HR = EMPLOYEE | frozenset(
    """users:read employees:read:all employees:write positions:write shifts:write
    shifts:assign:all placements:write:all locations:write attendance:read:all
    attendance:record:any attendance:report:all leave:read:all leave:apply:any
    leave:approve:all leave:collective permit:read:all permit:apply:any permit:approve:all
    assets:read:all assets:assign freelance:read freelance:manage cms:careers
    mitra:read""".split()
)
# What an admin may grant to any user of any role; all other permissions come only with a role.
GRANTABLE = frozenset(
    """tickets:agent assets:manage assets:assign rooms:manage branding:manage cms:write
    cms:publish fleet:read fleet:manage sales:read:all sales:manage freelance:manage
    vouchers:manage mitra:manage""".split()
)
_ADMIN_ONLY = frozenset(
    "users:write events:read tickets:read:all tickets:delete sales:create:all onapps:manage".split()
)
ADMIN = EMPLOYEE | MANAGER | HR | GRANTABLE | _ADMIN_ONLY
# Drivers' permissions: their own profile, vehicle and location, and nothing else.
DRIVER = frozenset({"account:self", "fleet:self"})
ROLE_PERMISSIONS = {"admin": ADMIN, "hr": HR, "manager": MANAGER, "employee": EMPLOYEE}


class Actor(Protocol):
    """The author of a change, as the event stores it."""

    @property
    def kind(self) -> str: ...
    @property
    def id(self) -> int | None: ...
    @property
    def name(self) -> str: ...


@dataclass(frozen=True, slots=True)
class System:
    """The server itself, one of its jobs, or an administrator at the command line."""

    name: str = "system"
    kind: str = "system"
    id: None = None


@dataclass(frozen=True, slots=True)
class Caller:
    """The origin of a sign-in attempt.

    The audit trail stores `address`; accounts remember `network`. `client` is the User-Agent.
    """

    address: str
    network: str
    client: str
    request_id: str | None = None


@dataclass(frozen=True, slots=True)
class Principal:
    """A signed-in user or fleet driver. `employee_id` is None for people who are not employees."""

    kind: str
    id: int
    username: str
    name: str
    email: str | None
    role: str
    employee_id: int | None
    permissions: frozenset[str]
    # The token of the request: its id, which is revoked at logout, its expiry in epoch seconds, and
    # the version of the account it was issued for.
    jti: str = field(default="", compare=False)
    expires: int = field(default=0, compare=False)
    version: int = field(default=0, compare=False)
    # Whether an admin requires a new password before any other request.
    must_change_password: bool = False

    def may(self, permission: str) -> bool:
        """Return whether the permission is held, at any scope if none is named."""
        return permission in implied(self.permissions)

    def may_any(self, permissions: Iterable[str]) -> bool:
        """Return whether at least one of the permissions is held."""
        return not implied(self.permissions).isdisjoint(permissions)

    def scope(self, permission: str) -> Scope | None:
        """Return the widest scope at which `module:verb` is held; None if it is not held."""
        held = implied(self.permissions)
        return next((s for s in reversed(SCOPES) if f"{permission}:{s}" in held), None)


# The caller without a token, where that is allowed.
ANONYMOUS = Principal(
    kind="stranger",
    id=0,
    username="",
    name="",
    email=None,
    role="",
    employee_id=None,
    permissions=frozenset(),
)


@lru_cache(maxsize=1)
def known() -> frozenset[str]:
    """Return every permission that anybody can hold, with all that they imply."""
    return implied(ADMIN | DRIVER)


def permissions_of(role: str, grants: Iterable[str] = ()) -> frozenset[str]:
    """Return a role's permissions and the user's grants; equal sets share one object."""
    return _permissions_of(role, tuple(grants))


@lru_cache(maxsize=256)
def _permissions_of(role: str, grants: tuple[str, ...]) -> frozenset[str]:
    return ROLE_PERMISSIONS[role] | frozenset(grants)


@lru_cache(maxsize=256)
def implied(permissions: frozenset[str]) -> frozenset[str]:
    """Return the permissions with all they imply: narrower scopes, and the bare verb."""
    all_ = set(permissions)
    for permission in permissions:
        verb, _, scope = permission.rpartition(":")
        if scope in SCOPES:
            all_.add(verb)
            all_.update(f"{verb}:{s}" for s in SCOPES[: SCOPES.index(scope)])
    return frozenset(all_)
