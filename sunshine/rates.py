"""How often one caller may call, counted by the library `limits`; sunshine/web/limiting.py asks.

Fixed windows, as express-rate-limit has them. The counters are in this process, or, for several
processes together, in Redis (RATE_LIMIT_STORAGE=redis://host:port). While Redis is away nobody is
refused and nobody waits: a limit must not take the service down with it.
"""

import ipaddress
import time
from collections.abc import Coroutine
from typing import Any, NamedTuple, TypeVar

import structlog
from limits import RateLimitItem, RateLimitItemPerHour, RateLimitItemPerMinute
from limits.aio.storage import MemoryStorage, Storage
from limits.aio.strategies import FixedWindowRateLimiter
from limits.errors import StorageError
from limits.storage import storage_from_string

from sunshine.errors import TooMany
from sunshine.settings import Settings

T = TypeVar("T")
log = structlog.get_logger("sunshine.rates")

PRINCIPAL = RateLimitItemPerHour(1000, namespace="principal")
STRANGER = RateLimitItemPerMinute(100, 15, namespace="stranger")
# Failed sign-ins. A name alone gets more: nobody should lock a colleague out from elsewhere easily.
LOGIN_FROM = RateLimitItemPerMinute(10, 15, namespace="login-from")
LOGIN_NAME = RateLimitItemPerMinute(50, 15, namespace="login-name")
# Guessing codes.
VOUCHER = RateLimitItemPerMinute(30, namespace="voucher")
SWEEP_EVERY = 1000  # hits
# What one request waits for Redis, and how long all others then do without it.
REDIS_SECONDS = 0.5
AWAY_SECONDS = 5.0


class Standing(NamedTuple):
    """Where a caller stands: `reset` in seconds since the epoch."""

    limit: int
    remaining: int
    reset: int


class Rates:
    """Counts callers against their limits."""

    def __init__(self, settings: Settings) -> None:
        uri = settings.rate_limit_storage
        self.enabled = settings.rate_limit_enabled
        self._storage: Storage = _Memory() if uri == "memory" else _redis(uri)
        self._limiter = FixedWindowRateLimiter(self._storage)
        self._away_until = 0.0

    async def count(self, item: RateLimitItem, *caller: str) -> Standing | None:
        """One more call; TooMany when it is one too many. None where nothing is counted."""
        if not self.enabled:
            return None
        counted = await self._unless_away(self._hit(item, *caller))
        if counted is None:
            return None
        allowed, standing = counted
        if not allowed:
            raise TooMany(standing, retry_after=max(1, standing.reset - int(time.time())))
        return standing

    async def refund(self, item: RateLimitItem, *caller: str) -> None:
        """Take one call back."""
        if self.enabled:
            key, expiry = item.key_for(*caller), item.get_expiry()
            await self._unless_away(self._storage.incr(key, expiry, amount=-1))

    async def _hit(self, item: RateLimitItem, *caller: str) -> tuple[bool, Standing]:
        allowed = await self._limiter.hit(item, *caller)
        stats = await self._limiter.get_window_stats(item, *caller)
        return allowed, Standing(item.amount, stats.remaining, int(stats.reset_time) + 1)

    async def _unless_away(self, asking: Coroutine[Any, Any, T]) -> T | None:
        """What the counters say; None while they are away, which is not tried for each caller."""
        if time.monotonic() < self._away_until:
            asking.close()
            return None
        try:
            return await asking
        except StorageError as error:
            if time.monotonic() >= self._away_until:  # of many at once, the first to find out
                log.warning("rate limits are not counted", reason=str(error.storage_error))
            self._away_until = time.monotonic() + AWAY_SECONDS
            return None


def bucket(address: str) -> str:
    """What is counted as one address: of IPv6, the network that one customer gets."""
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
    """The library's own, which looks through all counters at each hit, made to do so rarely."""

    _hits = 0

    async def incr(self, key: str, expiry: float, amount: int = 1) -> int:
        """Add to a counter; a new one ends after `expiry` seconds."""
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
