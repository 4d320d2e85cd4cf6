"""What every endpoint stands on: its guards have passed when its method runs; it replies or raises.

Routes: sunshine/web/routes.py. Guards: guards.py. Answers and headers: responses.py.
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
    """An endpoint whose guards have passed when its method runs: it replies or raises."""

    # Seconds; None takes the configured deadline.
    deadline: ClassVar[float | None] = None

    def initialize(self, route: Route | None = None) -> None:
        """Tornado's constructor hook; `route` is None for answers outside the table."""
        self.route = route
        self._task: asyncio.Task[Any] | None = None
        seconds = self.deadline or self.application.configuration.request_deadline
        self.ends = time.monotonic() + seconds
        self.application.begun(self)

    @property
    def db(self) -> Databases:
        """The four databases."""
        return self.application.databases

    @property
    def request_id(self) -> str:
        """The caller's X-Request-Id where it is a plain word, else our own."""
        if not hasattr(self, "_request_id"):
            given = self.request.headers.get("X-Request-Id", "")
            plain = given.isascii() and given.replace("-", "").isalnum() and len(given) <= 64
            self._request_id = given if plain else f"{random.getrandbits(64):016x}"
        return self._request_id

    def set_default_headers(self) -> None:
        """Security headers, CORS and the request id: on errors too."""
        responses.set_headers(self)

    async def prepare(self) -> None:
        """Pass the route's guards in order, or raise what the first one refuses with."""
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
        """Path parameters come typed from the route table."""
        return value

    async def head(self, **parameters: Any) -> None:
        """GET; Tornado leaves the body out."""
        await self.get(**parameters)  # type: ignore[misc]

    async def patch(self, **parameters: Any) -> None:
        """PUT, which merges."""
        await self.put(**parameters)  # type: ignore[misc]

    async def options(self, **_: Any) -> None:
        """A browser's preflight."""
        responses.preflight(self, self.route.allow if self.route else "OPTIONS")

    @asynccontextmanager
    async def transaction(self, database: str = "sunshine") -> AsyncIterator[Transaction]:
        """A change in the caller's name. Reply inside it; the reply is sent after the commit.

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
        """`{"success": true, "data", "message"}`, each where there is one."""
        answer: dict[str, Any] = {"success": True}
        if data is not None:
            answer["data"] = data
        if message is not None:
            answer["message"] = message
        self.reply_exactly(answer, status=status)

    def reply_page(self, page: Page) -> None:
        """A list with its `pagination`."""
        answer = {"success": True, "data": page.rows, "pagination": page.pagination()}
        self.reply_exactly(answer)

    def reply_exactly(self, answer: dict[str, Any], *, status: int = 200) -> None:
        """An answer whose shape the contract fixes."""
        self.set_status(status)
        self.write(json.encode(answer))

    def reply_file(self, content: bytes, name: str) -> None:
        """A file to save under `name`, whose ending says what it is."""
        self.set_header("Content-Type", spreadsheets.MEDIA[name.rpartition(".")[2]])
        self.set_header("Content-Disposition", f'attachment; filename="{name}"')
        self.write(content)

    def compute_etag(self) -> None:
        """API answers are not to be stored, so there is nothing to compare."""

    def write_error(self, status_code: int, **kwargs: Any) -> None:
        """Whatever was raised, in the one error shape."""
        _, error, _ = kwargs.get("exc_info", (None, HTTPError(status_code), None))
        responses.error(self, error)

    def log_exception(
        self,
        typ: type[BaseException] | None,
        value: BaseException | None,
        tb: TracebackType | None,
    ) -> None:
        """Only what nobody foresaw; a refusal is an answer."""
        if value is not None and responses.understood(value) is not value:
            log.warning("overloaded", request_id=self.request_id, reason=str(value))
        elif not isinstance(value, AppError | HTTPError | Finish) and not is_full(value):
            log.error("crash", request_id=self.request_id, exc_info=(typ, value, tb))

    def expire(self) -> None:
        """Answer without awaiting the work: a query on a frozen server ends late or never."""
        if self._headers_written:
            self.request.connection.close()  # type: ignore[union-attr]
        else:
            message = "The request did not finish in time"
            self.send_error(503, exc_info=(None, Unavailable(message, code="deadline"), None))
        if self._task:
            self._task.cancel()

    def on_finish(self) -> None:
        """The answer is out."""
        self.application.ended(self)

    def on_connection_close(self) -> None:
        """The client went away. What was begun goes on: a change is made or not, never half."""
        self.application.ended(self)
