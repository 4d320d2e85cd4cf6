"""Uploads over HTTP: taken in, and handed over once. Verbs: sunshine/files/uploads.py."""

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

FRAME = 64 * 1024  # bytes of a form around the file
SECONDS = 600.0  # that one may take: for a phone far from the next mast
# A connection holds two of these; a hundred that upload at once are to cost little.
READ_CHUNK = 16 * 1024
FAREWELL = 5.0  # seconds that a client may take to hang up
log = structlog.get_logger("sunshine.web")


class Receiving(Streaming):
    """Takes one file of a form in, on its way to the disk piece by piece."""

    deadline = SECONDS
    max_body = MAX_FILE + FRAME
    _begun: "_Begun | None" = None

    async def begin(self) -> None:
        """Make sure that there is room for it."""
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
        """Write what of the file is in it."""
        if self._begun and (pieces := self._form.feed(chunk)):
            await self._begun.part.write(pieces)

    async def store(self) -> None:
        """All has come: put the file where it is fetched from, and say where that is."""
        begun, self._begun = self._begun, None
        assert begun is not None  # noqa: S101 - tells mypy
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
        except BaseException:  # a retry that was answered from memory too
            await self._drop(begun)
            raise

    @property
    def fingerprint(self) -> bytes:
        """As Handler; the same file in another form is the same."""
        return self._fingerprint

    async def abandon(self) -> None:
        """Leave nothing behind of what has not come whole."""
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
    """What there is of an upload: its row, its part file, its place once it has one."""

    row: int
    part: Part
    place: str | None = None


class HandingOver(Handler):
    """Hands an upload over to the first who asks for it."""

    deadline = SECONDS
    sends_files = True
    _left: asyncio.Event | None = None

    async def hand_over(self, name: str, *, download: bool) -> None:
        """Answer with the file and remove it, unless the client did not get it all."""
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
        """Whether the client has what was sent, not only the systems in between.

        It hangs up when it has all: who goes away with something unread resets the connection.
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
        """The client hung up."""
        super().on_connection_close()
        if self._left:
            self._left.set()
