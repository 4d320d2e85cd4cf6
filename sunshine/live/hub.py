"""Who is connected, what each may see, and how nobody misses or repeats an event.

A channel is handed in: which events it tells, to whom, as which frames. Each module has its own
beside its rules (`sunshine/modules/<domain>/channel.py` has it as `channel`); handlers/live.py
gives it a path. The protocol over it: sunshine/web/sockets.py, docs/sockets.md.

The log is read, never queued: the feed only says that there is something new. A hub reads it once
for all its sockets; one that resumes reads it for itself, at its own pace, until it has caught up.
"""

import asyncio
import struct
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import Any, NamedTuple, Protocol

import structlog

from sunshine.core import json
from sunshine.core.errors import Unavailable
from sunshine.core.principals import Principal
from sunshine.database.database import Database, Reader
from sunshine.database.event_log import PAGE, Cursor, Event, Feed, is_kept, page_after

log = structlog.get_logger("sunshine.live")

# A page that has more bytes than this is sent at the reader's pace.
AT_ONCE = 64 * 1024
# How many sockets are served before others on the loop have their turn.
TURN = 200
# While the database does not answer: the pause between attempts, and when to send clients away.
RETRY_SECONDS = 0.5
STUCK_SECONDS = 30.0
# Before all events: where a hub is that does not know yet where it is.
BEGINNING = Cursor(0, 0)

# What a client gets of an event: {"type": ..., "data": {...}}; None tells nobody. `seq` is added.
Frame = Callable[[Event], dict[str, Any] | None]


@dataclass(frozen=True, slots=True)
class Audience:
    """Who is related to one row now, by employee id.

    `own`: reporter, assignee, watcher, requester, approver: whose own row it is.
    `team`: the managers of those: whose scope `team` reaches it.
    """

    own: frozenset[int] = frozenset()
    team: frozenset[int] = frozenset()


@dataclass(frozen=True)
class Channel:
    """What one kind of socket tells.

    `permission` is needed to connect. `events` maps the types of the events told to the functions
    that make frames of them. `audiences(reader, ids)` finds in one statement who is related to the
    rows of these entity ids now; a row that it leaves out is gone, and nobody sees it. `sees` is
    the policy of the row's GET in memory: may this principal see what this event tells of that row?
    Events of the sunshine database only.
    """

    name: str
    permission: str
    events: Mapping[str, Frame]
    audiences: Callable[[Reader, Sequence[int]], Awaitable[Mapping[int, Audience]]]
    sees: Callable[[Principal, Event, Audience], bool]


class Close(IntEnum):
    """Why the server ends a socket; 4xxx as HTTP's statuses."""

    GOING_AWAY = 1001
    MISUSE = 1008
    FAILED = 1011
    TRY_AGAIN = 1013
    NOT_SIGNED_IN = 4401
    NOT_ALLOWED = 4403


class Socket(Protocol):
    """One client on a channel, as sunshine/web/sockets.py speaks with it."""

    actor: Principal

    def send(self, frame: bytes) -> Awaitable[None] | None:
        """Queue a frame; awaiting it waits until it has left. None when nothing can be sent."""

    def end(self, code: Close, reason: str) -> None:
        """Close; nothing is sent after it."""


class Delivery(NamedTuple):
    """An event, made ready for everybody who may see it."""

    event: Event
    audience: Audience
    frame: bytes


class Batch(NamedTuple):
    """What a channel tells of a part of the log that ends with the cursor `end`."""

    told: list[Delivery]
    end: Cursor
    full: bool

    @property
    def brief(self) -> bool:
        """Whether it is the rest, and small enough to be sent without waiting for the reader."""
        return not self.full and sum(len(told.frame) for told in self.told) <= AT_ONCE


class Hub:
    """One channel in one process: who listens, and how far everybody has been told.

    All reading of the log happens one at a time, so that whoever resumes can join the others in
    the same step in which the last there is was read: there is no seam to fall through.
    """

    def __init__(
        self, channel: Channel, database: Database, feed: Feed, people: asyncio.Event
    ) -> None:
        self.channel = channel
        self._database = database
        self._feed = feed
        # Not set while somebody's rights may have changed since they were read.
        self._people = people
        self._types = list(channel.events)
        # Each with the cursor up to which it has been told everything before it joined.
        self._joined: dict[Socket, Cursor] = {}
        self._resuming = 0
        # All is told up to `_at`; there may be something to tell up to `_until`.
        self._at = self._until = feed.cursor or BEGINNING
        # Where the log goes on that broke off.
        self._anew: Cursor | None = None
        self._news = asyncio.Event()
        self._reading = asyncio.Lock()
        # Of those who resume only one at a time waits to read: the others' news come before them.
        self._turn = asyncio.Lock()

    def __len__(self) -> int:
        return len(self._joined)

    def on_event(self, event: Event) -> None:
        """Something happened: the feed says so, in order."""
        idle = self._at == self._until
        self._until = event.cursor
        if event.type in self.channel.events and (self._joined or self._resuming):
            self._news.set()
        elif idle:
            self._at = event.cursor

    def begin_anew(self, at: Cursor) -> None:
        """The log does not go on from where everybody was told it; it does from here. They come
        back, and resume where that is possible."""
        self._anew = self._until = at
        self._news.set()

    async def listen(self, socket: Socket, since: Cursor | None) -> None:
        """Tell it what it missed `since`, in order, and then what happens: it is live when this
        returns, or gone.

        Bounded: one part of the log at a time, the next one when the reader has taken this one.
        """
        if self._at == BEGINNING:
            place = await self._feed.placed()
            if self._at == BEGINNING:  # and nobody was faster
                self._at = self._until = place
        if since is None:
            return self._admit(socket, self._at)
        self._resuming += 1
        try:
            if not await is_kept(self._database, since):
                socket.send(text_frame({"type": "reset"}))
                return self._admit(socket, self._at)
            await self._catch_up(socket, since)
        finally:
            self._resuming -= 1

    async def _catch_up(self, socket: Socket, since: Cursor) -> None:
        while True:
            async with self._turn, self._reading:
                part = await self._read(since)
                frames = [told.frame for told in part.told if self._sees(socket, told)]
                if part.brief:
                    for frame in frames:
                        socket.send(frame)
                    return self._admit(socket, max(part.end, self._at))
            since = part.end
            del part  # a slow reader keeps no more than its frames
            for frame in frames:
                if (sent := socket.send(frame)) is None:
                    return None
                await sent

    def leave(self, socket: Socket) -> None:
        """Tell it nothing any more."""
        self._joined.pop(socket, None)

    async def run(self) -> None:
        """Tell everybody what happens, for ever."""
        failing: float | None = None
        while True:
            await self._news.wait()
            self._news.clear()
            if self._anew:
                until, place, self._anew = self._until, self._anew, None
                self._send_away()
                self._at, self._until = place, max(until, place)
            try:
                while self._at < self._until:
                    await self._tell_next()
                failing = None
            except Exception as error:  # nothing is lost: it is read again
                if not isinstance(error, Unavailable):
                    log.exception("telling failed", channel=self.channel.name)
                failing = failing or time.monotonic()
                if time.monotonic() - failing > STUCK_SECONDS:
                    self._send_away()
                await asyncio.sleep(RETRY_SECONDS)
                self._news.set()

    def _admit(self, socket: Socket, at: Cursor) -> None:
        if socket.send(text_frame({"type": "ready", "seq": str(at)})) is not None:
            self._joined[socket] = at

    async def _tell_next(self) -> None:
        if not (self._joined or self._resuming):
            self._at = self._until
            return
        async with self._reading:
            until = self._until
            part = await self._read(self._at)
            for told in part.told:
                # First, for who joins meanwhile is told what comes after this one.
                self._at = told.event.cursor
                await self._tell(told)
            self._at = max(self._at, part.end if part.full else max(part.end, until))

    async def _tell(self, told: Delivery) -> None:
        for number, (socket, joined) in enumerate(list(self._joined.items()), 1):
            if told.event.cursor > joined and self._sees(socket, told):
                socket.send(told.frame)
            if number % TURN == 0:
                await asyncio.sleep(0)
        await asyncio.sleep(0)

    async def _read(self, since: Cursor) -> Batch:
        """The next part of the log; when it is returned, everybody's rights are known."""
        while True:
            await self._people.wait()
            events = await page_after(self._database, since, self._types)
            ids = sorted({event.entity_id for event in events if event.entity_id is not None})
            audiences = await self.channel.audiences(self._database, ids) if ids else {}
            if self._people.is_set():
                break
        told = [made for event in events if (made := self._made(event, audiences))]
        return Batch(told, events[-1].cursor if events else since, len(events) == PAGE)

    def _made(self, event: Event, audiences: Mapping[int, Audience]) -> Delivery | None:
        audience = audiences.get(event.entity_id or 0)
        if audience is None:
            return None
        try:
            frame = self.channel.events[event.type](event)
        except Exception:  # one bad event must not stop the channel
            log.exception("no frame", channel=self.channel.name, seq=str(event.cursor))
            return None
        if frame is None:
            return None
        return Delivery(event, audience, text_frame({**frame, "seq": str(event.cursor)}))

    def _sees(self, socket: Socket, told: Delivery) -> bool:
        try:
            return self.channel.sees(socket.actor, told.event, told.audience)
        except Exception:
            log.exception("not shown", channel=self.channel.name, seq=str(told.event.cursor))
            return False

    def _send_away(self) -> None:
        """They find another process, or come back and resume."""
        for socket in list(self._joined):
            socket.end(Close.TRY_AGAIN, "cannot read what happened")
        self._at = self._until


def text_frame(message: Mapping[str, Any]) -> bytes:
    """A message as the bytes on the wire (RFC 6455, 5.2), made once for all its receivers."""
    content = json.encode(message)
    size = len(content)
    if size < 126:
        head = struct.pack("!BB", 0x81, size)
    elif size < 1 << 16:
        head = struct.pack("!BBH", 0x81, 126, size)
    else:
        head = struct.pack("!BBQ", 0x81, 127, size)
    return head + content
