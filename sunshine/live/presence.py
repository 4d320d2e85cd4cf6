"""The connections of this process: counted, pinged, rechecked, and closed when it stops.

What they are sent: sunshine/live/hub.py. The protocol: sunshine/web/sockets.py.
"""

import asyncio
import contextlib
import time
from collections import Counter
from collections.abc import Mapping
from typing import Protocol

import structlog

from sunshine.core.clock import Clock
from sunshine.core.errors import Unavailable
from sunshine.database.database import Databases
from sunshine.database.event_log import Cursor, Event, Feed
from sunshine.identity.resolver import Principals
from sunshine.live.hub import Channel, Close, Hub, Socket

log = structlog.get_logger("sunshine.presence")

TICK_SECONDS = 1.0
# Users are reloaded whenever one of them may have changed, and at least this often.
RECHECK_SECONDS = 60.0
RECHECK_AT_ONCE = 500
# Between two rechecks: however often users change, sockets are still served.
RECHECK_PAUSE = 0.1
# How long a client has for its closing handshake.
GOODBYE_SECONDS = 2.0


class ClientConnection(Socket, Protocol):
    """A connection that may not have signed in yet."""

    known: bool
    ended: bool

    @property
    def channel(self) -> Channel:
        """The channel it listens to."""

    def tick(self, now: float, wall: float) -> None:
        """Do what is due, each second. `now` is monotonic, `wall` seconds since the epoch."""

    def abort(self) -> None:
        """Abort the connection."""


class Presence:
    """Tracks the connections; one per process."""

    def __init__(
        self, databases: Databases, principals: Principals, feed: Feed, clock: Clock
    ) -> None:
        self._databases = databases
        self._principals = principals
        self._feed = feed
        self._clock = clock
        self._guests: set[ClientConnection] = set()
        self._hubs: dict[str, Hub] = {}
        self._tasks: list[asyncio.Task[None]] = []
        # Not set while somebody's rights may have changed since they were read.
        self._people = asyncio.Event()
        self._people.set()
        self._changed = asyncio.Event()
        self._empty = asyncio.Event()
        self._empty.set()
        self.strangers: Counter[str] = Counter()
        # How many sockets each signed-in user holds.
        self.held: Counter[str] = Counter()
        self.stopping = False
        feed.subscribe(self._on_event)
        feed.on_forget(self.recheck)
        feed.on_break(self._begin_anew)

    @property
    def connected(self) -> int:
        """The number of sockets that have signed in."""
        return sum(guest.known and not guest.ended for guest in self._guests)

    def by_channel(self) -> Mapping[str, int]:
        """Return the number of signed-in sockets by channel; `(stranger)` counts the others."""
        return Counter(
            guest.channel.name if guest.known else "(stranger)"
            for guest in self._guests
            if not guest.ended
        )

    def start(self) -> None:
        """Start the tasks that ping and recheck."""
        self._tasks += [asyncio.create_task(self._watch()), asyncio.create_task(self._recheck())]

    async def stop(self) -> None:
        """Close all connections; clients reconnect to another process, or to the next one."""
        self.stopping = True
        for guest in list(self._guests):
            guest.end(Close.GOING_AWAY, "the server is stopping")
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(GOODBYE_SECONDS):
                await self._empty.wait()
        for guest in list(self._guests):
            guest.abort()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def hub(self, channel: Channel) -> Hub:
        """Return the hub of a channel."""
        hub = self._hubs.get(channel.name)
        if hub is None:
            hub = Hub(channel, self._databases.sunshine, self._feed, self._people)
            self._hubs[channel.name] = hub
            self._tasks.append(asyncio.create_task(hub.run()))
        return hub

    def enter(self, guest: ClientConnection) -> None:
        """Add a connection."""
        self._guests.add(guest)
        self._empty.clear()

    def leave(self, guest: ClientConnection) -> None:
        """Remove a connection."""
        self._guests.discard(guest)
        if not self._guests:
            self._empty.set()

    def recheck(self) -> None:
        """Send nothing until all rights, which may have changed, are read again."""
        self._people.clear()
        self._changed.set()

    def _on_event(self, event: Event) -> None:
        for hub in self._hubs.values():
            hub.on_event(event)

    def _begin_anew(self, at: Cursor) -> None:
        for hub in self._hubs.values():
            hub.begin_anew(at)

    async def _watch(self) -> None:
        while True:
            await asyncio.sleep(TICK_SECONDS)
            now, wall = time.monotonic(), self._clock().timestamp()
            for guest in list(self._guests):
                try:
                    guest.tick(now, wall)
                except Exception:  # one bad connection must not end the watch
                    log.exception("watch failed")
                    guest.abort()

    async def _recheck(self) -> None:
        while True:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(RECHECK_SECONDS):
                    await self._changed.wait()
            self._changed.clear()
            try:
                await self._look_again()
            except Exception as error:
                if not isinstance(error, Unavailable):
                    log.exception("recheck failed")
                self._changed.set()
                await asyncio.sleep(1)
            else:
                # Unless it changed again meanwhile.
                if not self._changed.is_set():
                    self._people.set()
                await asyncio.sleep(RECHECK_PAUSE)

    async def _look_again(self) -> None:
        guests = [guest for guest in self._guests if guest.known and not guest.ended]
        for start in range(0, len(guests), RECHECK_AT_ONCE):
            some = guests[start : start + RECHECK_AT_ONCE]
            shown = {guest.actor.jti: guest.actor for guest in some}
            now = await self._principals.reload(shown.values())
            for guest in some:
                principal = now.get(guest.actor.jti)
                if principal is None:
                    guest.end(Close.NOT_SIGNED_IN, "signed out")
                elif not principal.may(guest.channel.permission):
                    guest.end(Close.NOT_ALLOWED, "not allowed any more")
                else:
                    guest.actor = principal
