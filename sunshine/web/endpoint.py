"""The interface of an endpoint and of its application, for guards and functions that take one.

The classes behind it are in sunshine/web/handler.py and application.py, which import the modules
that import this one.
"""

from typing import Any, ClassVar, Literal

from tornado.httputil import HTTPServerRequest
from tornado.web import Application, RequestHandler

from sunshine.core.clock import Clock
from sunshine.core.fields import MAX_BODY
from sunshine.core.principals import Principal
from sunshine.core.settings import Settings
from sunshine.database.database import Databases
from sunshine.files.storage import Storage
from sunshine.identity.calendar_tokens import Feeds
from sunshine.identity.passwords import Passwords
from sunshine.identity.resolver import Principals
from sunshine.identity.signed_urls import Signer
from sunshine.identity.tokens import Tokens
from sunshine.live.presence import Presence
from sunshine.operations.metrics import Metrics
from sunshine.operations.rate_limits import RateLimitStatus, Rates
from sunshine.operations.readiness import Readiness
from sunshine.web.server.connections import Connections

TOKEN_HEADER = "x-access-token"  # noqa: S105 - a header's name


class Services(Application):
    """The services that endpoints use, one of each per process."""

    # Tornado's own `settings` is a dictionary of its options.
    configuration: Settings
    databases: Databases
    principals: Principals
    presence: Presence
    passwords: Passwords
    tokens: Tokens
    storage: Storage
    signer: Signer
    feeds: Feeds
    readiness: Readiness
    rates: Rates
    metrics: Metrics
    connections: Connections
    clock: Clock
    # Once set, each response says that the connection ends with it.
    draining = False

    def begun(self, handler: Any) -> None:
        """Register a request that has fully arrived."""
        raise NotImplementedError

    def ended(self, handler: Any) -> None:
        """Unregister a request that was answered or whose client disconnected."""
        raise NotImplementedError

    def is_https(self, request: HTTPServerRequest) -> bool:
        """Return whether the client uses TLS: to us, or according to a trusted proxy."""
        raise NotImplementedError

    def client_address(self, request: HTTPServerRequest) -> str:
        """Return the nearest address that is not a trusted proxy's; only trusted proxies are
        believed."""
        raise NotImplementedError

    def may_watch(self, request: HTTPServerRequest) -> bool:
        """Return whether the client's address may read the metrics."""
        raise NotImplementedError

    def is_for_files(self, request: HTTPServerRequest) -> bool:
        """Return whether the request came to the host of FILES_ORIGIN."""
        raise NotImplementedError


class Endpoint(RequestHandler):
    """An endpoint. Its guards set the attributes `actor`, `query`, `body`, `items` or `text`."""

    application: Services
    actor: Principal
    body: dict[str, Any]
    items: list[dict[str, Any]]
    query: dict[str, Any]
    text: str
    # The caller's rate limit status, once the request was counted.
    standing: RateLimitStatus | None = None
    # Whether GET changes nothing, so that HEAD may use it.
    safe: ClassVar[bool] = True
    # Whether this is the caller's own account, which stays open to those who must change their
    # password.
    own_account: ClassVar[bool] = False
    # Whether it responds with a file: the host of FILES_ORIGIN serves only such endpoints.
    sends_files: ClassVar[bool] = False
    # The maximum size of a body in bytes.
    max_body: ClassVar[int] = MAX_BODY
    # The rate limit of its requests if it is not the default (sunshine/web/rate_limits.py): "file"
    # and "sign_in" for anonymous callers, "fleet" for reads by users.
    bucket: ClassVar[Literal["", "file", "sign_in", "fleet"]] = ""

    @classmethod
    def offers(cls) -> frozenset[str]:
        """Return the HTTP methods this endpoint itself defines, in lower case."""
        methods = ("get", "post", "put", "delete")
        return frozenset(m for m in methods if getattr(cls, m) is not getattr(RequestHandler, m))

    @property
    def token(self) -> str | None:
        """Return the token the caller sent, if any."""
        return self.request.headers.get(TOKEN_HEADER)

    @property
    def request_id(self) -> str:
        """Return the caller's X-Request-Id if it is a plain word, otherwise our own."""
        raise NotImplementedError

    @property
    def fingerprint(self) -> bytes:
        """Return the bytes that distinguish this request from others with the same
        Idempotency-Key."""
        return self.request.body
