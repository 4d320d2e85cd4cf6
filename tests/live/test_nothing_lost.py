"""Whatever breaks, each client ends with exactly what it may see, in order, once."""

import asyncio
import json
import random
import signal
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from sqlalchemy import func, select

from sunshine.core.principals import System
from sunshine.database.database import Database
from sunshine.database.embedded import Server
from sunshine.database.statements import Statement
from tests.api import Api
from tests.live.conftest import Noted
from tests.live.test_seeing import SEEN
from tests.processes import Process, reach
from tests.sockets import connected, frame, masked, reset, until, upgraded

WRITERS = 16
CHANGES = 2000
SOCKETS = 20
NAMES = [name for name in SEEN if SEEN[name]]
TAKE_ID = Statement(select(func.pg_current_xact_id()))
# While a server is killed or not there yet.
GONE = (ConnectionError, asyncio.IncompleteReadError, TimeoutError)


class LiveProcess(Process):
    """A server of its own with the channel of the tests."""

    program = Path(__file__).with_name("process.py")


async def write(api: Api, database: Database, writer: int, changes: int) -> None:
    """So many changes, on anybody; some begin early and end late, some are taken back besides."""
    dice = random.Random(writer)
    for number in range(changes):
        fails = dice.random() < 0.1
        while True:
            begun, delay = dice.choice([0, 0, 0, 0.002]), dice.choice([0, 0, 0.002, 0.01])
            try:
                async with database.transaction(System("writer")) as tx:
                    if begun:
                        await tx.one_or_none(TAKE_ID)
                        await asyncio.sleep(begun)
                    employee = api.cast[dice.choice(NAMES)].employee_id
                    after = {"number": number, "writer": writer}
                    if dice.random() < 0.3:  # nothing that is told here
                        await tx.record("something_else", "thing", 1)
                    await tx.record("employee_noted", "employee", employee, after=after)
                    if dice.random() < 0.3:
                        await tx.record("something_else", "thing", 1)
                    await asyncio.sleep(delay)
                    if fails:
                        fails = False
                        raise LookupError
                break
            except LookupError:
                pass


class Listener:
    """One client of one of the cast: it connects, is cut off, resumes where it was."""

    def __init__(self, api: Api, name: str, since: str, port: Callable[[], int]) -> None:
        self.name = name
        self.since = since
        self.told: list[str] = []
        self.connections = 0
        self._token = api.cast[name].token
        self._port = port
        self._dice = random.Random(f"{name}{id(self)}")

    async def listen(self, done: asyncio.Event) -> None:
        """Until everything is done and has been told."""
        while True:
            last = done.is_set()
            try:
                async with upgraded(self._port(), self._token, since=self.since) as streams:
                    self.connections += 1
                    await self._hear(streams, last)
            except GONE:
                await asyncio.sleep(0.02)
            else:
                if last:
                    return

    async def _hear(
        self, streams: tuple[asyncio.StreamReader, asyncio.StreamWriter], last: bool
    ) -> None:
        """All that there is when it is the last time; else some, and then the line breaks."""
        reader, writer = streams
        for _ in range(10**9 if last else self._dice.randint(1, 40)):
            async with asyncio.timeout(5 if last else self._dice.random()):
                kind, content = await frame(reader)
            if kind != 1:
                raise ConnectionError(content)
            said = json.loads(content)
            self.since = said["seq"]
            if said["type"] == "employee_noted":
                self.told.append(said["seq"])
            elif last:
                return
        match self._dice.choice(["reset", "goodbye", "end"]):
            case "reset":
                reset(writer)
            case "goodbye":
                writer.write(masked(8, b"\x03\xe8"))


async def expected(api: Api, name: str) -> list[str]:
    """All that one of the cast may see, in the order of the log."""
    rows = await api.sql(
        "SELECT xid::text || '-' || id AS seq FROM event"
        " WHERE type = 'employee_noted' AND entity_id = ANY(%(ids)s) ORDER BY xid, id",
        ids=[api.cast[each].employee_id for each in SEEN[name]],
    )
    return [row["seq"] for row in rows]


async def check(api: Api, listeners: list[Listener]) -> None:
    for listener in listeners:
        assert listener.told == await expected(api, listener.name), listener.name


async def beginning(api: Api) -> str:
    async with connected(api, as_="admin") as client:
        return await client.ready()


async def test_nothing_is_lost_or_repeated_whatever_the_network_does(api: Api, second: Api) -> None:
    """Two processes' worth of servers, 16 writers, 20 clients whose lines break all the time."""
    since = await beginning(api)
    ports = [api.port, second.port]
    dice, done = random.Random(7), asyncio.Event()
    listeners = [
        Listener(api, NAMES[number % len(NAMES)], since, lambda: dice.choice(ports))
        for number in range(SOCKETS)
    ]
    listening = asyncio.gather(*(listener.listen(done) for listener in listeners))
    database = api.app.databases.sunshine
    each = CHANGES // WRITERS
    await asyncio.gather(*(write(api, database, writer, each) for writer in range(WRITERS)))
    done.set()
    await listening
    await check(api, listeners)
    assert len(await expected(api, "admin")) == CHANGES
    assert sum(listener.connections for listener in listeners) > 5 * SOCKETS
    for server in (api, second):
        await until(lambda server=server: not server.app.presence._guests)  # type: ignore[misc]


@asynccontextmanager
async def serving(home: Path, postgres: Server) -> AsyncIterator[list[LiveProcess]]:
    """Two servers, ready; whatever is in the list at the end is killed."""
    processes = [LiveProcess(home, **reach(postgres)) for _ in range(2)]
    try:
        for process in processes:
            await asyncio.to_thread(process.ready)
        yield processes
    finally:
        for process in processes:
            process.kill()


async def test_nothing_is_lost_when_a_server_is_killed_between_commit_and_send(
    api: Api, postgres: Server, tmp_path: Path
) -> None:
    """Each time it is frozen first, so that commits are certain to lie between."""
    since = await beginning(api)
    dice, done = random.Random(7), asyncio.Event()
    database = api.app.databases.sunshine
    async with serving(tmp_path, postgres) as processes:
        ports = [process.port for process in processes]
        listeners = [Listener(api, name, since, lambda: dice.choice(ports)) for name in NAMES * 2]
        listening = asyncio.gather(*(listener.listen(done) for listener in listeners))
        for victim in (0, 1):
            await write(api, database, victim, 30)
            processes[victim].popen.send_signal(signal.SIGSTOP)
            await write(api, database, 10 + victim, 30)
            processes[victim].kill()
            await write(api, database, 20 + victim, 30)
            processes[victim] = LiveProcess(tmp_path, **reach(postgres))
            ports[victim] = (await asyncio.to_thread(processes[victim].ready)).port
        done.set()
        await listening
    await check(api, listeners)
    assert len(await expected(api, "admin")) == 180


async def test_a_client_of_a_killed_server_resumes_at_another(
    api: Api, noted: Noted, postgres: Server, tmp_path: Path
) -> None:
    """Exactly one event, committed while the server that should tell it is frozen."""
    await noted("employee", 0)
    async with serving(tmp_path, postgres) as processes:
        token = api.employee.token
        async with upgraded(processes[0].port, token) as (reader, _):
            since = json.loads((await frame(reader))[1])["seq"]
            processes[0].popen.send_signal(signal.SIGSTOP)
            await noted("employee", 1)
            processes[0].kill()
            with pytest.raises(GONE):
                await frame(reader)
        async with upgraded(processes[1].port, token, since=since) as (reader, _):
            assert json.loads((await frame(reader))[1])["data"]["number"] == 1
            assert json.loads((await frame(reader))[1])["type"] == "ready"
