"""The checks of the route table, in the order they run: authentication, permission, payload.

A guard either returns or raises a business error. `public`, `signed_in`, `any_principal`,
`signed_url`, `feed_reader`, `content_reader` and `allowed_address` decide access and come first.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from urllib.parse import parse_qsl

from sunshine.core import json
from sunshine.core.errors import (
    Invalid,
    NotAllowed,
    NotFound,
    NotSignedIn,
    PasswordDue,
    UnsupportedMedia,
)
from sunshine.core.fields import Schema
from sunshine.core.principals import ANONYMOUS, known
from sunshine.core.validation import MAX_ASKED, Payload, Query
from sunshine.web import rate_limits
from sunshine.web.endpoint import Endpoint
from sunshine.web.files.attachment_spec import reject_uploads

JSON = "application/json"
CSV = "text/csv"
FORM = "multipart/form-data"


@dataclass(frozen=True)
class Guard:
    """One check, with the description that readers of the table see."""

    name: str
    check: Callable[[Endpoint], Awaitable[None]]
    decides_access: bool = False
    permissions: tuple[str, ...] = ()
    # Whether a signed-in caller may be refused because of who they are.
    forbids: bool = False
    query: Query | None = None
    # The accepted body: its media type, its schema, and the maximum length if a list is accepted.
    media: str | None = None
    body: Payload | None = None
    many: int | None = None

    @property
    def tells_access(self) -> bool:
        """Return whether the guard restricts who may call, rather than what they send."""
        return self.decides_access or bool(self.permissions)


async def _pass(handler: Endpoint) -> None:
    if handler.request.path.startswith("/api/"):
        await rate_limits.count_public(handler)


async def _identify(handler: Endpoint) -> None:
    token = handler.token
    try:
        if not token:
            raise NotSignedIn
        handler.actor = await handler.application.principals.of(token)
    except NotSignedIn:
        await rate_limits.count_stranger(handler)
        raise
    await rate_limits.count_principal(handler)
    _refuse_who_must_change_password(handler)


def _refuse_who_must_change_password(handler: Endpoint) -> None:
    if handler.actor.must_change_password and not _is_own_account(handler):
        raise PasswordDue


def _is_own_account(handler: Endpoint) -> bool:
    own = handler.path_kwargs.get("user_id", handler.actor.id) == handler.actor.id
    return handler.own_account and own


async def _user(handler: Endpoint) -> None:
    await _identify(handler)
    if handler.actor.kind != "user":
        raise NotAllowed


async def _signature(handler: Endpoint) -> None:
    asked = _asked(handler)
    if not asked.keys() & {"e", "s"}:
        # Without a signature the caller needs access to a row that refers to the file; the handler
        # checks it.
        await _user(handler)
        return
    path = getattr(handler, "folder", "") + handler.path_kwargs["path"]
    if not handler.application.signer.opens(path, asked.get("e", ""), asked.get("s", "")):
        await rate_limits.count_stranger(handler)
        raise NotAllowed("The link has ended, or is not as it was made")


async def _reader(handler: Endpoint) -> None:
    token = _asked(handler).get("token")
    if token is None:
        await _user(handler)
        return
    try:
        handler.actor = await handler.application.feeds.open(handler.request.path, token)
    except NotSignedIn:
        await rate_limits.count_stranger(handler)
        raise
    await rate_limits.count_principal(handler)
    _refuse_who_must_change_password(handler)


async def _content_reader(handler: Endpoint) -> None:
    is_open = handler.application.configuration.cms_public_read
    if is_open and not handler.token:
        await rate_limits.count_public(handler)
        handler.actor = ANONYMOUS
        return
    # An expired token is refused here, too: its owner would miss what anonymous callers may not
    # see.
    await _identify(handler)
    if not (is_open or handler.actor.may("cms:read")):
        raise NotAllowed


def _asked(handler: Endpoint) -> dict[str, str]:
    """Return the query string's values by name, before any schema is applied."""
    try:
        pairs = parse_qsl(handler.request.query, keep_blank_values=True, max_num_fields=MAX_ASKED)
    except ValueError:
        raise Invalid("Query string is not valid") from None
    return dict(pairs)


async def _watchman(handler: Endpoint) -> None:
    if not handler.application.may_watch(handler.request):
        raise NotFound


public = Guard("public", _pass, decides_access=True)
allowed_address = Guard("addresses of METRICS_ALLOW", _watchman, decides_access=True)
signed_in = Guard("signed in", _user, decides_access=True, forbids=True)
signed_url = Guard("signed URL", _signature, decides_access=True, forbids=True)
feed_reader = Guard("signed in, or a feed's token", _reader, decides_access=True)
content_reader = Guard(
    "signed in (user), or anybody where CMS_PUBLIC_READ",
    _content_reader,
    decides_access=True,
    forbids=True,
)
any_principal = Guard("signed in (user or driver)", _identify, decides_access=True)


def requires_permission(*permissions: str) -> Guard:
    """Require one of the permissions, at any scope if none is named.

    ValueError for a permission that nobody can hold.
    """
    if unknown := sorted(set(permissions) - known()):
        raise ValueError(f"{unknown}: give it to a role in sunshine/core/principals.py")

    async def check(handler: Endpoint) -> None:
        if not handler.actor.may_any(permissions):
            raise NotAllowed

    return Guard(" or ".join(permissions), check, permissions=permissions)


def query(schema: Schema) -> Guard:
    """Require a query string that fits the schema; its values are in `handler.query`."""
    checked = Query(schema)

    async def check(handler: Endpoint) -> None:
        handler.query = checked.check(handler.request.query)

    return Guard("query", check, query=checked)


def body(schema: Schema) -> Guard:
    """Require a JSON object that fits the schema; its values are in `handler.body`."""
    payload = Payload(schema)

    async def check(handler: Endpoint) -> None:
        _require_media(handler, JSON)
        handler.body = payload.check(json.decode(handler.request.body))
        reject_uploads(handler, handler.body)

    return Guard("body", check, media=JSON, body=payload)


def one_or_many(schema: Schema, maximum: int) -> Guard:
    """Require a JSON object that fits the schema, or a list of 1 to `maximum`; as `handler.items`.

    Errors in a list name the item: `3.latitude`.
    """
    payload = Payload(schema)

    async def check(handler: Endpoint) -> None:
        _require_media(handler, JSON)
        sent = json.decode(handler.request.body)
        if not isinstance(sent, list):
            handler.items = [payload.check(sent)]
            reject_uploads(handler, handler.items[0])
        elif not 1 <= len(sent) <= maximum:
            raise Invalid(f"A list holds 1 to {maximum} items")
        else:
            handler.items = payload.check_each(sent)
            for number, item in enumerate(handler.items):
                reject_uploads(handler, item, f"{number}.")

    return Guard("body", check, media=JSON, body=payload, many=maximum)


async def _read_csv(handler: Endpoint) -> None:
    _require_media(handler, CSV)
    try:
        handler.text = handler.request.body.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise Invalid("The file is not UTF-8", code="invalid_csv") from None
    if not json.clean(handler.text):
        raise Invalid("The file holds a character that is not allowed", code="invalid_csv")


csv_body = Guard("csv", _read_csv, media=CSV)


async def _announces_form(handler: Endpoint) -> None:
    _require_media(handler, FORM)


form = Guard("form", _announces_form, media=FORM)


def _require_media(handler: Endpoint, media: str) -> None:
    given = handler.request.headers.get("Content-Type", "").partition(";")[0]
    if given.strip().lower() != media:
        raise UnsupportedMedia(f"Content-Type must be {media}")
