"""The base class of endpoints: when a method runs, its guards have passed; it replies or raises.

Routes: sunshine/web/routes.py. Guards: guards.py. Responses and headers: responses.py.
"""

import asyncio
import random
import time
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from types import TracebackType
from typing import Any, ClassVar
from urllib.parse import unquote

import structlog
from tornado.web import Finish, HTTPError

from sunshine.core import json
from sunshine.core.errors import AppError, Invalid, NotFound, Unavailable
from sunshine.core.fields import MAX_ID
from sunshine.database.database import Databases, Transaction
from sunshine.database.pages import Page
from sunshine.files.storage import is_full
from sunshine.formats import spreadsheets
from sunshine.web import idempotency, responses
from sunshine.web.endpoint import Endpoint
from sunshine.web.routes import Route

log = structlog.get_logger("sunshine.web")


class Handler(Endpoint):
    """An endpoint. When its method runs, its guards have passed; it replies or raises."""

    # Seconds; None uses the configured deadline.
    deadline: ClassVar[float | None] = None

    def initialize(self, route: Route | None = None) -> None:
        """Run Tornado's constructor hook; `route` is None for responses outside the table."""
        self.route = route
        self._task: asyncio.Task[Any] | None = None
        seconds = self.deadline or self.application.configuration.request_deadline
        self.ends = time.monotonic() + seconds
        self.application.begun(self)

    @property
    def db(self) -> Databases:
        """Return the four databases."""
        return self.application.databases

    @property
    def request_id(self) -> str:
        """Return the caller's X-Request-Id if it is a plain word, otherwise our own."""
        if not hasattr(self, "_request_id"):
            given = self.request.headers.get("X-Request-Id", "")
            plain = given.isascii() and given.replace("-", "").isalnum() and len(given) <= 64
            self._request_id = given if plain else f"{random.getrandbits(64):016x}"
        return self._request_id

    def set_default_headers(self) -> None:
        """Set security headers, CORS and the request id, on errors too."""
        responses.set_headers(self)

    async def prepare(self) -> None:
        """Run the route's guards in order; raise the first one's error."""
        self._task = asyncio.current_task()
        if self.request.method == "OPTIONS" or self.route is None:
            return
        for guard in self.route.guards[self.request.method or ""]:
            await guard.check(self)
        if "%" in self.request.query and not json.clean(unquote(self.request.query)):
            raise Invalid("Query string holds a character that is not allowed")
        ids: Iterable[Any] = self.path_kwargs.values()
        if any(isinstance(id_, int) and not 0 < id_ <= MAX_ID for id_ in ids):
            raise NotFound

    def decode_argument(self, value: Any, name: str | None = None) -> Any:
        """Return a path parameter as it is: the route table has already converted it."""
        return value

    async def head(self, **parameters: Any) -> None:
        """Run GET; Tornado omits the body."""
        await self.get(**parameters)  # type: ignore[misc]

    async def patch(self, **parameters: Any) -> None:
        """Run PUT, which merges."""
        await self.put(**parameters)  # type: ignore[misc]

    async def options(self, **_: Any) -> None:
        """Answer a browser's preflight request."""
        responses.preflight(self, self.route.allow if self.route else "OPTIONS")

    @asynccontextmanager
    async def transaction(self, database: str = "sunshine") -> AsyncIterator[Transaction]:
        """Run a change with the caller as its author. Reply inside it; the reply is sent after the
        commit.

        A retry with the same Idempotency-Key gets that reply.
        """
        async with self.db[database].transaction(self.actor, request_id=self.request_id) as tx:
            key = idempotency.key_of(self)
            if key is not None:
                await idempotency.replay(self, tx, key)
            yield tx
            if key is not None:
                await idempotency.keep(self, tx, key)

    def reply(self, data: Any = None, *, message: str | None = None, status: int = 200) -> None:
        """Reply with `{"success": true, "data", "message"}`, omitting what is None."""
        answer: dict[str, Any] = {"success": True}
        if data is not None:
            answer["data"] = data
        if message is not None:
            answer["message"] = message
        self.reply_exactly(answer, status=status)

    def reply_page(self, page: Page) -> None:
        """Reply with a list and its `pagination`."""
        answer = {"success": True, "data": page.rows, "pagination": page.pagination()}
        self.reply_exactly(answer)

    def reply_exactly(self, answer: dict[str, Any], *, status: int = 200) -> None:
        """Reply with a body whose exact shape the contract defines."""
        self.set_status(status)
        self.write(json.encode(answer))

    def reply_file(self, content: bytes, name: str) -> None:
        """Reply with a file to save under `name`, whose extension defines its type."""
        self.set_header("Content-Type", spreadsheets.MEDIA[name.rpartition(".")[2]])
        self.set_header("Content-Disposition", f'attachment; filename="{name}"')
        self.write(content)

    def compute_etag(self) -> None:
        """Return nothing: API responses must not be stored, so there is nothing to compare."""

    def write_error(self, status_code: int, **kwargs: Any) -> None:
        """Write any exception in the one error shape."""
        _, error, _ = kwargs.get("exc_info", (None, HTTPError(status_code), None))
        responses.error(self, error)

    def log_exception(
        self,
        typ: type[BaseException] | None,
        value: BaseException | None,
        tb: TracebackType | None,
    ) -> None:
        """Log unexpected exceptions only; a business error is a response."""
        if value is not None and responses.as_business_error(value) is not value:
            log.warning("overloaded", request_id=self.request_id, reason=str(value))
        elif not isinstance(value, AppError | HTTPError | Finish) and not is_full(value):
            log.error("crash", request_id=self.request_id, exc_info=(typ, value, tb))

    def expire(self) -> None:
        """Reply 503 without awaiting the work: a query on a frozen server ends late or never."""
        if self._headers_written:
            self.request.connection.close()  # type: ignore[union-attr]
        else:
            message = "The request did not finish in time"
            self.send_error(503, exc_info=(None, Unavailable(message, code="deadline"), None))
        if self._task:
            self._task.cancel()

    def on_finish(self) -> None:
        """Unregister the request: its response has been sent."""
        self.application.ended(self)

    def on_connection_close(self) -> None:
        """Unregister the request: its client disconnected.

        The work continues: a change is made completely or not at all.
        """
        self.application.ended(self)
