"""How many connections each address holds open to this process; one too many is 429.

One of a client counts from the moment it is accepted, whatever is asked on it, sockets included. A
trusted proxy holds connections for others: what it forwards is not counted here (nginx counts its
clients: config/nginx.conf), but for sockets, which are one client's each.
"""

import time
from collections import Counter
from collections.abc import Callable

from tornado.httputil import HTTPServerRequest

from sunshine.core.errors import TooMany
from sunshine.operations.rate_limits import RateLimitStatus, bucket

# When another connection may be tried: nobody knows when one ends.
RETRY_SECONDS = 10


class Connections:
    """Whose they are. One per process."""

    def __init__(self, most: int | None, trusts: Callable[[str], bool]) -> None:
        """`most` of one address; None for any number."""
        self._most = most
        self._trusts = trusts
        self._held: Counter[str] = Counter()
        self._of: dict[object, str] = {}

    @property
    def most(self) -> int:
        """How many there are by address, of the address with the most."""
        return max(self._held.values(), default=0)

    def accepts(self, stream: object, address: str) -> bool:
        """Count a connection that was accepted; whether it is not one too many."""
        if self._most is None or self._trusts(address) or not address:
            return True
        return self._enter(stream, address)

    def check(self, request: HTTPServerRequest, address: str) -> None:
        """Count the connection of a request that a trusted address makes for itself, for nothing
        was forwarded; TooMany when it is one too many."""
        if self._most is None or not self._trusts(address):
            return
        headers, stream = request.headers, getattr(request.server_connection, "stream", None)
        if "X-Forwarded-For" in headers or "X-Real-IP" in headers:
            return
        if stream is not None and stream not in self._of and not self._enter(stream, address):
            raise self._too_many()

    def check_socket(self, stream: object, address: str) -> None:
        """TooMany when a client may not have a socket more; its connection may be one already."""
        if self._most is not None:
            others = self._held[bucket(address)] - (stream in self._of)
            if others >= self._most:
                raise self._too_many()

    def keep(self, guest: object, address: str) -> None:
        """A socket stands, on a connection that is no longer a server's."""
        if self._most is not None:
            self._of[guest] = key = bucket(address)
            self._held[key] += 1

    def leave(self, stream: object) -> None:
        """A connection or a socket is no more."""
        key = self._of.pop(stream, None)
        if key is not None:
            self._held[key] -= 1
            if not self._held[key]:
                del self._held[key]

    def _enter(self, stream: object, address: str) -> bool:
        key = bucket(address)
        if self._held[key] >= (self._most or 0):
            return False
        self._of[stream] = key
        self._held[key] += 1
        return True

    def _too_many(self) -> TooMany:
        return too_many(self._most or 0)


def too_many(most: int) -> TooMany:
    """As many are open as may be."""
    standing = RateLimitStatus(most, 0, int(time.time()) + RETRY_SECONDS)
    return TooMany(standing, retry_after=RETRY_SECONDS)
