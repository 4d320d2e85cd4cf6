"""Headers of every response, and the one error shape. Used by sunshine/web/handler.py."""

import errno
from http.client import responses
from typing import Any

import structlog
from tornado.web import HTTPError

from sunshine.core import errors, json
from sunshine.core.errors import AppError, Unavailable
from sunshine.files.storage import is_full
from sunshine.web.endpoint import Endpoint

log = structlog.get_logger("sunshine.web")


class MethodNotAllowed(AppError):
    """The path exists, but not with this method. `allow` is the header with its methods."""

    code = "method_not_allowed"
    message = "Method not allowed"

    def __init__(self, allow: str) -> None:
        super().__init__()
        self.allow = allow


class RangeNotSatisfiable(AppError):
    """The file does not contain the requested byte range; `size` is its size in bytes."""

    code = "range_not_satisfiable"
    message = "The file has no such range"

    def __init__(self, size: int) -> None:
        super().__init__()
        self.size = size


class UpgradeRequired(AppError):
    """The path is for WebSockets."""

    code = "upgrade_required"
    message = "Connect with a WebSocket (RFC 6455, version 13)"


# The most specific class of an error decides.
STATUS: dict[type[AppError], int] = {
    errors.AppError: 400,
    errors.Invalid: 400,
    errors.NotSignedIn: 401,
    errors.NotAllowed: 403,
    errors.NotFound: 404,
    MethodNotAllowed: 405,
    errors.Conflict: 409,
    errors.TooLarge: 413,
    errors.UnsupportedMedia: 415,
    RangeNotSatisfiable: 416,
    UpgradeRequired: 426,
    errors.TooMany: 429,
    errors.Unavailable: 503,
    errors.StorageFull: 507,
}

# Resources the system may lack for a moment: descriptors, buffers, memory.
SCARCE = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM})

# A response is data: whatever a browser takes it for, it may load, run and frame nothing. Pages
# (handlers/docs.py) and files (sunshine/web/files/serving.py) set what they need.
POLICY = "default-src 'none';base-uri 'none';form-action 'none';frame-ancestors 'none'"
# The others as Helmet 8 sets them; our files may be shown on the company's other origins.
SECURITY_HEADERS = {
    "Content-Security-Policy": POLICY,
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "cross-origin",
    "Origin-Agent-Cluster": "?1",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-DNS-Prefetch-Control": "off",
    "X-Download-Options": "noopen",
    "X-Frame-Options": "SAMEORIGIN",
    "X-Permitted-Cross-Domain-Policies": "none",
    "X-XSS-Protection": "0",
    "Cache-Control": "no-store",
    "Content-Type": "application/json; charset=utf-8",
}
# Our response headers that Fetch does not expose to scripts by default, and all request headers we
# accept.
EXPOSED = ", ".join((
    "X-Request-Id", "Retry-After", "X-RateLimit-Limit", "X-RateLimit-Remaining",
    "X-RateLimit-Reset", "Idempotency-Replayed", "Content-Disposition", "Content-Range",
    "Accept-Ranges", "ETag", "Allow", "WWW-Authenticate",
))  # fmt: skip
ALLOWED_HEADERS = ", ".join((
    "Content-Type", "x-access-token", "Idempotency-Key", "X-Request-Id", "If-Match",
    "If-None-Match", "If-Modified-Since", "If-Range", "Range",
))  # fmt: skip


def set_headers(handler: Endpoint) -> None:
    """Set security headers, HSTS over HTTPS, CORS for allowed origins, and the request id."""
    headers = handler._headers
    del headers["Server"]
    headers.update(SECURITY_HEADERS)
    headers["X-Request-Id"] = handler.request_id
    if handler.application.is_https(handler.request):
        headers["Strict-Transport-Security"] = "max-age=31536000; includeSubDomains"
    if handler.application.draining:
        headers["Connection"] = "close"
    set_standing(handler)
    _allow_origin(handler)


def set_standing(handler: Endpoint) -> None:
    """Set the rate limit headers once the request was counted."""
    if handler.standing:
        handler.set_header("X-RateLimit-Limit", str(handler.standing.limit))
        handler.set_header("X-RateLimit-Remaining", str(handler.standing.remaining))
        handler.set_header("X-RateLimit-Reset", str(handler.standing.reset))


def _allow_origin(handler: Endpoint) -> None:
    allowed = handler.application.configuration.cors_origins
    if "*" in allowed:
        handler.set_header("Access-Control-Allow-Origin", "*")
        handler.set_header("Access-Control-Expose-Headers", EXPOSED)
        return
    # The response depends on the requesting origin, allowed or not: caches must keep them apart.
    handler.set_header("Vary", "Origin")
    origin = handler.request.headers.get("Origin")
    if origin in allowed:
        handler.set_header("Access-Control-Allow-Origin", origin)
        handler.set_header("Access-Control-Allow-Credentials", "true")
        handler.set_header("Access-Control-Expose-Headers", EXPOSED)


def preflight(handler: Endpoint, allow: str) -> None:
    """Reply 204 with the methods the path allows."""
    handler.set_status(204)
    handler.set_header("Allow", allow)
    if handler._headers.get("Access-Control-Allow-Origin"):
        handler.set_header("Access-Control-Allow-Methods", allow)
        handler.set_header("Access-Control-Allow-Headers", ALLOWED_HEADERS)
        handler.set_header("Access-Control-Max-Age", "600")


def as_business_error(error: BaseException) -> BaseException:
    """Return the exception, or a business error if a resource of the system is scarce for a
    moment."""
    if isinstance(error, OSError) and error.errno in SCARCE:
        return Unavailable("The server is overloaded; try again in a moment", code="overloaded")
    return error


def error(handler: Endpoint, error: BaseException) -> None:
    """Write an exception as status, headers and body. A crash shows only its request id."""
    error = as_business_error(error)
    answer: dict[str, Any] = {"success": False, "message": "", "errors": [], "code": ""}
    error = _on_full_disk(handler, error)
    if isinstance(error, AppError):
        status = status_of(error)
        answer |= _payload(error)
    elif isinstance(error, HTTPError) and error.status_code < 500:
        status = error.status_code
        phrase = responses.get(status, "Bad request")
        answer |= {"message": phrase, "code": phrase.lower().replace(" ", "_")}
    else:
        status = 500
        answer |= {"message": "Internal server error", "code": "internal_error"}
        answer["requestId"] = handler.request_id
    handler.set_status(status)
    if status == 401:
        handler.set_header("WWW-Authenticate", "x-access-token")
    if status == 503:
        handler.set_header("Retry-After", "1")
    if isinstance(error, errors.TooMany):
        handler.standing = error.standing
        set_standing(handler)
        handler.set_header("Retry-After", str(error.retry_after))
    if isinstance(error, UpgradeRequired):
        handler.set_header("Upgrade", "websocket")
        handler.set_header("Sec-WebSocket-Version", "13")
    if isinstance(error, MethodNotAllowed):
        handler.set_header("Allow", error.allow)
    if isinstance(error, RangeNotSatisfiable):
        handler.set_header("Content-Range", f"bytes */{error.size}")
    handler.write(json.encode(answer))


def _payload(error: AppError) -> dict[str, Any]:
    payload: dict[str, Any] = {
        "message": error.message,
        "errors": error.errors,
        "code": error.code,
    }
    if error.omitted:
        payload["errorsOmitted"] = error.omitted
    return payload if error.data is None else payload | {"data": error.data}


def _on_full_disk(handler: Endpoint, error: BaseException) -> BaseException:
    """Convert a disk-full error to StorageFull, and report it to /readyz."""
    if is_full(error):
        error = errors.StorageFull()
    if isinstance(error, errors.StorageFull):
        log.error("no room left", where=error.where, request_id=handler.request_id)
        handler.application.readiness.filled(error.where)
    return error


def status_of(error: AppError) -> int:
    """Return the HTTP status of a business error."""
    return next(STATUS[kind] for kind in type(error).__mro__ if kind in STATUS)
