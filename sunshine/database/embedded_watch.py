"""Starts the embedded PostgreSQL again when its postmaster has died. Run by server.py beside the
requests, which are answered 503 meanwhile; sunshine/database/embedded.py does the starting.

Each process that serves watches. They take turns by the lock of the cluster: the first one starts
the server, the others find it running.
"""

import asyncio
import re
import time
from typing import Literal, NoReturn

import structlog

from sunshine.database.embedded import PostgresError, Pulse, Server

LOOK_SECONDS = 0.25
FIRST_PAUSE, LAST_PAUSE = 0.25, 3.0
# One that stood for less is as good as one that did not start.
STEADY_SECONDS = 1.0
log = structlog.get_logger("sunshine.postgres")


class Watch:
    """Over one server. `state` is None while it runs, else what is being done about it."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._pause = 0.0
        self._told = ""
        self.state: Literal["restarting", "cannot_start"] | None = None

    async def run(self) -> NoReturn:
        """Have the server run, for as long as this does. Blocks the loop with nothing."""
        while True:
            began = time.monotonic()
            pulse = await self._felt()
            if pulse:
                with pulse:
                    while pulse.beats():  # noqa: ASYNC110 - a process sets no event
                        await asyncio.sleep(LOOK_SECONDS)
            if time.monotonic() - began > STEADY_SECONDS:
                self._pause = 0.0
            await self._bring_back()

    async def _felt(self) -> Pulse | None:
        try:
            return await asyncio.to_thread(self._server.pulse)
        except PostgresError:  # no descriptor left, say: the lock and the pid file tell as well
            await asyncio.sleep(FIRST_PAUSE)
            return None

    async def _bring_back(self) -> None:
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
                self._tell(f"PostgreSQL cannot be started, which is tried again: {error}")
        if self.state:
            log.warning("PostgreSQL runs again", seconds=round(time.monotonic() - began, 1))
        self.state, self._told = None, ""

    def _tell(self, line: str) -> None:
        """Once, until it is about something else: process ids and times are the same news."""
        gist = re.sub(r"\d+", "", line)
        if gist != self._told:
            self._told = gist
            log.error(line)
