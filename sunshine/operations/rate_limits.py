"""How often one caller may call. Counted by the library `limits`; sunshine/web/rate_limits.py uses
it.

Fixed windows, like express-rate-limit. Callers with too many failures are slowed down, never locked
out: a Brake (docs/decisions/0032-slowed-not-locked-out.md). The counters are in this process or,
for several processes together, in Redis (RATE_LIMIT_STORAGE=redis://host:port). While Redis is down
nobody is refused and nobody waits: a rate limit must not take the service down.
"""

import ipaddress
import math
import time
from collections.abc import Coroutine
from typing import Any, NamedTuple, TypeVar

import structlog
from limits import (
    RateLimitItem,
    RateLimitItemPerDay,
    RateLimitItemPerHour,
    RateLimitItemPerMinute,
    RateLimitItemPerSecond,
)
from limits.aio.storage import MemoryStorage, Storage
from limits.aio.strategies import FixedWindowRateLimiter
from limits.errors import StorageError
from limits.storage import storage_from_string

from sunshine.core.errors import TooMany
from sunshine.core.settings import Settings

T = TypeVar("T")
log = structlog.get_logger("sunshine.rates")


class Brake(NamedTuple):
    """A limit on failures that slows down instead of locking out.

    `free` failures at once; after that one attempt per `soon`, and after `today` failures in a day
    one per `late`.
    """

    free: RateLimitItem
    today: RateLimitItem
    soon: RateLimitItem
    late: RateLimitItem


def _brake(name: str, free: int, today: int, *, soon: int, late: int) -> Brake:
    """Return a Brake:

    `free` failures in 15 minutes, `today` in a day; `soon` and `late` in seconds.
    """
    return Brake(
        RateLimitItemPerMinute(free, 15, namespace=name),
        RateLimitItemPerDay(today, namespace=f"{name}-today"),
        RateLimitItemPerSecond(1, soon, namespace=f"{name}-soon"),
        RateLimitItemPerSecond(1, late, namespace=f"{name}-late"),
    )


# Requests without a valid token that belong to none of the kinds below: guesses and anonymous
# writes.
STRANGER = RateLimitItemPerMinute(100, 15, namespace="stranger")
# Failed sign-ins: to one account from one network or device; to one account from all networks it
# never signed in from; from one network to all accounts that never signed in from there.
LOGIN_FROM = _brake("login-from", 10, 50, soon=15, late=60)
LOGIN_NAME = _brake("login-name", 50, 100, soon=15, late=60)
LOGIN_ADDRESS = _brake("login-address", 100, 1000, soon=5, late=60)
# Guesses of voucher codes.
VOUCHER = RateLimitItemPerMinute(30, namespace="voucher")
# Limits on audit trail entries about slowed attempts: per account, per network, in total. And on
# entries about attempts that name no account, of which there may be any number.
TRAIL_ACCOUNT = RateLimitItemPerMinute(1, namespace="trail-account")
TRAIL_ADDRESS = RateLimitItemPerMinute(10, namespace="trail-address")
TRAIL_ALL = RateLimitItemPerMinute(60, namespace="trail")
TRAIL_NOBODY = RateLimitItemPerMinute(60, namespace="trail-nobody")
UNRECORDED = RateLimitItemPerDay(1, namespace="untold")
SWEEP_EVERY = 1000  # hits
# How long one request waits for Redis, and how long all others then do without it.
REDIS_SECONDS = 0.5
AWAY_SECONDS = 5.0


class RateLimitStatus(NamedTuple):
    """A caller's limit, and what is left of it; `reset` in seconds since the epoch."""

    limit: int
    remaining: int
    reset: int


# The counters an attempt was counted in, to undo that if it succeeds.
Counted = list[tuple[RateLimitItem, tuple[str, ...]]]


class Rates:
    """Counts callers against their limits."""

    def __init__(self, settings: Settings) -> None:
        uri = settings.rate_limit_storage
        self.enabled = settings.rate_limit_enabled
        limits = settings.limits
        self.user = RateLimitItemPerHour(limits.user, namespace="principal")
        self.driver = RateLimitItemPerHour(limits.driver, namespace="principal")
        self.fleet_reads = RateLimitItemPerHour(limits.fleet_reads, namespace="fleet-reads")
        self.reads = RateLimitItemPerMinute(limits.public_reads, 15, namespace="reads")
        self.files = RateLimitItemPerMinute(limits.public_files, 15, namespace="files")
        self._storage: Storage = _Memory() if uri == "memory" else _redis(uri)
        self._limiter = FixedWindowRateLimiter(self._storage)
        self._away_until = 0.0

    async def count(self, item: RateLimitItem, *caller: str) -> RateLimitStatus | None:
        """Count a request; TooMany if it exceeds the limit. None if nothing is counted."""
        if not self.enabled:
            return None
        counted = await self._unless_away(self._hit(item, *caller))
        if counted is None:
            return None
        allowed, standing = counted
        if not allowed:
            raise TooMany(standing, retry_after=max(1, standing.reset - int(time.time())))
        return standing

    async def attempt(self, brake: Brake, *caller: str) -> Counted:
        """Count an attempt before it is known whether it fails; TooMany if it comes too soon.

        Return its counters, for `uncount`.
        """
        if not self.enabled:
            return []
        return await self._unless_away(self._press(brake, caller)) or []

    async def uncount(self, counted: Counted) -> None:
        """Undo the count of an attempt that did not fail."""
        for item, caller in counted:
            await self._unless_away(self._decrement(item, caller))

    async def standing(self, item: RateLimitItem, *caller: str) -> RateLimitStatus | None:
        """Return a caller's status without counting a request. None if nothing is counted."""
        return await self._unless_away(self._look(item, *caller)) if self.enabled else None

    async def within(self, item: RateLimitItem, *caller: str) -> bool:
        """Count a request and return whether it was within the limit."""
        if not self.enabled:
            return True
        return await self._unless_away(self._limiter.hit(item, *caller)) is not False

    async def count_unrecorded(self, *caller: str) -> None:
        """Count an attempt that was not recorded in the audit trail."""
        key, expiry = UNRECORDED.key_for(*caller), UNRECORDED.get_expiry()
        await self._unless_away(self._storage.incr(key, expiry))

    async def take_unrecorded(self, *caller: str) -> int:
        """Return the number of unrecorded attempts, and reset it."""
        key = UNRECORDED.key_for(*caller)
        number = await self._unless_away(self._storage.get(key))
        await self._unless_away(self._storage.clear(key))
        return number or 0

    async def _press(self, brake: Brake, caller: tuple[str, ...]) -> Counted:
        """Count an attempt in the brake's counters.

        Each counter is read by incrementing it, so that of any number of concurrent attempts, in
        any number of processes, no more pass than allowed: the one that takes the last free place
        also takes the first delayed slot, or comes too soon.
        """
        if await self._storage.get(brake.today.key_for(*caller)) >= brake.today.amount:
            return await self._slot(brake, brake.late, caller)
        counted: Counted = []
        number = await self._add(brake.free, caller)
        if number:
            counted.append((brake.free, caller))
        # The next attempt is delayed by that much after the last free one.
        if number in (0, brake.free.amount):
            counted += await self._slot(brake, brake.soon, caller)
        number = await self._add(brake.today, caller)
        if number:
            counted.append((brake.today, caller))
        if number in (0, brake.today.amount):
            counted += await self._slot(brake, brake.late, caller)
        return counted

    async def _slot(self, brake: Brake, slot: RateLimitItem, caller: tuple[str, ...]) -> Counted:
        """Take the only place within the slot's seconds; TooMany if it is taken."""
        if await self._add(slot, caller):
            return [(slot, caller)]
        raise await self._too_soon(brake, slot, caller)

    async def _add(self, item: RateLimitItem, caller: tuple[str, ...]) -> int:
        """Return the number of this request among the allowed ones, from 1; 0 if the limit was
        reached.

        Refused requests are not counted and then undone: undoing many just after their window has
        ended would be a credit for as many more.
        """
        key = item.key_for(*caller)
        if await self._storage.get(key) >= item.amount:
            return 0
        number = await self._storage.incr(key, item.get_expiry())
        return number if number <= item.amount else 0

    async def _decrement(self, item: RateLimitItem, caller: tuple[str, ...]) -> None:
        key = item.key_for(*caller)
        if await self._storage.get(key) > 0:
            await self._storage.incr(key, item.get_expiry(), amount=-1)

    async def _too_soon(
        self, brake: Brake, slot: RateLimitItem, caller: tuple[str, ...]
    ) -> TooMany:
        now = time.time()
        resets = [await self._storage.get_expiry(slot.key_for(*caller))]
        if slot is brake.soon:
            resets.append(await self._storage.get_expiry(brake.free.key_for(*caller)))
        wait = max(1, math.ceil(min(resets) - now))
        return TooMany(RateLimitStatus(brake.free.amount, 0, int(now) + wait), retry_after=wait)

    async def _hit(self, item: RateLimitItem, *caller: str) -> tuple[bool, RateLimitStatus]:
        allowed = await self._limiter.hit(item, *caller)
        return allowed, await self._look(item, *caller)

    async def _look(self, item: RateLimitItem, *caller: str) -> RateLimitStatus:
        stats = await self._limiter.get_window_stats(item, *caller)
        return RateLimitStatus(item.amount, stats.remaining, int(stats.reset_time) + 1)

    async def _unless_away(self, asking: Coroutine[Any, Any, T]) -> T | None:
        """Return what the counters return; None while Redis is down, which is not retried per
        caller."""
        if time.monotonic() < self._away_until:
            asking.close()
            return None
        try:
            return await asking
        except StorageError as error:
            if time.monotonic() >= self._away_until:  # of many at once, only the first one logs
                log.warning("rate limits are not counted", reason=str(error.storage_error))
            self._away_until = time.monotonic() + AWAY_SECONDS
            return None


def bucket(address: str) -> str:
    """Return the key under which an address is counted: of IPv6, the network one customer gets."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return address
    if isinstance(parsed, ipaddress.IPv4Address):
        return address
    if parsed.ipv4_mapped:
        return str(parsed.ipv4_mapped)
    return str(ipaddress.ip_network((parsed, 64), strict=False).network_address)


def _redis(uri: str) -> Storage:
    storage = storage_from_string(
        f"async+{uri}",
        implementation="redispy",
        wrap_exceptions=True,
        socket_timeout=REDIS_SECONDS,
        socket_connect_timeout=REDIS_SECONDS,
    )
    if not isinstance(storage, Storage):
        raise TypeError(uri)
    return storage


class _Memory(MemoryStorage):
    """The library's memory storage, which checks all counters at each hit; this one does so
    rarely."""

    _hits = 0

    async def incr(self, key: str, expiry: float, amount: int = 1) -> int:
        """Add to a counter; a new one expires after `expiry` seconds."""
        now = time.time()
        self._hits += 1
        if self._hits % SWEEP_EVERY == 0:
            for each in [name for name, end in self.expirations.items() if end <= now]:
                await self.clear(each)
        if self.expirations.get(key, 0) <= now:
            self.storage[key] = 0
            self.expirations[key] = now + expiry
        self.storage[key] += amount
        return self.storage[key]
