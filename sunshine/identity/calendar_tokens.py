"""Calendar feeds: the URL a calendar subscribes to, and the iCalendar file there (RFC 5545).

A calendar cannot send headers, so its URL holds a token, which opens one feed of one user and
nothing else, until the user's password changes or they may no longer sign in. Served through
sunshine/web/calendar_feeds.py.
"""

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

import jwt

from sunshine.core.characters import replaced
from sunshine.core.errors import NotSignedIn
from sunshine.core.principals import Principal
from sunshine.identity.resolver import Principals
from sunshine.identity.tokens import Claims

_KIND = "feed"
_REQUIRED = ["id", "ver", "typ", "aud"]
_MAX_LENGTH = 1024


class Feeds:
    """Makes and verifies the URLs of feeds."""

    def __init__(self, secret: str, base: str, principals: Principals) -> None:
        self._secret = secret
        self._base = base
        self._principals = principals

    def url(self, path: str, actor: Principal) -> str:
        """Return the URL of the feed of a path as the actor sees it."""
        claims = {"id": actor.id, "ver": actor.version, "typ": _KIND, "aud": _audience(path)}
        return f"{self._base}{path}?token={jwt.encode(claims, self._secret, algorithm='HS256')}"

    async def open(self, path: str, token: str) -> Principal:
        """Return the principal whose feed of a path the token opens; NotSignedIn."""
        try:
            if len(token) > _MAX_LENGTH:
                raise NotSignedIn
            claims = jwt.decode(
                token,
                self._secret,
                algorithms=["HS256"],
                audience=_audience(path),
                options={"require": _REQUIRED},
            )
        except (jwt.PyJWTError, ValueError, OverflowError, RecursionError):
            raise NotSignedIn from None
        id_, version = claims["id"], claims["ver"]
        if claims["typ"] != _KIND or type(id_) is not int or type(version) is not int:
            raise NotSignedIn
        return await self._principals.load(Claims("user", id_, jti="", exp=0, ver=version))


@dataclass(frozen=True, slots=True)
class Entry:
    """An entry of a calendar: whole days, or instants with a timezone. `end` is exclusive."""

    uid: str
    summary: str
    start: date
    end: date
    changed: datetime


async def draw(name: str, entries: Iterable[Entry]) -> bytes:
    """Return an iCalendar file, made in a thread because a thousand entries take 0.2 s."""
    return await asyncio.to_thread(_draw, name, list(entries))


def _draw(name: str, entries: list[Entry]) -> bytes:
    from icalendar import Calendar, Event

    calendar = Calendar()
    calendar.add("prodid", "-//Sunshine//Sunshine//EN")
    calendar.add("version", "2.0")
    calendar.add("method", "PUBLISH")
    calendar.add("x-wr-calname", _line(name))
    for entry in entries:
        event = Event()
        event.add("uid", f"{entry.uid}@sunshine")
        event.add("summary", _line(entry.summary))
        event.add("dtstart", entry.start)
        event.add("dtend", entry.end)
        # When the row changed, not the present: an unchanged feed is the same file.
        event.add("dtstamp", entry.changed)
        event.add("last-modified", entry.changed)
        event.add("transp", "TRANSPARENT")
        calendar.add_component(event)
    calendar.add_missing_timezones()
    return bytes(calendar.to_ical())


def _line(text: str) -> str:
    """Return the text as one line without control characters: a lone CR would end a property."""
    return replaced(" ".join(text.split()))


def _audience(path: str) -> str:
    return f"sunshine-feed:{path}"
