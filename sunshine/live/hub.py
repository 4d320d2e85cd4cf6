"""Channels: what each connected client may see, without missing or repeating an event.

A channel declares which events it sends, to whom, as which frames. Each module has its own
(`channel` of `sunshine/modules/<domain>/channel.py`); handlers/live.py gives it a path. The
protocol: sunshine/web/sockets.py, docs/sockets.md.

The event log is read, never queued: the feed only signals that there is something new. A hub reads
it once for all its sockets; a socket that resumes reads it for itself, at its own pace, until it
has caught up.
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

# A page with more bytes than this is sent at the reader's pace.
AT_ONCE = 64 * 1024
# How many sockets are served before the event loop runs other tasks.
TURN = 200
# While the database does not answer: the pause between attempts, and when to close sockets.
RETRY_SECONDS = 0.5
STUCK_SECONDS = 30.0
# Before all events: the position of a hub that does not know its position yet.
BEGINNING = Cursor(0, 0)

# What a client gets of an event: {"type": ..., "data": {...}}, or None for nothing. `seq` is added.
Frame = Callable[[Event], dict[str, Any] | None]


@dataclass(frozen=True, slots=True)
class Audience:
    """The employees related to one row at present, by id.

    `own`: those whose own row it is, such as reporter, assignee, watcher, requester, approver.
    `team`: their managers, whose scope `team` reaches it.
    """

    own: frozenset[int] = frozenset()
    team: frozenset[int] = frozenset()


@dataclass(frozen=True)
class Channel:
    """What one kind of socket sends.

    `permission` is required to connect. `events` maps types of events to the functions that make
    frames of them. `audiences(reader, ids)` finds by one statement who is related to the rows of
    these entity ids at present; a row that it omits is gone, and nobody sees it. `sees` is the
    policy of the row's GET in memory: whether a principal may see what an event says of the row.
    Events of the sunshine database only.
    """

    name: str
    permission: str
    events: Mapping[str, Frame]
    audiences: Callable[[Reader, Sequence[int]], Awaitable[Mapping[int, Audience]]]
    sees: Callable[[Principal, Event, Audience], bool]


class Close(IntEnum):
    """Why the server closes a socket; 4xxx like the statuses of HTTP."""

    GOING_AWAY = 1001
    MISUSE = 1008
    FAILED = 1011
    TRY_AGAIN = 1013
    NOT_SIGNED_IN = 4401
    NOT_ALLOWED = 4403


class Socket(Protocol):
    """One client on a channel, as sunshine/web/sockets.py implements it."""

    actor: Principal

    def send(self, frame: bytes) -> Awaitable[None] | None:
        """Queue a frame; await the result until it is sent. None if nothing can be sent."""

    def end(self, code: Close, reason: str) -> None:
        """Close the socket; nothing is sent afterwards."""


class Delivery(NamedTuple):
    """An event with its audience, as the frame for everybody who may see it."""

    event: Event
    audience: Audience
    frame: bytes


class Batch(NamedTuple):
    """The deliveries of a part of the log that ends with the cursor `end`."""

    deliveries: list[Delivery]
    end: Cursor
    full: bool

    @property
    def brief(self) -> bool:
        """Whether it is the rest of the log, and small enough to send without waiting."""
        return not self.full and sum(len(delivery.frame) for delivery in self.deliveries) <= AT_ONCE


class Hub:
    """One channel in one process: its sockets, and the position up to which they have been sent.

    The log is read by one task at a time, so that a socket that resumes joins the others in the
    same step in which it has read the last event: no event falls in between.
    """

    def __init__(
        self, channel: Channel, database: Database, feed: Feed, people: asyncio.Event
    ) -> None:
        self.channel = channel
        self._database = database
        self._feed = feed
        # Cleared while somebody's rights may have changed since they were read.
        self._people = people
        self._types = list(channel.events)
        # Each socket with the cursor up to which it had everything when it joined.
        self._joined: dict[Socket, Cursor] = {}
        self._resuming = 0
        # Everything is sent up to `_at`; there may be more to send up to `_until`.
        self._at = self._until = feed.cursor or BEGINNING
        # Where the log continues after a break.
        self._anew: Cursor | None = None
        self._news = asyncio.Event()
        self._reading = asyncio.Lock()
        # Only one resuming socket at a time waits to read: new events for the others go first.
        self._turn = asyncio.Lock()

    def __len__(self) -> int:
        return len(self._joined)

    def on_event(self, event: Event) -> None:
        """Note a new event; the feed calls this in the order of the log."""
        idle = self._at == self._until
        self._until = event.cursor
        if event.type in self.channel.events and (self._joined or self._resuming):
            self._news.set()
        elif idle:
            self._at = event.cursor

    def begin_anew(self, at: Cursor) -> None:
        """Note that the log continues from another position, after a break.

        Sockets are closed; clients reconnect, and resume where that is possible.
        """
        self._anew = self._until = at
        self._news.set()

    async def listen(self, socket: Socket, since: Cursor | None) -> None:
        """Send a socket what it missed `since`, in order, then make it live, unless it is gone.

        Memory is bounded: one part of the log at a time, the next one after the reader took it.
        """
        if self._at == BEGINNING:
            place = await self._feed.placed()
            if self._at == BEGINNING:  # and no other socket was faster
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
                frames = [each.frame for each in part.deliveries if self._sees(socket, each)]
                if part.brief:
                    for frame in frames:
                        socket.send(frame)
                    return self._admit(socket, max(part.end, self._at))
            since = part.end
            del part  # for a slow reader only its frames stay in memory
            for frame in frames:
                if (sent := socket.send(frame)) is None:
                    return None
                await sent

    def leave(self, socket: Socket) -> None:
        """Send nothing more to a socket."""
        self._joined.pop(socket, None)

    async def run(self) -> None:
        """Send new events to all sockets, forever."""
        failing: float | None = None
        while True:
            await self._news.wait()
            self._news.clear()
            if self._anew:
                until, place, self._anew = self._until, self._anew, None
                self._close_all()
                self._at, self._until = place, max(until, place)
            try:
                while self._at < self._until:
                    await self._deliver_next()
                failing = None
            except Exception as error:  # nothing is lost: the log is read again
                if not isinstance(error, Unavailable):
                    log.exception("telling failed", channel=self.channel.name)
                failing = failing or time.monotonic()
                if time.monotonic() - failing > STUCK_SECONDS:
                    self._close_all()
                await asyncio.sleep(RETRY_SECONDS)
                self._news.set()

    def _admit(self, socket: Socket, at: Cursor) -> None:
        if socket.send(text_frame({"type": "ready", "seq": str(at)})) is not None:
            self._joined[socket] = at

    async def _deliver_next(self) -> None:
        if not (self._joined or self._resuming):
            self._at = self._until
            return
        async with self._reading:
            until = self._until
            part = await self._read(self._at)
            for delivery in part.deliveries:
                # Set first: a socket that joins meanwhile gets what comes after this one.
                self._at = delivery.event.cursor
                await self._deliver(delivery)
            self._at = max(self._at, part.end if part.full else max(part.end, until))

    async def _deliver(self, delivery: Delivery) -> None:
        for number, (socket, joined) in enumerate(list(self._joined.items()), 1):
            if delivery.event.cursor > joined and self._sees(socket, delivery):
                socket.send(delivery.frame)
            if number % TURN == 0:
                await asyncio.sleep(0)
        await asyncio.sleep(0)

    async def _read(self, since: Cursor) -> Batch:
        """Read the next part of the log; when it is returned, everybody's rights are up to date."""
        while True:
            await self._people.wait()
            events = await page_after(self._database, since, self._types)
            ids = sorted({event.entity_id for event in events if event.entity_id is not None})
            audiences = await self.channel.audiences(self._database, ids) if ids else {}
            if self._people.is_set():
                break
        made = [each for event in events if (each := self._delivery(event, audiences))]
        return Batch(made, events[-1].cursor if events else since, len(events) == PAGE)

    def _delivery(self, event: Event, audiences: Mapping[int, Audience]) -> Delivery | None:
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

    def _sees(self, socket: Socket, delivery: Delivery) -> bool:
        try:
            return self.channel.sees(socket.actor, delivery.event, delivery.audience)
        except Exception:
            log.exception("not shown", channel=self.channel.name, seq=str(delivery.event.cursor))
            return False

    def _close_all(self) -> None:
        """Close all sockets; clients reconnect to another process, or to this one, and resume."""
        for socket in list(self._joined):
            socket.end(Close.TRY_AGAIN, "cannot read what happened")
        self._at = self._until


def text_frame(message: Mapping[str, Any]) -> bytes:
    """Return a message as a WebSocket frame (RFC 6455, 5.2), made once for all its receivers."""
    content = json.encode(message)
    size = len(content)
    if size < 126:
        head = struct.pack("!BB", 0x81, size)
    elif size < 1 << 16:
        head = struct.pack("!BBH", 0x81, 126, size)
    else:
        head = struct.pack("!BBQ", 0x81, 127, size)
    return head + content
