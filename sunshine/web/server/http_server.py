"""Tornado's HTTP server with our own timeouts, and a safe reaction to running out of descriptors.

Created by server.py. Tornado has one timeout for two waits, for a request to begin and for its
headers to be complete: a client that sends a byte now and then gets the longer one for its headers.
And if `accept` fails, Tornado retries at once, at 100 % CPU, with a traceback each time.
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
# headers have enough time for everybody, from their first byte or from the connection on.
IDLE_SECONDS = 65.0
HEADER_SECONDS = 35.0
BODY_SECONDS = 30.0
LOOK_SECONDS = 1.0
# The idle timeout while other clients find no free descriptor.
PRESSED_SECONDS = 5.0
# Without a descriptor: how long no connection is accepted, and how long all must go well until it
# counts as over.
PAUSE_SECONDS = 1.0
QUIET_SECONDS = 5.0
# Accepted in one turn of the loop, so that open connections are served, too.
AT_ONCE = 128
# Errors of accept(2) about one client whose connection is already gone.
CLIENT_IS_GONE = frozenset({
    errno.ECONNABORTED, errno.EPERM, errno.EPROTO, errno.ENETDOWN, errno.ENOPROTOOPT,
    errno.EHOSTDOWN, errno.EHOSTUNREACH, errno.EOPNOTSUPP, errno.ENETUNREACH,
})  # fmt: skip
log = structlog.get_logger("sunshine.serving")


class Server(CountedServer):
    """The HTTP server of one process, which counts its connections. `watch` must run next to it."""

    def initialize(self, *args: Any, **options: Any) -> None:
        """Tornado's constructor."""
        # Only a safety net: `watch` acts earlier.
        most = IDLE_SECONDS + HEADER_SECONDS
        options |= {"idle_connection_timeout": most, "body_timeout": BODY_SECONDS}
        super().initialize(*args, **options)
        self._requests: dict[object, _Awaited] = {}
        self._since: float | None = None  # when descriptors ran out
        self._failed = 0.0  # when that last happened
        self._resuming: dict[socket.socket, asyncio.TimerHandle] = {}

    # ---- how long a request may take to arrive -------------------------------------------------

    def start_request(
        self, server_conn: object, request_conn: HTTPConnection
    ) -> HTTPMessageDelegate:
        """Note that a connection is open, or was answered, and waits for a request (Tornado's
        hook)."""
        if isinstance(request_conn, HTTP1Connection):
            is_first = server_conn not in self._requests
            self._requests[server_conn] = _Awaited(request_conn, is_first)
        return super().start_request(server_conn, request_conn)

    def on_close(self, server_conn: object) -> None:
        """Tornado's hook."""
        self._requests.pop(server_conn, None)
        super().on_close(server_conn)

    async def watch(self) -> NoReturn:
        """Close connections that wait too long, for ever; cheaper than a timer for each request."""
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
            except BlockingIOError:  # no more clients are waiting
                return
            except OSError as error:
                if error.errno in CLIENT_IS_GONE:
                    continue
                self._pause(listening, error)
                return
            self._handle_connection(connection, address)

    def _pause(self, listening: socket.socket, error: OSError) -> None:
        """Leave new clients in the system's queue for a moment."""
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
    """A request that a connection waits for or that is being served."""

    __slots__ = ("begun", "is_first", "request", "since")

    def __init__(self, request: HTTP1Connection, is_first: bool) -> None:
        self.request = request
        self.is_first = is_first
        self.since = time.monotonic()
        self.begun: float | None = None  # when a part of its headers was first seen

    def is_late(self, now: float, idle: float) -> bool:
        """Return whether its headers are overdue; a request that has not begun may wait `idle`
        seconds."""
        request = self.request
        if request._request_headers is not None or request.stream is None:
            return False  # complete; Tornado watches the body
        if self.begun is None and not awaits_a_request(request.stream):
            self.begun = now
        if self.begun is None:
            most = min(idle, HEADER_SECONDS) if self.is_first else idle
            return now - self.since > most
        begun = self.since if self.is_first else self.begun
        return now - begun > HEADER_SECONDS
