"""What may be kept by browsers and caches: answers that are asked for again with `If-None-Match`.

What a stranger gets is what everybody may see, so it may be kept for everybody, for a short while.
What somebody signed in gets may hold drafts of theirs: it is kept by nobody but them, and asked for
again each time. `Vary` keeps the two apart. Used by handlers/cms/content.py.
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
    """An endpoint whose GET may be kept."""

    def compute_etag(self) -> str | None:  # type: ignore[override]
        """Of all that is answered: whatever differs is another answer."""
        return RequestHandler.compute_etag(self)

    def reply_exactly(self, answer: dict[str, Any], *, status: int = 200) -> None:
        """As every endpoint, and who may keep it."""
        if self.request.method in ("GET", "HEAD"):
            self.set_header("Cache-Control", PUBLIC if self.actor is ANONYMOUS else PRIVATE)
            vary = self._headers.get("Vary")
            self.set_header("Vary", f"{vary}, {TOKEN_HEADER}" if vary else TOKEN_HEADER)
        super().reply_exactly(answer, status=status)

    def reply_row(self, row: Mapping[str, Any]) -> None:
        """One row, and when it was changed last."""
        self.set_header("Last-Modified", row["updatedAt"])
        self.reply(row)
