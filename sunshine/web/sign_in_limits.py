"""Limits on sign-in attempts. Rules: sunshine/modules/users/sessions.py,
sunshine/modules/fleet/driver_auth.py.

All names of an account count as one. A caller from a network where the account signed in before, or
with an earlier token of it, is slowed down only by failures from that network or with that token;
all other callers are strangers to the account, whose failures slow each other down. Unknown names
are counted as if they were accounts: docs/decisions/0032-slowed-not-locked-out.md.
"""

from collections.abc import Mapping
from datetime import timedelta
from hashlib import blake2b
from typing import Any

from sunshine.core.errors import NotSignedIn, TooMany
from sunshine.core.principals import Caller
from sunshine.operations.rate_limits import (
    LOGIN_ADDRESS,
    LOGIN_FROM,
    LOGIN_NAME,
    TRAIL_ACCOUNT,
    TRAIL_ADDRESS,
    TRAIL_ALL,
    TRAIL_NOBODY,
    Brake,
    Counted,
    bucket,
)
from sunshine.web import rate_limits
from sunshine.web.endpoint import Endpoint

# How long after its expiry a token still proves that its owner once signed in.
PROOF_KEPT = timedelta(days=180)
# As long as the longest of the counters, after which nothing is left to forgive.
FORGIVING = timedelta(days=1)
MAX_CLIENT = 200

Account = Mapping[str, Any]


class SignIn:
    """One attempt.

    The account has `id`, `token_version`, `unlocked_at`, and `known`: whether it signed in from the
    caller's network before.
    """

    def __init__(self, handler: Endpoint, kind: str) -> None:
        self._handler = handler
        self._rates = handler.application.rates
        self._kind = kind
        self._counted: Counted = []
        self._name = ""
        self._account: Account | None = None
        self.caller = _caller(handler)

    async def admit(self, name: str, account: Account | None) -> None:
        """Count the attempt before it is known whether it fails.

        TooMany if it comes too soon, whether the password is right or not.
        """
        self._name, self._account = _spelling(self._kind, name), account
        if not self._rates.enabled:
            return
        trusted = self._trusted()
        try:
            await self._count(LOGIN_ADDRESS, self.caller.network)
        except TooMany:
            if not trusted:
                raise
        try:
            if trusted:
                await self._count(LOGIN_FROM, trusted, self._own())
            for key in () if trusted else self._keys():
                await self._count(LOGIN_FROM, self.caller.network, key)
                await self._count(LOGIN_NAME, key)
        except TooMany:
            await self.uncount()
            raise
        address = (LOGIN_ADDRESS.free, self.caller.network)
        rate_limits.set_status(self._handler, await self._rates.standing(*address))

    async def uncount(self) -> None:
        """Undo the count of a success: an office behind one address must not slow itself down."""
        await self._rates.uncount(self._counted)
        self._counted = []

    async def take_unrecorded(self) -> int:
        """Return how many slowed attempts the audit trail should record now; mostly none."""
        key = self._keys()[0]
        await self._rates.count_unrecorded(key)
        for item, caller in (
            (TRAIL_ACCOUNT, key), (TRAIL_ADDRESS, self.caller.network), (TRAIL_ALL, ""),
        ):  # fmt: skip
            if not await self._rates.within(item, caller):
                return 0
        return await self._rates.take_unrecorded(key)

    async def is_recorded(self) -> bool:
        """Return whether the audit trail should record this failure."""
        return self._account is not None or await self._rates.within(TRAIL_NOBODY)

    async def _count(self, brake: Brake, *caller: str) -> None:
        self._counted += await self._rates.attempt(brake, *caller)

    def _trusted(self) -> str:
        """Return how the account knows the caller: by a device, by a network, or not at all
        ("")."""
        if self._account is None:
            return ""
        if jti := self._proof(self._account):
            return f"device {jti}"
        return self.caller.network if self._account["known"] else ""

    def _proof(self, account: Account) -> str:
        """Return the id of an earlier token of the account that the caller sent, or "".

        It may have expired, but not long ago nor because of a new password or role. It grants no
        access.
        """
        shown = self._handler.token
        if not shown:
            return ""
        try:
            claims = self._handler.application.tokens.read(shown)
        except NotSignedIn:
            return ""
        now = self._handler.application.clock().timestamp()
        is_theirs = (claims.kind, claims.id) == (self._kind, account["id"])
        is_fresh = claims.exp > now - PROOF_KEPT.total_seconds()
        stands = claims.ver == account["token_version"]
        return claims.jti if is_theirs and is_fresh and stands else ""

    def _keys(self) -> list[str]:
        """Return the keys that a stranger's attempt is counted under: the account, and the name
        they used.

        Both, so that trying a name and then the same name as an email address reveals nothing about
        whether the account exists. Lifting a lock lifts both.
        """
        if self._account is None:
            return [self._name]
        forgiven = self._account["unlocked_at"]
        now = self._handler.application.clock()
        if forgiven is not None and forgiven > now - FORGIVING:
            return [self._own()]
        return [self._own(), self._name]

    def _own(self) -> str:
        """Return the account's key, new each time its failures are forgiven: at once in every
        process."""
        assert self._account is not None  # noqa: S101 - for mypy
        forgiven = self._account["unlocked_at"]
        since = int(forgiven.timestamp() * 1e6) if forgiven is not None else 0
        return f"{self._kind}:{self._account['id']}:{since}"


def _caller(handler: Endpoint) -> Caller:
    address = handler.application.client_address(handler.request)
    said = handler.request.headers.get("User-Agent", "")[: MAX_CLIENT * 2]
    plain = "".join(c if c.isprintable() else " " for c in said)
    client = " ".join(plain.split())[:MAX_CLIENT]
    return Caller(address, bucket(address), client, handler.request_id)


def _spelling(kind: str, name: str) -> str:
    """Return the hash of a name without its domain, in any case.

    Not readable: it may be a password typed into the wrong field, and Redis may be on another
    machine.
    """
    local = name.strip().partition("@")[0].casefold()
    return f"{kind} {blake2b(local.encode(), digest_size=16).hexdigest()}"
