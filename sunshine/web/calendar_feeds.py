"""Calendar feeds over HTTP. Their contents: sunshine/identity/calendar_tokens.py."""

import hashlib
from collections.abc import Iterable
from typing import TYPE_CHECKING

from sunshine.identity import calendar_tokens
from sunshine.identity.calendar_tokens import Entry

if TYPE_CHECKING:
    from sunshine.web.handler import Handler


async def send_calendar(handler: "Handler", name: str, entries: Iterable[Entry]) -> None:
    """Reply with a calendar, or 304 if the caller already has it: calendars poll all day."""
    entries = list(entries)
    digest = hashlib.sha256(repr((name, entries)).encode()).hexdigest()[:32]
    handler.set_header("Content-Type", "text/calendar; charset=utf-8")
    handler.set_header("Cache-Control", "private, no-cache")
    handler.set_header("Etag", f'"{digest}"')
    if handler.check_etag_header():
        handler.set_status(304)
    else:
        handler.write(await calendar_tokens.draw(name, entries))
