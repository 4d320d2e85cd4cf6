"""Who asks, and what they may: principals, roles, permissions. Cached by
sunshine/identity/resolver.py.

A permission is `module:verb[:scope]`; a wider scope implies the narrower: own < team < all.
What each role holds and every endpoint asks for: docs/authorization.md.
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
# What an admin may give to any user of any role; everything else comes with a role only.
GRANTABLE = frozenset(
    """tickets:agent assets:manage assets:assign rooms:manage branding:manage cms:write
    cms:publish fleet:read fleet:manage sales:read:all sales:manage freelance:manage
    vouchers:manage mitra:manage""".split()
)
_ADMIN_ONLY = frozenset(
    "users:write events:read tickets:read:all tickets:delete sales:create:all onapps:manage".split()
)
ADMIN = EMPLOYEE | MANAGER | HR | GRANTABLE | _ADMIN_ONLY
# What drivers hold: their own profile, vehicle and location, and nothing else.
DRIVER = frozenset({"account:self", "fleet:self"})
ROLE_PERMISSIONS = {"admin": ADMIN, "hr": HR, "manager": MANAGER, "employee": EMPLOYEE}


class Actor(Protocol):
    """In whose name a change is made: as an event keeps it."""

    @property
    def kind(self) -> str: ...
    @property
    def id(self) -> int | None: ...
    @property
    def name(self) -> str: ...


@dataclass(frozen=True, slots=True)
class System:
    """The server itself, a job of its, or an administrator at the command line."""

    name: str = "system"
    kind: str = "system"
    id: None = None


@dataclass(frozen=True, slots=True)
class Caller:
    """From where somebody tries to sign in: as the trail keeps it, and, as `network`, as accounts
    know it again. `client` is what the program calls itself."""

    address: str
    network: str
    client: str
    request_id: str | None = None


@dataclass(frozen=True, slots=True)
class Principal:
    """Somebody signed in: a user, or a driver of the fleet. `employee_id` is None for outsiders."""

    kind: str
    id: int
    username: str
    name: str
    email: str | None
    role: str
    employee_id: int | None
    permissions: frozenset[str]
    # The token that was shown: its id, which ends at logout, its end in epoch seconds, and the
    # version of the account that it was made for.
    jti: str = field(default="", compare=False)
    expires: int = field(default=0, compare=False)
    version: int = field(default=0, compare=False)
    # Whether an admin asked for a new password, before anything else is opened.
    must_change_password: bool = False

    def may(self, permission: str) -> bool:
        """Whether the permission is held, at any scope when none is named."""
        return permission in implied(self.permissions)

    def may_any(self, permissions: Iterable[str]) -> bool:
        """Whether one of the permissions is held."""
        return not implied(self.permissions).isdisjoint(permissions)

    def scope(self, permission: str) -> Scope | None:
        """The widest scope at which `module:verb` is held."""
        held = implied(self.permissions)
        return next((s for s in reversed(SCOPES) if f"{permission}:{s}" in held), None)


# Who asks without a token, where that is allowed.
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
    """Every permission that somebody may hold, with all that they imply."""
    return implied(ADMIN | DRIVER)


def permissions_of(role: str, grants: Iterable[str] = ()) -> frozenset[str]:
    """A role's bundle and the user's own grants; one object for all who have the same."""
    return _permissions_of(role, tuple(grants))


@lru_cache(maxsize=256)
def _permissions_of(role: str, grants: tuple[str, ...]) -> frozenset[str]:
    return ROLE_PERMISSIONS[role] | frozenset(grants)


@lru_cache(maxsize=256)
def implied(permissions: frozenset[str]) -> frozenset[str]:
    """The permissions with all they imply: narrower scopes, and the bare verb."""
    all_ = set(permissions)
    for permission in permissions:
        verb, _, scope = permission.rpartition(":")
        if scope in SCOPES:
            all_.add(verb)
            all_.update(f"{verb}:{s}" for s in SCOPES[: SCOPES.index(scope)])
    return frozenset(all_)
