"""URLs that open one stored file for 15 minutes without a token, which `<img>` cannot send.

`?e=<end, seconds since the epoch>&s=<HMAC-SHA256 of path and end>`. Rules return paths, handlers
make URLs of them when they reply (sunshine/web/files/serving.py), so that events and rows hold no
secret.
"""

import hmac
from datetime import timedelta
from urllib.parse import quote

from sunshine.core.clock import Clock

LIFETIME = timedelta(minutes=15)
ROUTE = "/api/static/"


class Signer:
    """Signs and checks with a key of its own, derived from the secret that signs tokens."""

    def __init__(self, secret: str, base: str, clock: Clock) -> None:
        self._key = hmac.digest(secret.encode(), b"sunshine: URLs of stored files", "sha256")
        self._base = base
        self._clock = clock

    def url(self, path: str) -> str:
        """Return the absolute URL that opens a stored file for 15 minutes from now."""
        end = str(int((self._clock() + LIFETIME).timestamp()))
        return f"{self.plain_url(path)}?e={end}&s={self._signature(path, end)}"

    def plain_url(self, path: str) -> str:
        """Return the absolute URL of a stored file that everybody may open."""
        return f"{self._base}{ROUTE}{quote(path)}"

    def opens(self, path: str, end: str, signature: str) -> bool:
        """Return whether the signature is ours and has not expired."""
        # Compared as bytes: compare_digest refuses text that is not ASCII.
        ours = self._signature(path, end).encode()
        return (
            hmac.compare_digest(ours, signature.encode()) and int(end) > self._clock().timestamp()
        )

    def _signature(self, path: str, end: str) -> str:
        return hmac.digest(self._key, f"{path}\n{end}".encode(), "sha256").hex()
