"""The Tornado application over the route table: finds the route, or rejects the request."""

import asyncio
import ipaddress
import time
from collections.abc import Callable, Iterable
from functools import lru_cache
from typing import Any
from urllib.parse import urlsplit

import structlog
from tornado.httputil import (
    HTTPHeaders,
    HTTPMessageDelegate,
    HTTPServerRequest,
    RequestStartLine,
    ResponseStartLine,
)

from sunshine.core.clock import Clock
from sunshine.core.errors import AppError, NotFound, TooLarge, TooMany
from sunshine.core.settings import Settings
from sunshine.database.database import Databases
from sunshine.files.storage import Storage
from sunshine.identity.calendar_tokens import Feeds
from sunshine.identity.passwords import Passwords
from sunshine.identity.resolver import Principals
from sunshine.identity.signed_urls import Signer
from sunshine.identity.tokens import Tokens
from sunshine.live.presence import Presence
from sunshine.operations import logs
from sunshine.operations.metrics import Metrics
from sunshine.operations.rate_limits import Rates
from sunshine.operations.readiness import Readiness
from sunshine.web.endpoint import Services
from sunshine.web.handler import Handler
from sunshine.web.responses import MethodNotAllowed
from sunshine.web.routes import RouteTable
from sunshine.web.server.connections import Connections
from sunshine.web.streaming import Refusal, announced

WATCH_SECONDS = 0.1
log = structlog.get_logger("sunshine.web")


class Application(Services):
    """The route table as a Tornado application, with the services its handlers use."""

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
        storage: Storage,
        readiness: Readiness,
        rates: Rates,
        metrics: Metrics,
        clock: Clock,
    ) -> None:
        super().__init__(log_function=log_request)
        self.routes = routes
        self.configuration = settings
        self.databases = databases
        self.principals = principals
        self.presence = presence
        self.passwords = passwords
        self.tokens = tokens
        self.readiness = readiness
        self.rates = rates
        self.metrics = metrics
        self.clock = clock
        self.storage = storage
        self.signer = Signer(settings.jwt_secret, settings.files_base, clock)
        self.feeds = Feeds(settings.jwt_secret, settings.base_domain, principals)
        self.log_fields = logs.of_requests(settings)
        self.in_flight: set[Handler] = set()
        self._files_host = urlsplit(settings.files_origin).hostname
        self._trusts = _within(settings.trusted_proxies)
        limits = settings.limits if settings.rate_limit_enabled else None
        self.connections = Connections(limits.connections if limits else None, self._trusts)
        self._is_watchman = _within(settings.metrics_allow)

    def find_handler(self, request: HTTPServerRequest, **_: Any) -> Any:
        """Return the route's handler, or a refusal: unknown path, then method, then size."""
        try:
            self.connections.check(request, _plain(request.remote_ip or ""))
        except TooMany as problem:
            return self._refuse(request, problem)
        # No body here is a form: Tornado would reject a bad one before the caller is authenticated.
        request._parse_body = _no_form  # type: ignore[method-assign]
        found = self.routes.find(request.path)
        if found is None:
            return self._refuse(request, NotFound())
        route, values = found
        if self.is_for_files(request) and not route.handler.sends_files:
            return self._refuse(request, NotFound())
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

    def _refuse(self, request: HTTPServerRequest, problem: AppError) -> HTTPMessageDelegate:
        return self.get_handler_delegate(request, Refusal, {"problem": problem})

    def begun(self, handler: Handler) -> None:
        """Register a request that has fully arrived."""
        self.in_flight.add(handler)

    def ended(self, handler: Handler) -> None:
        """Unregister a request that was answered or whose client disconnected."""
        self.in_flight.discard(handler)

    async def watch(self) -> None:
        """Answer requests past their deadline, for ever; cheaper than a timer for each request."""
        while True:
            due = time.monotonic() + WATCH_SECONDS
            await asyncio.sleep(WATCH_SECONDS)
            now = time.monotonic()
            self.metrics.stalled(max(0.0, now - due))
            for handler in [each for each in self.in_flight if each.ends < now]:
                try:
                    handler.expire()
                except Exception:  # one that cannot be answered must not end the watch over all
                    log.exception("deadline failed", request_id=handler.request_id)
                    self.ended(handler)

    def is_for_files(self, request: HTTPServerRequest) -> bool:
        """Return whether the request came to the host of FILES_ORIGIN.

        That host has no API, so no file can act on the API's origin, whatever it makes a browser
        do.
        """
        return (
            self._files_host is not None
            and request.host_name.lower().rstrip(".") == self._files_host
        )

    def is_https(self, request: HTTPServerRequest) -> bool:
        """Return whether the client uses TLS: to us, or according to a trusted proxy."""
        forwarded = request.headers.get("X-Forwarded-Proto")
        if forwarded is None or not self._trusts(_plain(request.remote_ip or "")):
            return request.protocol == "https"
        return forwarded.rpartition(",")[2].strip() == "https"

    def client_address(self, request: HTTPServerRequest) -> str:
        """Return the nearest address that is not a trusted proxy's; only trusted proxies are
        believed."""
        address = _plain(request.remote_ip or "")
        chain = request.headers.get("X-Forwarded-For", request.headers.get("X-Real-IP", ""))
        for hop in reversed([part.strip() for part in chain.split(",") if part.strip()]):
            if not self._trusts(address):
                break
            address = _plain(hop)
        return address

    def may_watch(self, request: HTTPServerRequest) -> bool:
        """Return whether the client's address may read the metrics."""
        return self._is_watchman(self.client_address(request))


def _within(networks: Iterable[str]) -> Callable[[str], bool]:
    """Return a function that tests whether an address is in one of the networks."""
    parsed = [ipaddress.ip_network(network) for network in networks]

    @lru_cache(maxsize=1024)
    def is_within(address: str) -> bool:
        try:
            found = ipaddress.ip_address(address)
        except ValueError:
            return False
        return any(found in network for network in parsed)

    return is_within


def _plain(address: str) -> str:
    """Return an IPv4 address as such: an inherited dual-stack socket reports it as
    ::ffff:192.0.2.1."""
    return address.removeprefix("::ffff:") if "." in address else address


def _no_form() -> None:
    """Do nothing: uploads are streamed by their own handler."""


class _Counted(HTTPMessageDelegate):
    """Rejects a body of unknown length once it grows too large."""

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
    """Log one line per request.

    Paths without their query: it contains search terms and signatures.
    """
    request = handler.request
    seconds = request.request_time()
    route = handler.route.path if handler.route else None
    handler.application.metrics.answered(route, request.method, handler.get_status(), seconds)
    actor = getattr(handler, "actor", None)
    handler.application.log_fields(
        request_id=handler.request_id,
        method=request.method,
        path=request.path,
        status=handler.get_status(),
        ms=round(seconds * 1000, 1),
        address=handler.application.client_address(request),
        actor=f"{actor.kind}:{actor.id}" if actor else None,
    )
