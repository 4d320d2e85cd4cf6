"""Uploads over HTTP: receives them, and hands each over once. Rules: sunshine/files/uploads.py."""

import asyncio
import socket
from contextlib import suppress
from dataclasses import dataclass
from urllib.parse import quote

import structlog

from sunshine.core.errors import AppError
from sunshine.files import uploads
from sunshine.files.links import TEMP_ROUTE
from sunshine.files.multipart import FileForm
from sunshine.files.part_file import Part
from sunshine.files.storage import TEMP
from sunshine.files.uploads import DOWNLOADER, MAX_FILE
from sunshine.web.files import serving
from sunshine.web.handler import Handler
from sunshine.web.streaming import Streaming, announced

FRAME = 64 * 1024  # bytes of the form around the file
SECONDS = 600.0  # maximum duration of an upload: for a phone with poor reception
# A connection holds two of these; a hundred simultaneous uploads must stay cheap.
READ_CHUNK = 16 * 1024
FAREWELL = 5.0  # seconds a client may take to hang up
log = structlog.get_logger("sunshine.web")


class Receiving(Streaming):
    """Receives one file of a form and writes it to disk chunk by chunk."""

    deadline = SECONDS
    max_body = MAX_FILE + FRAME
    _begun: "_Begun | None" = None

    async def begin(self) -> None:
        """Reserve space for the file."""
        if self.request.method != "POST":
            return
        connection = self.request.connection
        connection.set_body_timeout(SECONDS)  # type: ignore[union-attr]
        connection.stream.read_chunk_size = READ_CHUNK  # type: ignore[union-attr]
        self._form = FileForm(self.request.headers["Content-Type"], MAX_FILE)
        size = announced(self.request) if "Content-Length" in self.request.headers else MAX_FILE
        async with self.db.sunshine.transaction(self.actor) as tx:
            row = await uploads.reserve(tx, min(size, MAX_FILE), user=self.actor.id)
        self._begun = _Begun(row, Part(self.application.storage.parts))

    async def receive(self, chunk: bytes) -> None:
        """Write the part of the file that the chunk contains."""
        if self._begun and (pieces := self._form.feed(chunk)):
            await self._begun.part.write(pieces)

    async def store(self) -> None:
        """Finish the upload: move the file to its place and reply with its URL."""
        begun, self._begun = self._begun, None
        assert begun is not None  # noqa: S101 - for mypy
        part = begun.part
        try:
            given = self._form.finish()
            await part.finish()
            self._fingerprint = f"{given}\n{part.sha256}".encode()
            name = uploads.new_name(given, part.head, self.application.clock())
            begun.place = f"{TEMP}/{name}"
            await self.application.storage.take(part.path, begun.place)
            async with self.transaction() as tx:
                await uploads.finish(tx, begun.row, part, name)
                url = f"{self.application.configuration.files_base}{TEMP_ROUTE}{quote(name)}"
                self.reply_exactly({"success": True, "name": name, "url": url, "status": "done"})
        except BaseException:  # also a retry that was answered from the stored response
            await self._drop(begun)
            raise

    @property
    def fingerprint(self) -> bytes:
        """Return the file's hash: the same file in another form is the same request."""
        return self._fingerprint

    async def abandon(self) -> None:
        """Remove everything of an incomplete upload."""
        begun, self._begun = self._begun, None
        if begun:
            await self._drop(begun)

    async def _drop(self, begun: "_Begun") -> None:
        try:
            await begun.part.drop()
            if begun.place:
                await self.application.storage.remove(begun.place)
            await uploads.cancel(self.db.sunshine, begun.row)
        except (OSError, AppError) as error:  # a sweep will find it
            log.warning("an upload is left behind", reason=str(error))


@dataclass
class _Begun:
    """An upload in progress: its row, its part file, and its place once it has one."""

    row: int
    part: Part
    place: str | None = None


class HandingOver(Handler):
    """Hands an upload over to the first caller who fetches it."""

    deadline = SECONDS
    sends_files = True
    _left: asyncio.Event | None = None

    async def hand_over(self, name: str, *, download: bool) -> None:
        """Reply with the file and remove it, unless the client did not receive all of it."""
        database, storage = self.db.sunshine, self.application.storage
        async with database.transaction(DOWNLOADER, request_id=self.request_id) as tx:
            row, until = await uploads.lease(tx, name)
        got = False
        try:
            file = await storage.open(f"{TEMP}/{name}")
            self._left = asyncio.Event()
            self.set_header("Connection", "close")
            sent = await serving.send(self, file, name, cache="no-store", download=download)
            got = sent and await self._is_received()
        finally:
            async with database.transaction(DOWNLOADER, request_id=self.request_id) as tx:
                if got:
                    await uploads.consume(tx, row, name)
                else:
                    await uploads.release(tx, row, until)
        if got:
            await self._remove(name)

    async def _remove(self, name: str) -> None:
        try:
            await self.application.storage.remove(f"{TEMP}/{name}")
        except (OSError, AppError) as error:  # a sweep will find it
            log.warning("a file stays that was fetched", reason=str(error))

    async def _is_received(self) -> bool:
        """Return whether the client itself received the data, not just the systems in between.

        The client closes the connection after the last byte; if it leaves with something unread,
        the connection is reset.
        """
        stream = self.request.connection.stream  # type: ignore[union-attr]
        if not stream.closed():  # they may be quicker than we are
            with suppress(OSError):
                stream.socket.shutdown(socket.SHUT_WR)
        with suppress(TimeoutError):
            await asyncio.wait_for(self._left.wait(), FAREWELL)  # type: ignore[union-attr]
        error = stream.error
        stream.close()
        return not isinstance(error, ConnectionError)

    def on_connection_close(self) -> None:
        """Note that the client has hung up."""
        super().on_connection_close()
        if self._left:
            self._left.set()
