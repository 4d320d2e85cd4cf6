"""Tornado's HTTP server with bounds of our own: what a connection may wait for, and what happens
when the system has no descriptor left for the next one. Made by server.py.

Tornado has one limit for both waits, for a request to begin and for its headers to be complete:
whoever sends a byte now and then has the longer one for it. And where `accept` fails it asks again
at once, at 100 % CPU, with a traceback each time.
"""

import asyncio
import errno
import resource
import socket
import time
from collections.abc import Iterable
from functools import partial
from typing import Any, NoReturn

import structlog
from tornado.http1connection import HTTP1Connection
from tornado.httputil import HTTPConnection, HTTPMessageDelegate
from tornado.ioloop import IOLoop

from sunshine.web.server.counted import CountedServer
from sunshine.web.server.shutdown import awaits_a_request

# Seconds. A kept connection waits longer than nginx keeps one (60 s), so that nginx closes it;
# headers have as long as everybody needs, from their first byte or from the connection on.
IDLE_SECONDS = 65.0
HEADER_SECONDS = 35.0
BODY_SECONDS = 30.0
LOOK_SECONDS = 1.0
# What an idle connection has while others find no place.
PRESSED_SECONDS = 5.0
# Without a descriptor: how long nobody is accepted, and how long all must go well to call it over.
PAUSE_SECONDS = 1.0
QUIET_SECONDS = 5.0
# Accepted in one turn of the loop, so that those already here are served too.
AT_ONCE = 128
# What accept(2) tells of that one client, whose connection is gone already.
CLIENT_IS_GONE = frozenset({
    errno.ECONNABORTED, errno.EPERM, errno.EPROTO, errno.ENETDOWN, errno.ENOPROTOOPT,
    errno.EHOSTDOWN, errno.EHOSTUNREACH, errno.EOPNOTSUPP, errno.ENETUNREACH,
})  # fmt: skip
log = structlog.get_logger("sunshine.serving")


class Server(CountedServer):
    """The HTTP server of one process, which counts its connections. `watch` must run beside it."""

    def initialize(self, *args: Any, **options: Any) -> None:
        """Tornado's constructor."""
        # A net only: `watch` is earlier.
        most = IDLE_SECONDS + HEADER_SECONDS
        options |= {"idle_connection_timeout": most, "body_timeout": BODY_SECONDS}
        super().initialize(*args, **options)
        self._requests: dict[object, _Awaited] = {}
        self._since: float | None = None  # when descriptors ran out
        self._failed = 0.0  # when that was noticed last
        self._resuming: dict[socket.socket, asyncio.TimerHandle] = {}

    # ---- how long a request may take to arrive -------------------------------------------------

    def start_request(
        self, server_conn: object, request_conn: HTTPConnection
    ) -> HTTPMessageDelegate:
        """Tornado's hook: the connection is open, or has been answered, and waits for a request."""
        if isinstance(request_conn, HTTP1Connection):
            is_first = server_conn not in self._requests
            self._requests[server_conn] = _Awaited(request_conn, is_first)
        return super().start_request(server_conn, request_conn)

    def on_close(self, server_conn: object) -> None:
        """Tornado's hook."""
        self._requests.pop(server_conn, None)
        super().on_close(server_conn)

    async def watch(self) -> NoReturn:
        """Close what waits too long, for ever; cheaper than a timer for each request."""
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            now = time.monotonic()
            idle = IDLE_SECONDS if self._since is None else PRESSED_SECONDS
            for awaited in list(self._requests.values()):
                if awaited.is_late(now, idle):
                    awaited.request.close()

    # ---- when no descriptor is left ------------------------------------------------------------

    def add_sockets(self, sockets: Iterable[socket.socket]) -> None:
        """Accept connections on these sockets."""
        for listening in sockets:
            self._sockets[listening.fileno()] = listening
            self._handlers[listening.fileno()] = partial(self._deafen, listening)
            self._listen(listening)

    def _listen(self, listening: socket.socket) -> None:
        self._resuming.pop(listening, None)
        handler = partial(self._accept, listening)
        IOLoop.current().add_handler(listening, handler, IOLoop.READ)

    def _deafen(self, listening: socket.socket) -> None:
        if resuming := self._resuming.pop(listening, None):
            resuming.cancel()
        else:
            IOLoop.current().remove_handler(listening)

    def _accept(self, listening: socket.socket, *_fd_and_events: object) -> None:
        for _ in range(AT_ONCE):
            if self._stopped:
                return
            try:
                connection, address = listening.accept()
            except BlockingIOError:  # that was all of them
                return
            except OSError as error:
                if error.errno in CLIENT_IS_GONE:
                    continue
                self._pause(listening, error)
                return
            self._handle_connection(connection, address)

    def _pause(self, listening: socket.socket, error: OSError) -> None:
        """Leave those who wait in the queue of the system, for a moment."""
        self._failed = time.monotonic()
        loop = asyncio.get_running_loop()
        if self._since is None:
            self._since = self._failed
            reason, limit = error.strerror, resource.getrlimit(resource.RLIMIT_NOFILE)[0]
            log.error(
                "new connections wait", reason=reason, connections=len(self._connections),
                open_files_limit=limit,
            )  # fmt: skip
            loop.call_later(QUIET_SECONDS, self._look_whether_over)
        IOLoop.current().remove_handler(listening)
        self._resuming[listening] = loop.call_later(PAUSE_SECONDS, self._listen, listening)

    def _look_whether_over(self) -> None:
        quiet = time.monotonic() - self._failed
        if self._stopped or self._since is None:
            return
        if quiet < QUIET_SECONDS:
            later = QUIET_SECONDS - quiet
            asyncio.get_running_loop().call_later(later, self._look_whether_over)
            return
        log.warning("new connections are accepted again", seconds=round(self._failed - self._since))
        self._since = None


class _Awaited:
    """A request that a connection waits for, or is being served."""

    __slots__ = ("begun", "is_first", "request", "since")

    def __init__(self, request: HTTP1Connection, is_first: bool) -> None:
        self.request = request
        self.is_first = is_first
        self.since = time.monotonic()
        self.begun: float | None = None  # when a part of its headers was seen

    def is_late(self, now: float, idle: float) -> bool:
        """Whether its headers should be complete by now; one that has not begun may wait `idle`."""
        request = self.request
        if request._request_headers is not None or request.stream is None:
            return False  # complete; what its body may take is Tornado's to watch
        if self.begun is None and not awaits_a_request(request.stream):
            self.begun = now
        if self.begun is None:
            most = min(idle, HEADER_SECONDS) if self.is_first else idle
            return now - self.since > most
        begun = self.since if self.is_first else self.begun
        return now - begun > HEADER_SECONDS
