"""The description's texts and names. A route's own text is its handler's docstring."""

import inspect
import re
from typing import Any

from sunshine.live.hub import Close
from sunshine.web.handler import Handler
from sunshine.web.openapi.schemas import Json
from sunshine.web.response_specs import Reply
from sunshine.web.routes import Route
from sunshine.web.sockets import MAX_MESSAGE, MAX_PER_SECOND, SUBPROTOCOL, SocketRoute

SUMMARY = "The internal-operations server of a company."
DESCRIPTION = """\
This description is generated from the route table and the schemas that check the requests, and
every response in the test suite is checked against it.

**Signing in.** `POST /api/auth/login` returns a `token`; send it as `x-access-token`. Permissions
are read from the database at each request, so a changed role takes effect at once.

**Responses.** `{"success": true, "data": ..., "message": ...}`; lists add `pagination`. Errors are
`{"success": false, "message", "errors": [{"field", "message"}], "code"}`, where `code` is for
programs and never changes. The first 20 wrong fields are named; `errorsOmitted` is present if
there are more, and counts them. Each response has an `X-Request-Id`.

**Order of checks.** Path and method (404, 405), size (413), token (401), permission (403), media
type (415), schema (400), the row (404 to callers who see all rows, 403 to the others, whether it
is somebody else's or does not exist), its state (409). 429 and 503 may come instead of any of
these, with `Retry-After`.

**Lists.** `page` and `limit` (or `perPage`), `sort=field,-field`; unknown query keys are ignored.
Lists that only grow also return `nextCursor`, which continues after the end of the page.

**Bodies.** JSON without unknown or repeated keys. Text is trimmed; ids are 1 to 2147483647;
`12` is an integer, `12.0`, `"12"` and `true` are not. `PUT` merges the body into the row, and
`PATCH` does the same. `HEAD` is `GET` if that changes nothing.

**Retries.** Send an `Idempotency-Key` with a `POST`, and a retry gets the first response again.

**Time.** Instants are RFC 3339 with offset, returned in UTC; days are `YYYY-MM-DD`, times `HH:MM`.
"""
_PARAMETERS = {
    "page": "Which page, from 1.",
    "limit": "Rows per page; 20 by default.",
    "perPage": "The same as `limit`.",
    "sort": "Comma-separated field names, with `-` in front for descending: `-name,id`.",
    "cursor": "`nextCursor` of the previous page.",
    "search": "The text to search for.",
    "format": "JSON, or a file to download.",
    "startDate": "From this day on.",
    "endDate": "Until this day, inclusive.",
}
_NOTHING = {101: "The WebSocket is open.", 304: "The caller already has it."}
_CLOSING = {
    Close.GOING_AWAY: "The server is stopping; reconnect.",
    Close.MISUSE: "Too many or too large messages, or a bad cursor.",
    Close.FAILED: "An internal error.",
    Close.TRY_AGAIN: "The client reads too slowly or the database is down; reconnect with `since`.",
    Close.NOT_SIGNED_IN: "The token is missing, invalid, expired or revoked.",
    Close.NOT_ALLOWED: "The caller may not listen to this channel.",
}


def words(route: Route, method: str) -> tuple[str, str]:
    """Return the summary and the rule of a route's method: its docstring's first line, and the
    rest.

    Handlers of plain tables share methods: `{title}` becomes the table's name, and the rule is the
    rest of the list handler's class docstring.
    """
    if isinstance(route, SocketRoute):
        return f"Listen to {route.channel.name}", _SOCKET
    function = getattr(route.handler, method.lower())
    summary, _, rule = (inspect.getdoc(function) or "").partition("\n\n")
    table = _table(route.handler)
    if table is not None:
        summary, rule = summary.format(title=table.title.lower()), rule or _shared_rule(table)
    return " ".join(summary.split()).removesuffix("."), rule.strip()


def _table(handler: type) -> Any:
    return next(
        (
            getattr(handler, name)
            for name in ("records", "periods", "kind")
            if hasattr(handler, name)
        ),
        None,
    )


def _shared_rule(table: Any) -> str:
    """Return the text below the first line in the docstrings of one table's handlers."""
    of_table = [each for each in _handlers() if _table(each) is table]
    return next(
        filter(None, ((inspect.getdoc(h) or "").partition("\n\n")[2] for h in of_table)), ""
    )


def _handlers() -> list[type]:
    """Return every handler class."""
    found: list[type] = []
    left: list[type] = [Handler]
    while left:
        below: list[type] = left.pop().__subclasses__()
        found, left = [*found, *below], [*left, *below]
    return found


_SOCKET = """\
A WebSocket. Send the token in the header, as the subprotocol `token.<jwt>` next to `sunshine.v1`,
or in a first message `{"type": "auth", "token": ..., "since": ...}` within 10 seconds. Then you
receive frames `{"type", "data", "seq"}` for every row that you may see, and nothing else; if you
reconnect with the last `seq` as `since`, you get the missed ones, in order. Clients and details:
docs/sockets.md.
"""


def websocket(route: SocketRoute) -> Json:
    """Return the `x-websocket` of a socket's path."""
    return {
        "channel": route.channel.name,
        "permission": route.channel.permission,
        "subprotocols": [SUBPROTOCOL, "token.<jwt>"],
        "events": sorted(route.channel.events),
        "send": {"type": "auth", "token": "<jwt>", "since": "<the last seq>"},
        "frames": ["ready", "reset", "error", "one for each event"],
        "limits": {"messageBytes": MAX_MESSAGE, "messagesPerSecond": MAX_PER_SECOND},
        "closeCodes": {str(int(code)): meaning for code, meaning in _CLOSING.items()},
    }


def about_parameter(name: str) -> Json:
    """Return the description of a query key whose name does not explain it."""
    return {"description": _PARAMETERS[name]} if name in _PARAMETERS else {}


def success(replies: list[Reply]) -> str:
    """Return the description of a success."""
    kinds = {
        "page": "A page of the list.",
        "data": "Created." if replies[0].status == 201 else "The current state.",
        "message": "Done.",
        "whole": "The response.",
        "file": "The file." if replies[0].status == 200 else "The requested part of it.",
        "nothing": _NOTHING.get(replies[0].status, ""),
    }
    return " Or: ".join(dict.fromkeys(kinds[reply.kind] for reply in replies))


def written(path: str) -> str:
    """Return a route's path as OpenAPI writes it: `/api/shifts/{id_}` -> `/api/shifts/{id}`."""
    return re.sub(r"\{(\w+?)(:\w+)?\}", lambda found: f"{{{parameter(found[1])}}}", path)


def parameter(name: str) -> str:
    """Convert `employee_id` to `employeeId`."""
    first, *rest = name.strip("_").split("_")
    return first + "".join(word.capitalize() for word in rest)


def operation_id(path: str, method: str) -> str:
    """Return the operation id: `GET /api/employees/{employee_id}` -> `getEmployeesById`."""
    parts = [part for part in path.strip("/").split("/") if part not in ("", "api")]
    names = [_pascal(part) for part in parts if not part.startswith("{")]
    if parts and parts[-1].startswith("{"):
        names.append("ById" if ":" not in parts[-1] else f"By{_pascal(parts[-1].split(':')[0])}")
    return method.lower() + ("".join(names) or "Home")


def _pascal(part: str) -> str:
    return "".join(word.capitalize() for word in re.findall(r"[A-Za-z0-9]+", part))
