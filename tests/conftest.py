"""Fixtures and cast.

postgres    an embedded PostgreSQL for the whole run
settings    the settings of a test server on it, its four databases migrated
now         the clock of the server: `now.set(...)`, `now.shift(hours=1)`; real time otherwise
api         a running server and its client, on empty databases, with the cast; events empty
second      another server process' worth of parts on the same databases, with the same cast
limited     a server that counts calls, with counters of its own, and the same cast
no_deadlock what happens meanwhile leaves no deadlock in PostgreSQL's log

The cast, all with the password PASSWORD: admin and hr (each an employee, HR department), manager
(an employee), employee (the manager's report), stranger (an employee of nobody here), outsider
(role employee, linked to no employee).

No job runs by itself on these: `await api.app.jobs.run("cleanup")` runs one.

A test that is `async def` runs on the one event loop of the run.
"""

import asyncio
import os
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any

import bcrypt
import psycopg
import pytest
from tornado.ioloop import IOLoop
from tornado.testing import bind_unused_port

from tests.pkg_resources_stand_in import install

install()

pytest_plugins = ["pytest_tornado.plugin", "tests.canary"]

import models  # noqa: E402
import server  # noqa: E402
from sunshine import clock, migrate  # noqa: E402
from sunshine import postgres as launcher  # noqa: E402
from sunshine import settings as configuration  # noqa: E402
from sunshine.connections import conninfo  # noqa: E402
from sunshine.jobs import Job  # noqa: E402
from sunshine.settings import Settings  # noqa: E402
from tests.api import Api, Person  # noqa: E402

PASSWORD = "sunny-side-up-1"
PASSWORD_HASH = bcrypt.hashpw(PASSWORD.encode(), bcrypt.gensalt(4)).decode()
SECRET = "a-secret-for-tests-that-is-long-enough"
EMPLOYEES = ("admin", "hr", "manager", "employee", "stranger")


def pytest_sessionfinish() -> None:
    for connection in _connections.values():
        connection.close()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        function = getattr(item, "obj", None)
        if asyncio.iscoroutinefunction(function) and not item.get_closest_marker("gen_test"):
            item.add_marker(pytest.mark.gen_test(timeout=60))


@pytest.fixture(scope="session")
def postgres() -> Iterator[launcher.Server]:
    with tempfile.TemporaryDirectory(prefix="sunshine tests ") as folder:
        # As root the server runs as another user, who must be able to get in.
        os.chmod(folder, 0o711)
        os.environ["SUNSHINE_VAR"] = f"{folder}/var"
        with launcher.running(
            Path(folder) / "postgres",
            options={"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"},
        ) as running:
            _may_empty(running)
            yield running


@pytest.fixture(scope="session")
def settings(postgres: launcher.Server) -> Settings:
    made = configuration.load(
        {
            "APP_ENV": "test", "JWT_SECRET": SECRET, "BCRYPT_COST": "4", "LOG_LEVEL": "warning",
            "RATE_LIMIT_ENABLED": "false", "JOBS_ENABLED": "false",
            "PG_SUNSHINE_HOST": postgres.host, "PG_SUNSHINE_PORT": str(postgres.port),
            "PG_SUNSHINE_USER": postgres.user,
        },
        home=postgres.directory.parent,
    )  # fmt: skip
    migrate.create(made)
    migrate.upgrade(made)
    return made


class Now:
    """A clock that a test can set."""

    def __init__(self) -> None:
        self._offset: timedelta | None = None
        self._fixed: datetime | None = None

    def __call__(self) -> datetime:
        return self._fixed or clock.now() + (self._offset or timedelta())

    def set(self, *parts: int) -> None:
        """Stand still at an instant, in UTC."""
        self._fixed = datetime(*parts, tzinfo=UTC)  # type: ignore[misc,arg-type]

    def shift(self, **delta: int) -> None:
        """Go on, so much later (or earlier)."""
        base = self() - clock.now() if self._fixed is None else self._fixed - clock.now()
        self._fixed, self._offset = None, base + timedelta(**delta)

    def reset(self) -> None:
        """Real time."""
        self._fixed = self._offset = None


@pytest.fixture(scope="session")
def _now() -> Now:
    return Now()


@pytest.fixture
def now(_now: Now) -> Iterator[Now]:
    yield _now
    _now.reset()


@pytest.fixture(scope="session")
def io_loop() -> Iterator[IOLoop]:
    """One for the run, for a pool must not cross loops."""
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    yield IOLoop.current()
    asyncio.set_event_loop(None)
    loop.close()


@pytest.fixture(scope="session")
def _server(settings: Settings, io_loop: IOLoop, _now: Now) -> Iterator[Api]:
    yield from serve(settings, io_loop, _now)


@pytest.fixture(scope="session")
def _second(settings: Settings, io_loop: IOLoop, _now: Now) -> Iterator[Api]:
    yield from serve(settings, io_loop, _now)


def serve(
    settings: Settings, io_loop: IOLoop, now: Now, jobs: Iterable[Job] | None = None
) -> Iterator[Api]:
    socket, port = bind_unused_port()
    settings = replace(settings, port=port)
    app = server.make_app(settings, now, jobs)
    io_loop.run_sync(lambda: app.start([socket]))
    api = Api(app, port)
    yield api
    api.close()
    io_loop.run_sync(app.stop)


@pytest.fixture
def api(_server: Api, io_loop: IOLoop, now: Now) -> Api:
    _empty(_server.app.settings)
    _server.app.principals.forget()
    _server.cast = _make_cast(_server.app)
    return _server


@pytest.fixture
def second(_second: Api, api: Api) -> Api:
    _second.app.principals.forget()
    _second.cast = api.cast
    return _second


@pytest.fixture
def limited(settings: Settings, io_loop: IOLoop, now: Now, api: Api) -> Iterator[Api]:
    for counting in serve(replace(settings, rate_limit_enabled=True), io_loop, now):
        counting.cast = api.cast
        yield counting


@pytest.fixture
def no_deadlock(postgres: launcher.Server) -> Iterator[None]:
    log = postgres.directory / "log"
    logged = log.stat().st_size
    yield
    assert b"deadlock detected" not in log.read_bytes()[logged:]


_connections: dict[str, psycopg.Connection] = {}


def _connected(settings: Settings, name: str) -> psycopg.Connection:
    """One connection per database for all tests: opening one takes longer than what it is for."""
    where = conninfo(settings.databases[name])
    known = _connections.get(where)
    try:
        if known is not None:
            known.execute("SELECT 1")
            return known
    except psycopg.OperationalError:  # a test stopped the server
        pass
    _connections[where] = psycopg.connect(where, autocommit=True)
    return _connections[where]


def _may_empty(postgres: launcher.Server) -> None:
    """Without a look at foreign keys, which takes seconds where a test left thousands of rows."""
    with psycopg.connect(
        host=postgres.host, port=postgres.port, user="postgres", dbname="postgres"
    ) as connection:
        connection.execute(f"GRANT SET ON PARAMETER session_replication_role TO {postgres.user}")


def _empty(settings: Settings) -> None:
    for name in models.METADATA:
        _connected(settings, name).execute(_emptying(name))


@lru_cache
def _emptying(name: str) -> str:
    """Deletes the rows of what has any."""
    found = " ".join(
        f'IF EXISTS (SELECT FROM "{table}") THEN DELETE FROM "{table}"; END IF;'
        for table in models.METADATA[name].tables
    )
    no_triggers = "PERFORM set_config('session_replication_role', 'replica', true);"
    return f"DO $$ BEGIN {no_triggers} {found} END $$"


def _make_cast(app: server.App) -> dict[str, Person]:
    c = _connected(app.settings, "sunshine")
    c.execute("INSERT INTO department (name) VALUES ('Human Resources')")
    people: dict[str, Any] = {}
    for name in EMPLOYEES:
        row = c.execute(
            "INSERT INTO employee (name, email, phone, join_date, manager_id)"
            " VALUES (%s, %s, '+621', '2020-01-01', %s) RETURNING id",
            (
                f"{name.capitalize()} Person",
                f"{name}@example.com",
                people["manager"] if name == "employee" else None,
            ),
        ).fetchone()
        assert row
        people[name] = row[0]
    people["outsider"] = None
    return {name: _account(c, app, name, employee) for name, employee in people.items()}


def _account(
    connection: psycopg.Connection, app: server.App, name: str, employee: int | None
) -> Person:
    role = name if name in ("admin", "hr", "manager") else "employee"
    row = connection.execute(
        "INSERT INTO users (username, name, email, role, employee_id, password_hash)"
        " VALUES (%s, %s, %s, %s, %s, %s) RETURNING id",
        (name, f"{name.capitalize()} Person", f"{name}@example.com", role, employee,
         PASSWORD_HASH),
    ).fetchone()  # fmt: skip
    assert row
    token = app.application.tokens.sign(
        "user", id_=row[0], username=name, role=role, version=0, now=app.application.clock()
    )
    return Person(name, row[0], employee, token)
