"""What guards and helpers know of an endpoint and of the application it belongs to.

The classes behind the names are in sunshine/web/handler.py and application.py, which import those
that import this.
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
    """The parts that endpoints reach for, one of each in a process."""

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
    # Once set, each answer says that the connection ends with it.
    draining = False

    def begun(self, handler: Any) -> None:
        """A request has arrived whole."""
        raise NotImplementedError

    def ended(self, handler: Any) -> None:
        """It was answered, or its client went away."""
        raise NotImplementedError

    def is_https(self, request: HTTPServerRequest) -> bool:
        """Whether the client speaks TLS: to us, or to a trusted proxy that says so."""
        raise NotImplementedError

    def client_address(self, request: HTTPServerRequest) -> str:
        """The nearest address that is not a trusted proxy's; believed from such proxies only."""
        raise NotImplementedError

    def may_watch(self, request: HTTPServerRequest) -> bool:
        """Whether the client's address is one that metrics are for."""
        raise NotImplementedError

    def is_for_files(self, request: HTTPServerRequest) -> bool:
        """Whether it came to the host of FILES_ORIGIN."""
        raise NotImplementedError


class Endpoint(RequestHandler):
    """An endpoint. Attributes its guards fill: `actor`, `query`, `body`, `items` or `text`."""

    application: Services
    actor: Principal
    body: dict[str, Any]
    items: list[dict[str, Any]]
    query: dict[str, Any]
    text: str
    # Where the caller stands with the rate limits, once counted.
    standing: RateLimitStatus | None = None
    # Whether GET changes nothing, so that HEAD may stand in for it.
    safe: ClassVar[bool] = True
    # Whether it is the caller's own account, which opens to those who must change their password.
    own_account: ClassVar[bool] = False
    # Whether it answers with somebody's file: all there is on the host of FILES_ORIGIN.
    sends_files: ClassVar[bool] = False
    # The most bytes of a body.
    max_body: ClassVar[int] = MAX_BODY
    # What its calls are counted as, where that is nothing common (sunshine/web/rate_limits.py):
    # "file" and "sign_in" of strangers, "fleet" of users who read.
    bucket: ClassVar[Literal["", "file", "sign_in", "fleet"]] = ""

    @classmethod
    def offers(cls) -> frozenset[str]:
        """The HTTP methods this endpoint itself defines, in lower case."""
        methods = ("get", "post", "put", "delete")
        return frozenset(m for m in methods if getattr(cls, m) is not getattr(RequestHandler, m))

    @property
    def token(self) -> str | None:
        """What the caller shows to say who they are."""
        return self.request.headers.get(TOKEN_HEADER)

    @property
    def request_id(self) -> str:
        """The caller's X-Request-Id where it is a plain word, else our own."""
        raise NotImplementedError

    @property
    def fingerprint(self) -> bytes:
        """What tells this request from another one under the same Idempotency-Key."""
        return self.request.body
