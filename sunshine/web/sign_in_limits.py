"""How often somebody may try to sign in. Rules: sunshine/modules/users/sessions.py,
sunshine/modules/fleet/driver_auth.py.

An account counts as one whatever it is called. Who comes from a network where the account signed in
before, or shows an earlier token of it, is slowed by failures from that network, or with that
token, only; all others are strangers to it, whose failures slow each other. What is no account is
counted as if it were one: docs/decisions/0032-slowed-not-locked-out.md.
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

# How long after its end a token still proves that its owner signed in once.
PROOF_KEPT = timedelta(days=180)
# As long as the longest of what is counted, after which nothing is left to be forgiven.
FORGIVING = timedelta(days=1)
MAX_CLIENT = 200

Account = Mapping[str, Any]


class SignIn:
    """One attempt. The account has `id`, `token_version`, `unlocked_at`, and `known`: whether it
    signed in from the caller's network before."""

    def __init__(self, handler: Endpoint, kind: str) -> None:
        self._handler = handler
        self._rates = handler.application.rates
        self._kind = kind
        self._counted: Counted = []
        self._name = ""
        self._account: Account | None = None
        self.caller = _caller(handler)

    async def admit(self, name: str, account: Account | None) -> None:
        """Count it before it is known whether it fails; TooMany when it comes too soon, be the
        password right or not."""
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
            await self.give_back()
            raise
        address = (LOGIN_ADDRESS.free, self.caller.network)
        rate_limits.stand(self._handler, await self._rates.standing(*address))

    async def give_back(self) -> None:
        """It was no failure: an office behind one address must not slow itself down."""
        await self._rates.give_back(self._counted)
        self._counted = []

    async def untold(self) -> int:
        """How many attempts that were slowed down the trail shall be told of now: mostly none."""
        key = self._keys()[0]
        await self._rates.tally(key)
        for item, caller in (
            (TRAIL_ACCOUNT, key), (TRAIL_ADDRESS, self.caller.network), (TRAIL_ALL, ""),
        ):  # fmt: skip
            if not await self._rates.within(item, caller):
                return 0
        return await self._rates.told(key)

    async def is_told(self) -> bool:
        """Whether the trail shall be told of this failure."""
        return self._account is not None or await self._rates.within(TRAIL_NOBODY)

    async def _count(self, brake: Brake, *caller: str) -> None:
        self._counted += await self._rates.attempt(brake, *caller)

    def _trusted(self) -> str:
        """As what the account knows the caller: by a device, a network, or not at all."""
        if self._account is None:
            return ""
        if jti := self._proof(self._account):
            return f"device {jti}"
        return self.caller.network if self._account["known"] else ""

    def _proof(self, account: Account) -> str:
        """The id of an earlier token of the account that is shown, if one is: ended or not, but
        neither by a new password or role, nor long ago. It opens nothing."""
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
        """What a stranger's attempt is counted by: the account, and how it was called.

        Both, so that who tries a name and then the same name as an email address learns nothing of
        whether there is such an account. Whoever lifts a lock lifts both.
        """
        if self._account is None:
            return [self._name]
        forgiven = self._account["unlocked_at"]
        now = self._handler.application.clock()
        if forgiven is not None and forgiven > now - FORGIVING:
            return [self._own()]
        return [self._own(), self._name]

    def _own(self) -> str:
        """The account, anew each time that its failures are forgiven: at once in every process."""
        assert self._account is not None  # noqa: S101 - tells mypy
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
    """A name without its domain, whatever its case. Not readable: it may be a password that went
    into the wrong field, and Redis may be another machine."""
    local = name.strip().partition("@")[0].casefold()
    return f"{kind} {blake2b(local.encode(), digest_size=16).hexdigest()}"
