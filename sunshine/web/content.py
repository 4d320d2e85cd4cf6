"""Responses that browsers and caches may store, and revalidate with `If-None-Match`.

An anonymous response is the same for everybody, so shared caches may store it for a short time. A
signed-in caller's response may contain their drafts: only their own cache stores it, and
revalidates each time. `Vary` keeps the two apart. Used by handlers/cms/content.py.
"""

from collections.abc import Mapping
from typing import Any

from tornado.web import RequestHandler

from sunshine.core.principals import ANONYMOUS
from sunshine.web.endpoint import TOKEN_HEADER
from sunshine.web.handler import Handler

PUBLIC = "public, max-age=30"
PRIVATE = "private, no-cache"


class Content(Handler):
    """An endpoint whose GET responses may be stored."""

    def compute_etag(self) -> str | None:  # type: ignore[override]
        """Return the hash of the whole response."""
        return RequestHandler.compute_etag(self)

    def reply_exactly(self, answer: dict[str, Any], *, status: int = 200) -> None:
        """Reply like every endpoint, with headers that say who may store the response."""
        if self.request.method in ("GET", "HEAD"):
            self.set_header("Cache-Control", PUBLIC if self.actor is ANONYMOUS else PRIVATE)
            vary = self._headers.get("Vary")
            self.set_header("Vary", f"{vary}, {TOKEN_HEADER}" if vary else TOKEN_HEADER)
        super().reply_exactly(answer, status=status)

    def reply_row(self, row: Mapping[str, Any]) -> None:
        """Reply with one row and the time of its last change."""
        self.set_header("Last-Modified", row["updatedAt"])
        self.reply(row)
