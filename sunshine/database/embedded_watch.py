"""Restarts the embedded PostgreSQL when its postmaster has died.

server.py runs it next to the requests, which get a 503 in the meantime;
sunshine/database/embedded.py starts the server. Each serving process watches. They use the
cluster's lock: the first one starts the server, the others find it running.
"""

import asyncio
import re
import time
from typing import Literal, NoReturn

import structlog

from sunshine.database.embedded import PostgresError, Pulse, Server

LOOK_SECONDS = 0.25
FIRST_PAUSE, LAST_PAUSE = 0.25, 3.0
# A server that ran for less counts as failed to start.
STEADY_SECONDS = 1.0
log = structlog.get_logger("sunshine.postgres")


class Watch:
    """Watches one server. `state` is None while it runs, otherwise what is being done about it."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._pause = 0.0
        self._last_logged = ""
        self.state: Literal["restarting", "cannot_start"] | None = None

    async def run(self) -> NoReturn:
        """Keep the server running for as long as this coroutine runs; never blocks the event
        loop."""
        while True:
            began = time.monotonic()
            pulse = await self._find_pulse()
            if pulse:
                with pulse:
                    while pulse.beats():  # noqa: ASYNC110 - processes have no event to wait for
                        await asyncio.sleep(LOOK_SECONDS)
            if time.monotonic() - began > STEADY_SECONDS:
                self._pause = 0.0
            await self._restart()

    async def _find_pulse(self) -> Pulse | None:
        try:
            return await asyncio.to_thread(self._server.pulse)
        except PostgresError:  # no free descriptor: the lock and the pid file also show it
            await asyncio.sleep(FIRST_PAUSE)
            return None

    async def _restart(self) -> None:
        began = time.monotonic()
        while True:
            await asyncio.sleep(self._pause)
            self._pause = min(LAST_PAUSE, 2 * self._pause or FIRST_PAUSE)
            try:
                if await asyncio.to_thread(self._server.is_up):
                    break
                if self.state is None:
                    self.state = "restarting"
                    log.error("PostgreSQL has ended; it is started again")
                await asyncio.to_thread(self._server.revive)
                break
            except PostgresError as error:
                self.state = "cannot_start"
                self._log_once(f"PostgreSQL cannot be started, which is tried again: {error}")
        if self.state:
            log.warning("PostgreSQL runs again", seconds=round(time.monotonic() - began, 1))
        self.state, self._last_logged = None, ""

    def _log_once(self, line: str) -> None:
        """Log a line unless it differs from the last one only in numbers, such as process ids and
        times."""
        gist = re.sub(r"\d+", "", line)
        if gist != self._last_logged:
            self._last_logged = gist
            log.error(line)
