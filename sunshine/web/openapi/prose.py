"""The words of the description, and its names. What a route says is in its handler's docstrings."""

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
Everything below is made from the route table and the schemas that check the requests, and every
answer of the test suite is checked against it.

**Signing in.** `POST /api/auth/login` answers a `token`; send it as `x-access-token`. What you may
do is read from the database at each request, so a changed role counts at once.

**Answers.** `{"success": true, "data": ..., "message": ...}`; lists add `pagination`. Errors are
`{"success": false, "message", "errors": [{"field", "message"}], "code"}`, where `code` is for
programs and stays the same. The first 20 fields at fault are named; `errorsOmitted` is there if
there are more, and says how many. Each carries `X-Request-Id`.

**Order of checks.** Path and method (404, 405), size (413), token (401), permission (403), media
type (415), schema (400), the row (404 to callers who see all rows, 403 to the others, whether it
is somebody else's or none), its state (409). 429 and 503 may come instead of any of these, with
`Retry-After`.

**Lists.** `page` and `limit` (or `perPage`), `sort=field,-field`; unknown query keys are ignored.
Lists that only grow also answer `nextCursor`, which goes on where the page ended.

**Bodies.** JSON with no unknown and no repeated keys. Text is trimmed; ids are 1 to 2147483647;
`12` is an integer, `12.0`, `"12"` and `true` are none. `PUT` merges what is sent into the row, and
`PATCH` is the same. `HEAD` is `GET` where that changes nothing.

**Retries.** Send an `Idempotency-Key` with a `POST`, and a retry gets the first one's answer.

**Time.** Instants are RFC 3339 with offset, answered in UTC; days are `YYYY-MM-DD`, times `HH:MM`.
"""
_PARAMETERS = {
    "page": "Which page, from 1.",
    "limit": "Rows per page; 20 where nothing is said.",
    "perPage": "The same as `limit`.",
    "sort": "Field names with commas between, `-` before one for descending: `-name,id`.",
    "cursor": "`nextCursor` of the page before.",
    "search": "Words that are looked for.",
    "format": "JSON, or a file to save.",
    "startDate": "From this day on.",
    "endDate": "Until this day, itself included.",
}
_NOTHING = {101: "The WebSocket is open.", 304: "The caller has it already."}
_CLOSING = {
    Close.GOING_AWAY: "The server stops; come back.",
    Close.MISUSE: "More than is allowed, or a bad cursor.",
    Close.FAILED: "A fault of ours.",
    Close.TRY_AGAIN: "Too slow a reader, or the database is away; come back with `since`.",
    Close.NOT_SIGNED_IN: "The token is missing, wrong, or has ended.",
    Close.NOT_ALLOWED: "The caller may not listen here.",
}


def words(route: Route, method: str) -> tuple[str, str]:
    """The summary and the rule of a route's method: its docstring's first line, and the rest.

    Handlers of plain tables share methods: `{title}` there is the table's name, and the rule is
    what the docstring of the list's handler goes on with.
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
    """What the handlers of one table say below their first lines."""
    of_table = [each for each in _handlers() if _table(each) is table]
    return next(
        filter(None, ((inspect.getdoc(h) or "").partition("\n\n")[2] for h in of_table)), ""
    )


def _handlers() -> list[type]:
    """Every kind of handler there is."""
    found: list[type] = []
    left: list[type] = [Handler]
    while left:
        below: list[type] = left.pop().__subclasses__()
        found, left = [*found, *below], [*left, *below]
    return found


_SOCKET = """\
A WebSocket. Show the token in the header, as the subprotocol `token.<jwt>` beside `sunshine.v1`, or
in a first message `{"type": "auth", "token": ..., "since": ...}` within 10 seconds. Then come
frames `{"type", "data", "seq"}` of every row that you may see, and nothing else; who comes back
with the last `seq` as `since` gets what was missed, in order. Clients and details: docs/sockets.md.
"""


def websocket(route: SocketRoute) -> Json:
    """The `x-websocket` of a socket's path."""
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
    """What a query key is, where its name does not say it."""
    return {"description": _PARAMETERS[name]} if name in _PARAMETERS else {}


def success(replies: list[Reply]) -> str:
    """What a success means."""
    kinds = {
        "page": "A page of them.",
        "data": "Made." if replies[0].status == 201 else "As it is now.",
        "message": "Done.",
        "whole": "The answer.",
        "file": "The file." if replies[0].status == 200 else "The part of it that was asked for.",
        "nothing": _NOTHING.get(replies[0].status, ""),
    }
    return " Or: ".join(dict.fromkeys(kinds[reply.kind] for reply in replies))


def written(path: str) -> str:
    """A route's path as OpenAPI has it: `/api/shifts/{id_}` -> `/api/shifts/{id}`."""
    return re.sub(r"\{(\w+?)(:\w+)?\}", lambda found: f"{{{parameter(found[1])}}}", path)


def parameter(name: str) -> str:
    """`employee_id` -> `employeeId`."""
    first, *rest = name.strip("_").split("_")
    return first + "".join(word.capitalize() for word in rest)


def operation_id(path: str, method: str) -> str:
    """`GET /api/employees/{employee_id}` -> `getEmployeesById`."""
    parts = [part for part in path.strip("/").split("/") if part not in ("", "api")]
    names = [_pascal(part) for part in parts if not part.startswith("{")]
    if parts and parts[-1].startswith("{"):
        names.append("ById" if ":" not in parts[-1] else f"By{_pascal(parts[-1].split(':')[0])}")
    return method.lower() + ("".join(names) or "Home")


def _pascal(part: str) -> str:
    return "".join(word.capitalize() for word in re.findall(r"[A-Za-z0-9]+", part))
