"""The Tornado application over the route table: finds the route, refuses what has none."""

import asyncio
import contextlib
import ipaddress
import time
from functools import lru_cache
from typing import Any

import structlog
import tornado.web
from tornado.httputil import (
    HTTPHeaders,
    HTTPMessageDelegate,
    HTTPServerRequest,
    RequestStartLine,
    ResponseStartLine,
)

from sunshine import logs
from sunshine.clock import Clock
from sunshine.db import Databases
from sunshine.errors import NotFound, Problem, TooLarge
from sunshine.feeds import Feeds
from sunshine.passwords import Passwords
from sunshine.presence import Presence
from sunshine.principals import Principals
from sunshine.rates import Rates
from sunshine.readiness import Readiness
from sunshine.settings import Settings
from sunshine.signing import Signer
from sunshine.storage import storage_of
from sunshine.tokens import Tokens
from sunshine.web.answers import MethodNotAllowed
from sunshine.web.handler import Handler
from sunshine.web.routes import RouteTable
from sunshine.web.streaming import Refusal, announced

WATCH_SECONDS = 0.1
log = structlog.get_logger("sunshine.web")


class Application(tornado.web.Application):
    """The route table as a Tornado application, with the parts its handlers reach for."""

    def __init__(
        self,
        routes: RouteTable,
        settings: Settings,
        *,
        databases: Databases,
        principals: Principals,
        presence: Presence,
        passwords: Passwords,
        tokens: Tokens,
        readiness: Readiness,
        rates: Rates,
        clock: Clock,
    ) -> None:
        super().__init__(log_function=log_request)
        self.routes = routes
        # Tornado's own `settings` is a dictionary of its options.
        self.configuration = settings
        self.databases = databases
        self.principals = principals
        self.presence = presence
        self.passwords = passwords
        self.tokens = tokens
        self.readiness = readiness
        self.rates = rates
        self.clock = clock
        self.storage = storage_of(settings)
        self.signer = Signer(settings.jwt_secret, settings.base_domain, clock)
        self.feeds = Feeds(settings.jwt_secret, settings.base_domain, principals)
        self.log_fields = logs.of_requests(settings)
        self.draining = False
        self._drained = asyncio.Event()
        self._in_flight: set[Handler] = set()
        self._trusted = [ipaddress.ip_network(proxy) for proxy in settings.trusted_proxies]
        self._trusts = lru_cache(maxsize=1024)(self._is_trusted)

    def find_handler(self, request: HTTPServerRequest, **_: Any) -> Any:
        """The route's handler, or the refusal: unknown path, then method, then size."""
        # No body here is a form: Tornado would refuse a bad one before we ask who sends it.
        request._parse_body = _no_form  # type: ignore[method-assign]
        found = self.routes.find(request.path)
        if found is None:
            return self._refuse(request, NotFound())
        route, values = found
        if request.method != "OPTIONS" and request.method not in route.methods:
            return self._refuse(request, MethodNotAllowed(route.allow))
        most = route.handler.max_body
        if announced(request) > most:
            return self._refuse(request, TooLarge())
        delegate = self.get_handler_delegate(
            request, route.handler, {"route": route}, path_kwargs=values
        )
        if "Transfer-Encoding" in request.headers:
            return _Counted(delegate, self._refuse(request, TooLarge()), most)
        return delegate

    def _refuse(self, request: HTTPServerRequest, problem: Problem) -> HTTPMessageDelegate:
        return self.get_handler_delegate(request, Refusal, {"problem": problem})

    def begun(self, handler: Handler) -> None:
        """A request has arrived whole."""
        self._in_flight.add(handler)

    def ended(self, handler: Handler) -> None:
        """It was answered, or its client went away."""
        self._in_flight.discard(handler)
        if self.draining and not self._in_flight:
            self._drained.set()

    async def watch(self) -> None:
        """Answer what takes too long, for ever; cheaper than a timer for each request."""
        while True:
            await asyncio.sleep(WATCH_SECONDS)
            now = time.monotonic()
            for handler in [each for each in self._in_flight if each.ends < now]:
                try:
                    handler.expire()
                except Exception:  # one that cannot be answered must not end the watch over all
                    log.exception("deadline failed", request_id=handler.request_id)
                    self.ended(handler)

    async def drain(self, seconds: float) -> None:
        """Return when no request is in flight any more, or after so many seconds."""
        self.draining = True
        if self._in_flight:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._drained.wait(), seconds)

    def is_https(self, request: HTTPServerRequest) -> bool:
        """Whether the client speaks TLS: to us, or to a trusted proxy that says so."""
        forwarded = request.headers.get("X-Forwarded-Proto")
        if forwarded is None or not self._trusts(request.remote_ip or ""):
            return request.protocol == "https"
        return forwarded.rpartition(",")[2].strip() == "https"

    def client_address(self, request: HTTPServerRequest) -> str:
        """The nearest address that is not a trusted proxy's; believed from such proxies only."""
        address = request.remote_ip or ""
        chain = request.headers.get("X-Forwarded-For", request.headers.get("X-Real-IP", ""))
        for hop in reversed([part.strip() for part in chain.split(",") if part.strip()]):
            if not self._trusts(address):
                break
            address = hop
        return address

    def _is_trusted(self, address: str) -> bool:
        try:
            parsed = ipaddress.ip_address(address)
        except ValueError:
            return False
        return any(parsed in network for network in self._trusted)


def _no_form() -> None:
    """Uploads are streamed by their own handler."""


class _Counted(HTTPMessageDelegate):
    """A body of unknown length: refused when it grows too large."""

    def __init__(
        self, delegate: HTTPMessageDelegate, refusal: HTTPMessageDelegate, most: int
    ) -> None:
        self._delegate = delegate
        self._refusal = refusal
        self._most = most
        self._received = 0

    def headers_received(
        self, start_line: RequestStartLine | ResponseStartLine, headers: HTTPHeaders
    ) -> Any:
        """Tornado's hook."""
        self._headers = (start_line, headers)
        return self._delegate.headers_received(start_line, headers)

    def data_received(self, chunk: bytes) -> Any:
        """Tornado's hook."""
        self._received += len(chunk)
        if self._received > self._most and self._delegate is not self._refusal:
            self._delegate.on_connection_close()
            self._delegate = self._refusal
            return self._refusal.headers_received(*self._headers)
        return self._delegate.data_received(chunk)

    def finish(self) -> None:
        """Tornado's hook."""
        self._delegate.finish()

    def on_connection_close(self) -> None:
        """Tornado's hook."""
        self._delegate.on_connection_close()


def log_request(handler: Any) -> None:
    """One line per request. Paths without their query: those hold search terms and signatures."""
    request = handler.request
    actor = getattr(handler, "actor", None)
    handler.application.log_fields(
        request_id=handler.request_id,
        method=request.method,
        path=request.path,
        status=handler.get_status(),
        ms=round(request.request_time() * 1000, 1),
        address=handler.application.client_address(request),
        actor=f"{actor.kind}:{actor.id}" if actor else None,
    )
