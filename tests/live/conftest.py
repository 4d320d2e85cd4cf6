"""Fixtures: the servers `api` and `second`, with the channel of tests/live/channel.py mounted.

noted       writes a note on one of the cast: `await noted("employee", 1)`
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace
from unittest import mock

import pytest
from tornado.ioloop import IOLoop
from tornado.netutil import bind_sockets

import server
from sunshine.core.principals import System
from sunshine.core.settings import Settings
from tests.api import Api
from tests.conftest import Now, serve
from tests.live import channel
from tests.sockets import until


def _mounted(settings: Settings, io_loop: IOLoop, now: Now) -> Iterator[Api]:
    serving = serve(settings, io_loop, now)
    with mock.patch.object(server, "routes", channel.mounted):
        api = next(serving)
    yield api
    next(serving, None)


@pytest.fixture(scope="session")
def _server(settings: Settings, io_loop: IOLoop, _now: Now) -> Iterator[Api]:
    yield from _mounted(settings, io_loop, _now)


@pytest.fixture(scope="session")
def _second(settings: Settings, io_loop: IOLoop, _now: Now) -> Iterator[Api]:
    yield from _mounted(settings, io_loop, _now)


@pytest.fixture(autouse=True)
def _clean() -> Iterator[None]:
    """The channel works, and was not asked."""
    yield
    for what in (channel.troubles, channel.gates, channel.asked, channel.bad_for):
        what.clear()


async def all_told(api: Api) -> None:
    """The server has told what has happened so far."""
    hub = api.app.presence.hub(channel.channel)
    [last] = await api.sql(
        "SELECT xid::text::bigint AS xid, id FROM event ORDER BY xid DESC, id DESC LIMIT 1"
    )
    await until(lambda: hub._at >= (last["xid"], last["id"]))


@asynccontextmanager
async def own_server(api: Api, port: int = 0) -> AsyncIterator[Api]:
    """A server of the test's own, which it stops itself; its cast is that of `api`."""
    sockets = bind_sockets(port, "127.0.0.1")
    port = sockets[0].getsockname()[1]
    with mock.patch.object(server, "routes", channel.mounted):
        app = server.make_app(replace(api.app.settings, port=port), api.app.application.clock)
    await app.start(sockets)
    own = Api(app, port)
    own.cast = api.cast
    try:
        yield own
    finally:
        await own.close()


Noted = Callable[..., Awaitable[None]]


@pytest.fixture
def noted(api: Api) -> Noted:
    async def write(name: str, number: int, **more: object) -> None:
        employee = api.cast[name].employee_id
        assert employee
        await channel.note(api.app.databases.sunshine, employee, number, **more)

    return write


async def write(api: Api, numbers: range, name: str = "employee") -> None:
    """Notes, all in one transaction."""
    async with api.app.databases.sunshine.transaction(System("test")) as tx:
        for number in numbers:
            await tx.record(
                "employee_noted", "employee", api.cast[name].employee_id, after={"number": number}
            )
