"""Request bodies that are read as they arrive, and refusals that do not wait for them."""

import asyncio
from typing import Any

from tornado.httputil import HTTPServerRequest
from tornado.web import RequestHandler, stream_request_body

from sunshine.core.errors import AppError
from sunshine.core.fields import MAX_BODY
from sunshine.web import responses
from sunshine.web.handler import Handler

MAX_IGNORED = 10 * MAX_BODY


@stream_request_body
class Streaming(Handler):
    """An endpoint that receives its body in chunks, after its guards have passed.

    A refusal is sent at once; the rest of the body is read and ignored. Closing a connection on a
    client that is still sending would reset it, and the client would not see the response.
    """

    refused = False
    _ignored = 0

    async def prepare(self) -> None:
        """Pass the guards and begin, or refuse."""
        try:
            await super().prepare()
            await self.begin()
        except Exception as error:
            await self._refuse(error)

    async def data_received(self, chunk: bytes) -> None:
        """Process a chunk (Tornado's hook): nothing more is read until this has returned."""
        if self.refused:
            self._ignored += len(chunk)
            if self._ignored > MAX_IGNORED:
                self.request.connection.close()  # type: ignore[union-attr]
            return
        try:
            await self.receive(chunk)
        except Exception as error:
            await self._refuse(error)

    async def begin(self) -> None:
        """Prepare for a body that is about to arrive."""

    async def receive(self, chunk: bytes) -> None:
        """Process a chunk of the body."""

    async def abandon(self) -> None:
        """Give up what was begun: the request is over, at whatever point.

        May be called repeatedly.
        """

    async def _refuse(self, error: Exception) -> None:
        self.refused = True
        self.log_exception(type(error), error, error.__traceback__)
        await self.abandon()
        if self._finished or self.request.connection is None:
            return
        responses.error(self, error)
        self.set_header("Content-Length", str(sum(map(len, self._write_buffer))))
        if "Expect" in self.request.headers or announced(self.request) > MAX_IGNORED:
            self.finish()  # and close: nothing is being sent yet, or too much
        else:
            self.flush()

    def on_finish(self) -> None:
        """Clean up: the response has been sent."""
        self._end()

    def on_connection_close(self) -> None:
        """Clean up: the client disconnected, perhaps in the middle of its body."""
        RequestHandler.on_connection_close(self)
        self._end()

    def _end(self) -> None:
        # In flight until it has cleaned up: a stopping server waits for that.
        self._cleaning = asyncio.ensure_future(self.abandon())
        self._cleaning.add_done_callback(lambda _: self.application.ended(self))


class Refusal(Streaming):
    """Replies with a fixed error before the body arrives."""

    def initialize(self, problem: AppError) -> None:  # type: ignore[override]
        super().initialize()
        self._problem = problem

    async def begin(self) -> None:
        """Raise the error."""
        raise self._problem

    async def _end_answer(self, **_: Any) -> None:
        pass

    get = post = put = patch = delete = head = options = _end_answer

    def write_error(self, status_code: int, **kwargs: Any) -> None:
        """Write the same error if Tornado refuses first: a method it does not know."""
        responses.error(self, self._problem)


def announced(request: HTTPServerRequest) -> int:
    """Return the announced length of the body in bytes; more than any limit if it is not a
    number."""
    length = request.headers.get("Content-Length", "0")
    return int(length) if length.isdecimal() and len(length) < 16 else 1 << 63
