"""Open connections per address to this process; one too many gets a 429.

A client's connection counts from the moment it is accepted, whatever is requested on it, WebSockets
included. A trusted proxy holds connections for others: what it forwards is not counted here (nginx
counts its clients: config/nginx.conf), except for WebSockets, which belong to one client each.
"""

import time
from collections import Counter
from collections.abc import Callable

from tornado.httputil import HTTPServerRequest

from sunshine.core.errors import TooMany
from sunshine.operations.rate_limits import RateLimitStatus, bucket

# When another attempt makes sense: nobody knows when a connection ends.
RETRY_SECONDS = 10


class Connections:
    """The open connections by address. One per process."""

    def __init__(self, most: int | None, trusts: Callable[[str], bool]) -> None:
        """Allow `most` connections of one address; None for any number."""
        self._most = most
        self._trusts = trusts
        self._held: Counter[str] = Counter()
        self._of: dict[object, str] = {}

    @property
    def most(self) -> int:
        """Return the number of connections of the address with the most."""
        return max(self._held.values(), default=0)

    def accepts(self, stream: object, address: str) -> bool:
        """Count an accepted connection; return False if it is one too many."""
        if self._most is None or self._trusts(address) or not address:
            return True
        return self._enter(stream, address)

    def check(self, request: HTTPServerRequest, address: str) -> None:
        """Count the connection of a request that a trusted address makes for itself.

        It does if nothing was forwarded. TooMany if it is one too many.
        """
        if self._most is None or not self._trusts(address):
            return
        headers, stream = request.headers, getattr(request.server_connection, "stream", None)
        if "X-Forwarded-For" in headers or "X-Real-IP" in headers:
            return
        if stream is not None and stream not in self._of and not self._enter(stream, address):
            raise self._too_many()

    def check_socket(self, stream: object, address: str) -> None:
        """Raise TooMany if a client may not open another WebSocket; its connection may already be
        counted."""
        if self._most is not None:
            others = self._held[bucket(address)] - (stream in self._of)
            if others >= self._most:
                raise self._too_many()

    def keep(self, guest: object, address: str) -> None:
        """Count an open WebSocket, whose connection the server no longer tracks."""
        if self._most is not None:
            self._of[guest] = key = bucket(address)
            self._held[key] += 1

    def leave(self, stream: object) -> None:
        """Uncount a connection or WebSocket that has ended."""
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
    """Return the error of one connection too many."""
    standing = RateLimitStatus(most, 0, int(time.time()) + RETRY_SECONDS)
    return TooMany(standing, retry_after=RETRY_SECONDS)
