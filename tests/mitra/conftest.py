"""Fixtures of the tests of partners.

on_mongo    the server with its documents in MongoDB, which is emptied
either      the server with its documents in PostgreSQL, then `on_mongo`
address     of the MongoDB that it uses
mongo       one to stop and to freeze: the same, unless TEST_MONGO names another
contents    what that holds
"""

import os
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pymongo
import pytest
from pymongo.synchronous.collection import Collection
from tornado.ioloop import IOLoop

from sunshine.core.settings import Settings
from tests.api import Api
from tests.conftest import Now, serve
from tests.mongo import Mongo


@pytest.fixture(scope="session")
def mongo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mongo]:
    server = Mongo(tmp_path_factory.mktemp("mongo"))
    yield server
    server.kill()


@pytest.fixture(scope="session")
def address(request: pytest.FixtureRequest) -> str:
    if "TEST_MONGO" in os.environ:
        return os.environ["TEST_MONGO"]
    mongo: Mongo = request.getfixturevalue("mongo")
    return mongo.address


@pytest.fixture(scope="session")
def _on_mongo(settings: Settings, io_loop: IOLoop, _now: Now, address: str) -> Iterator[Api]:
    yield from serve(replace(settings, mongo_mitra=address), io_loop, _now)


@pytest.fixture(scope="session")
def _contents(address: str) -> Iterator[Collection[dict[str, Any]]]:
    with pymongo.MongoClient[dict[str, Any]](address) as client:
        yield client.get_default_database()["documents"]


@pytest.fixture
def contents(_contents: Collection[dict[str, Any]]) -> Collection[dict[str, Any]]:
    _contents.delete_many({})
    return _contents


@pytest.fixture
def on_mongo(_on_mongo: Api, api: Api, contents: Collection[dict[str, Any]]) -> Api:
    _on_mongo.app.principals.forget()
    _on_mongo.cast = api.cast
    return _on_mongo


@pytest.fixture(params=["postgresql", "mongodb"])
def either(request: pytest.FixtureRequest, api: Api) -> Api:
    found: Api = request.getfixturevalue("on_mongo") if request.param == "mongodb" else api
    return found
