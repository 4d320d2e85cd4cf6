"""Fixture: `desk` is `api` with the people of a help desk in the cast (desk.py)."""

import pytest
from tornado.ioloop import IOLoop

from tests.api import Api
from tests.tickets.factories import staff


@pytest.fixture
def desk(api: Api, io_loop: IOLoop) -> Api:
    io_loop.run_sync(lambda: staff(api))
    return api
