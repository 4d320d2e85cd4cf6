"""WebSocket endpoints: who may connect, what clients may send, when they are closed.
docs/sockets.md.

The same guards as over HTTP decide who may connect: before the upgrade if a token comes with the
request, otherwise when the first message brings one. Deliveries: sunshine/live/hub.py.
"""

import asyncio
import time
from collections import Counter
from typing import Any
from urllib.parse import urlsplit

import structlog
from tornado.iostream import IOStream, StreamBufferFullError, StreamClosedError
from tornado.websocket import WebSocketHandler, WebSocketProtocol, WebSocketProtocol13

from sunshine.core import json
from sunshine.core.errors import AppError, Invalid, NotAllowed, NotSignedIn, Unavailable
from sunshine.database.event_log import Cursor
from sunshine.live.hub import Channel, Close, text_frame
from sunshine.operations.rate_limits import bucket
from sunshine.web.guards import requires_permission, signed_in
from sunshine.web.handler import Handler
from sunshine.web.response_specs import errors, no_body
from sunshine.web.responses import UpgradeRequired
from sunshine.web.routes import Route
from sunshine.web.server.connections import too_many

log = structlog.get_logger("sunshine.sockets")

SUBPROTOCOL = "sunshine.v1"
_TOKEN = "token."  # noqa: S105 - prefix of a token among the subprotocols
CLOSE = 0x8  # the opcode
MAX_MESSAGE = 4096
MAX_PER_SECOND = 20
MAX_STRANGERS = 20
# Frames of a closed client that are still read; the client has one left to send.
MAX_GOODBYE = 100
GOODBYE_SECONDS = 5.0
# Bytes that may wait for a reader before the connection is closed.
MAX_WAITING = 1 << 20
SIGN_IN_SECONDS = 10.0
PING_SECONDS = 30.0
PONG_SECONDS = 20.0


class SocketRoute(Route):
    """The path of a channel."""

    def __init__(self, path: str, channel: Channel) -> None:
        origin, upgrade = errors(403, "origin_not_allowed"), errors(426, UpgradeRequired.code)
        guards = signed_in, requires_permission(channel.permission)
        super().__init__(path, Socket, GET=[*guards, no_body(101), origin, upgrade])
        self.channel = channel


class Socket(WebSocketHandler, Handler):
    """One client on a channel."""

    safe = False
    route: SocketRoute

    def initialize(self, route: Route | None = None) -> None:
        """Tornado's constructor hook."""
        super().initialize(route)
        self.known = False
        self.ended = False
        self._is_stranger = False
        # Where it is counted until it ends: by address, then by person.
        self._seat: tuple[Counter[str], str] | None = None
        self._stream: IOStream | None = None
        self._said: str | None = None
        self._listening: asyncio.Task[None] | None = None
        self._messages = 0
        self._second = self._opened = 0.0
        self._ping_at = 0.0
        self._pong_by = 0.0

    @property
    def channel(self) -> Channel:
        """Return the channel this client listens to."""
        return self.route.channel

    @property
    def token(self) -> str | None:
        """Return the token from the first message, the header or the subprotocols; never from the
        URL."""
        if self._said is not None:
            return self._said
        shown = super().token
        offered = (each.strip() for each in self._header("Sec-WebSocket-Protocol").split(","))
        return shown or next((e[len(_TOKEN) :] for e in offered if e.startswith(_TOKEN)), None)

    # Before the upgrade.

    async def prepare(self) -> None:
        """Pass the guards, or wait for the message with the token."""
        if self.request.method != "GET":
            return await super().prepare()
        self._check_origin()
        if self.application.presence.stopping:
            raise Unavailable("The server is stopping")
        self._generation = self.application.principals.generation
        upgrades = self._upgrades()
        if upgrades:
            stream = getattr(self.request.server_connection, "stream", None)
            self.application.connections.check_socket(stream, self._address)
            if self.token is None:
                return self._admit_stranger()
        await super().prepare()
        if not upgrades:
            raise UpgradeRequired
        self._admit_person()
        return None

    @property
    def _address(self) -> str:
        return self.application.client_address(self.request)

    def _header(self, name: str) -> str:
        return self.request.headers.get(name, "")

    def _check_origin(self) -> None:
        """Require one of the company's own origins from browsers; other programs send no origin."""
        origin = self.request.headers.get("Origin")
        configuration = self.application.configuration
        own = "{0.scheme}://{0.netloc}".format(urlsplit(configuration.base_domain))
        if origin is None or {"*", origin} & set(configuration.cors_origins) or origin == own:
            return
        raise NotAllowed("This origin may not connect", code="origin_not_allowed")

    def check_origin(self, origin: str) -> bool:
        """Return True (Tornado's hook); `_check_origin` ran before authentication."""
        return True

    def _upgrades(self) -> bool:
        connection = {part.strip().lower() for part in self._header("Connection").split(",")}
        return (
            self._header("Upgrade").lower() == "websocket"
            and "upgrade" in connection
            and self._header("Sec-WebSocket-Version") == "13"
            and bool(self._header("Sec-WebSocket-Key"))
        )

    def _admit_stranger(self) -> None:
        self._sit(self.application.presence.strangers, bucket(self._address), MAX_STRANGERS)
        self._is_stranger = True

    def _admit_person(self) -> None:
        settings = self.application.configuration
        most = settings.limits.sockets if settings.rate_limit_enabled else None
        who = f"{self.actor.kind}:{self.actor.id}"
        self._rise()
        self._sit(self.application.presence.held, who, most)
        self._is_stranger = False

    def _sit(self, counter: Counter[str], key: str, most: int | None) -> None:
        if most is not None and counter[key] >= most:
            raise too_many(most)
        counter[key] += 1
        self._seat = counter, key

    def _rise(self) -> None:
        """Uncount the client where it was counted."""
        if self._seat is not None:
            counter, key = self._seat
            counter[key] -= 1
            if not counter[key]:
                del counter[key]
            self._seat = None

    def get_websocket_protocol(self) -> WebSocketProtocol | None:
        """Tornado's hook."""
        made = super().get_websocket_protocol()
        return made and _Protocol(self, False, made.params)  # type: ignore[attr-defined]

    def select_subprotocol(self, subprotocols: list[str]) -> str | None:
        """Return our subprotocol if it is offered (Tornado's hook); the others are tokens."""
        return SUBPROTOCOL if SUBPROTOCOL in subprotocols else None

    @property
    def max_message_size(self) -> int:
        """Return the maximum message size (Tornado's hook); longer messages close with 1009."""
        return MAX_MESSAGE

    # Connected.

    def open(self) -> None:
        """Start serving the client after the upgrade (Tornado's hook)."""
        assert self.ws_connection is not None  # noqa: S101 - for mypy
        self._stream = self.ws_connection.stream
        assert self._stream is not None  # noqa: S101
        self._stream.set_nodelay(True)
        self._opened = self._second = time.monotonic()
        self._ping_at = self._opened + PING_SECONDS
        self.application.presence.enter(self)
        self.application.connections.keep(self, self._address)
        if not self._is_stranger:
            since = self.request.query_arguments.get("since")
            self._begin(since[-1].decode("utf-8", "replace") if since else None)

    def on_message(self, message: str | bytes) -> Any:
        """Tornado's hook."""
        if not self.known:
            return self._sign_in(message)
        self._complain("unknown_message", "Nothing is expected from you here")
        return None

    def on_pong(self, data: bytes) -> None:
        """Note that the client is alive (Tornado's hook)."""
        self._pong_by = 0.0

    def counted(self) -> bool:
        """Count one frame of any kind; return whether the client stays within its rate.

        It is closed if it does not.
        """
        now = time.monotonic()
        if now - self._second >= 1 and not self.ended:
            self._second, self._messages = now, 0
        self._messages += 1
        if self._messages > MAX_PER_SECOND:
            self.end(Close.MISUSE, "too many messages")
        return not self.ended

    @property
    def floods(self) -> bool:
        """Return whether it was closed and sends more than a goodbye."""
        return self.ended and self._messages > MAX_GOODBYE

    async def _sign_in(self, message: str | bytes) -> None:
        """Authenticate by the first message; until then nothing is answered."""
        try:
            said = json.decode(message.encode() if isinstance(message, str) else b"")
        except Invalid:
            said = None
        said = said if isinstance(said, dict) and said.get("type") == "auth" else {}
        token = said.get("token")
        self._said = token if isinstance(token, str) else ""
        self._generation = self.application.principals.generation
        try:
            await super().prepare()
            if not self.ended:  # it may have gone meanwhile
                self._admit_person()
        except NotSignedIn:
            self.end(Close.NOT_SIGNED_IN, "not signed in")
        except NotAllowed:
            self.end(Close.NOT_ALLOWED, "not allowed")
        except AppError as problem:
            self.end(Close.TRY_AGAIN, problem.message)
        else:
            self._begin(said.get("since"))
        finally:
            self._said = None

    def _begin(self, since: Any) -> None:
        """Deliver missed events and then new ones: the client is authenticated."""
        if self.ended:
            return
        self.known = True
        if self._generation != self.application.principals.generation:
            self.application.presence.recheck()
        try:
            cursor = None if since is None else Cursor.parse(since if type(since) is str else "")
        except Invalid:
            self._complain("bad_cursor", "since is not a cursor")
            self.end(Close.MISUSE, "since is not a cursor")
        else:
            self._listening = asyncio.create_task(self._listen(cursor))

    async def _listen(self, since: Cursor | None) -> None:
        try:
            await self.application.presence.hub(self.channel).listen(self, since)
        except StreamClosedError:
            pass
        except Unavailable as problem:
            self.end(Close.TRY_AGAIN, problem.message)
        except Exception:
            log.exception("resume failed", channel=self.channel.name)
            self.end(Close.FAILED, "internal error")
        finally:
            self._listening = None

    def _complain(self, code: str, message: str) -> None:
        self.send(text_frame({"type": "error", "data": {"code": code, "message": message}}))

    def send(self, frame: bytes) -> "asyncio.Future[None] | None":
        """Queue a frame; awaiting the result waits until it was sent.

        None if nothing can be sent.
        """
        if self.ended or self._stream is None:
            return None
        # A frame larger than the buffer is sent alone; otherwise it could never be sent.
        self._stream.max_write_buffer_size = max(MAX_WAITING, len(frame))
        try:
            return self._stream.write(frame)
        except StreamBufferFullError:
            self.end(Close.TRY_AGAIN, "too slow")
        except StreamClosedError:
            pass
        return None

    def tick(self, now: float, wall: float) -> None:
        """Do what is due; called every second."""
        if self.ended or self._stream is None:
            return
        if not self.known:
            if now >= self._opened + SIGN_IN_SECONDS:
                self.end(Close.NOT_SIGNED_IN, "no token in time")
        elif self.actor.expires <= wall:
            self.end(Close.NOT_SIGNED_IN, "the token has expired")
        if self._pong_by and now >= self._pong_by:
            self.abort()
        elif now >= self._ping_at and not self.ended:
            self._ping_at, self._pong_by = now + PING_SECONDS, now + PONG_SECONDS
            self.send(b"\x89\x00")

    def end(self, code: Close, reason: str) -> None:
        """Close; nothing is sent afterwards. A client that does not close in turn is dropped."""
        if self.ended:
            return
        self.ended = True
        self._leave()
        who = f"{self.actor.kind}:{self.actor.id}" if self.known else None
        log.info("closed", channel=self.channel.name, code=int(code), reason=reason, actor=who)
        if self._stream is not None:
            self._stream.max_write_buffer_size = None
        self.close(code, reason)

    def abort(self) -> None:
        """Drop the connection."""
        self.ended = True
        self._leave()
        if self._stream is not None:
            self._stream.close()

    def _leave(self) -> None:
        self._rise()
        if self._listening:
            self._listening.cancel()
        if self.known:
            self.application.presence.hub(self.channel).leave(self)

    # Gone.

    def on_close(self) -> None:
        """Unregister the closed connection (Tornado's hook)."""
        self.ended = True
        self._leave()
        self.application.presence.leave(self)
        self.application.connections.leave(self)

    def on_finish(self) -> None:
        """Uncount a client whose upgrade was refused (Tornado's hook)."""
        super().on_finish()
        if self.get_status() != 101:
            self._rise()

    def on_connection_close(self) -> None:
        """Unregister a client that disconnected, before the upgrade or after it (Tornado's
        hook)."""
        super().on_connection_close()
        self.application.ended(self)


class _Protocol(WebSocketProtocol13):
    """Tornado's protocol, with two changes.

    Tornado answers every ping before it can be counted, and reads on after it has closed a client.
    """

    handler: Socket

    async def _receive_frame(self) -> None:
        if self.handler.floods:
            # Nothing more is read, so that the client can read why; then it is dropped.
            await asyncio.sleep(GOODBYE_SECONDS)
            self._abort()
            return
        await super()._receive_frame()
        if self._fragmented_message_buffer is not None:  # a fragment, which nothing else counts
            self.handler.counted()

    def _handle_message(self, opcode: int, data: bytes) -> "asyncio.Future[None] | None":
        if opcode != CLOSE and not self.handler.counted():
            return None
        return super()._handle_message(opcode, data)
