"""Fixtures: the servers `api` and `second`, with the channel of tests/live/channel.py mounted.

noted       writes a note on one of the cast: `await noted("employee", 1)`
"""

from collections.abc import Awaitable, Callable, Iterator
from unittest import mock

import psycopg
import pytest
from tornado.ioloop import IOLoop

import server
from sunshine.connections import conninfo
from sunshine.settings import Settings
from tests.api import Api
from tests.conftest import Now, serve
from tests.live import channel


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
def _first_event(api: Api) -> None:
    """A log is never empty where somebody can sign in: their account was recorded."""
    settings = api.app.settings.databases["sunshine"]
    with psycopg.connect(conninfo(settings), autocommit=True) as connection:
        connection.execute(
            "INSERT INTO event (at, type, entity, actor_type, actor_name)"
            " VALUES (now(), 'began', 'test', 'system', 'test')"
        )


Noted = Callable[..., Awaitable[None]]


@pytest.fixture
def noted(api: Api) -> Noted:
    async def write(name: str, number: int, **more: object) -> None:
        employee = api.cast[name].employee_id
        assert employee
        await channel.note(api.app.databases.sunshine, employee, number, **more)

    return write
