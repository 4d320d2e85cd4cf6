"""Fixtures and cast.

postgres    an embedded PostgreSQL for the whole run
settings    the settings of a test server on it, its four databases migrated
clone       makes four more databases as those were when they had been migrated
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
import select
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from pathlib import Path

import bcrypt
import psycopg
import pytest
from psycopg import sql
from tornado.ioloop import IOLoop
from tornado.testing import bind_unused_port

from tests.pkg_resources_shim import install

install()

pytest_plugins = ["pytest_tornado.plugin", "tests.secret_leak_guard", "tests.schedule"]

import models  # noqa: E402
import server  # noqa: E402
from sunshine.core import clock, environment  # noqa: E402
from sunshine.core.settings import Settings  # noqa: E402
from sunshine.database import embedded as launcher  # noqa: E402
from sunshine.database import migrations  # noqa: E402
from sunshine.database.connections import conninfo  # noqa: E402
from sunshine.jobs.runner import Job  # noqa: E402
from sunshine.modules.cms.blog import posts  # noqa: E402
from sunshine.modules.cms.cache import Pages  # noqa: E402
from sunshine.operations import directories  # noqa: E402
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
            item.add_marker(pytest.mark.gen_test(timeout=180))


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
            _mayemptied(running)
            yield running


@pytest.fixture(scope="session")
def _migrated(postgres: launcher.Server) -> Settings:
    made = environment.load(
        {
            "APP_ENV": "test", "JWT_SECRET": SECRET, "BCRYPT_COST": "4", "LOG_LEVEL": "warning",
            "RATE_LIMIT_ENABLED": "false", "JOBS_ENABLED": "false",
            "PG_SUNSHINE_HOST": postgres.host, "PG_SUNSHINE_PORT": str(postgres.port),
            "PG_SUNSHINE_USER": postgres.user,
        },
        home=postgres.directory.parent,
    )  # fmt: skip
    migrations.create(made)
    migrations.upgrade(made)
    _copy(made, {name: _template(name) for name in made.databases})
    return made


@pytest.fixture(scope="session")
def settings(_migrated: Settings) -> Settings:
    return _migrated


Clone = Callable[[Settings], None]


@pytest.fixture(scope="session")
def clone(_migrated: Settings) -> Clone:
    """What `migrate.create` and `migrate.upgrade` do for settings, in a tenth of the time."""

    def make(wanted: Settings) -> None:
        where = {name: replace(_migrated.databases[name], database=_template(name))
                 for name in wanted.databases}  # fmt: skip
        _copy(
            replace(_migrated, databases=where),
            {name: database.database for name, database in wanted.databases.items()},
        )

    return make


def _template(name: str) -> str:
    return f"migrated_{name}"


def _copy(settings: Settings, names: Mapping[str, str]) -> None:
    """Copies of four databases that nobody is connected to."""
    first = settings.databases["sunshine"]
    with migrations.connect(first, dbname="postgres") as connection:
        for name, made in names.items():
            connection.execute(
                sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(
                    sql.Identifier(made), sql.Identifier(settings.databases[name].database)
                )
            )


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


@pytest.fixture(autouse=True)
def _current_loop(request: pytest.FixtureRequest) -> None:
    """Where a test awaits, the run's loop is the current one: asyncio.run leaves none behind."""
    if asyncio.iscoroutinefunction(request.function):
        asyncio.set_event_loop(request.getfixturevalue("io_loop").asyncio_loop)


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
    directories.make(settings)  # as `server.serve` does
    app = server.make_app(settings, now, jobs)
    io_loop.run_sync(lambda: app.start([socket]))
    api = Api(app, port)
    yield api
    io_loop.run_sync(api.close)
    io_loop.run_sync(app.stop)


@pytest.fixture
def api(_server: Api, io_loop: IOLoop, now: Now) -> Api:
    emptied(_server.app.settings)
    # Rows go without an event, which would have told of it.
    posts._pages = Pages()
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
    if known is None or not _is_alive(known):
        known = _connections[where] = psycopg.connect(where, autocommit=True)
        known.execute(_emptying(name))
        if name == "sunshine":
            known.execute(CAST)
    return known


def _is_alive(connection: psycopg.Connection) -> bool:
    """An idle one is silent, unless a test has stopped its server."""
    if not select.select([connection.pgconn.socket], [], [], 0)[0]:
        return True
    try:
        connection.execute("SELECT 1")
    except psycopg.OperationalError:
        return False
    return True


def _mayemptied(postgres: launcher.Server) -> None:
    """Without a look at foreign keys, which takes seconds where a test left thousands of rows."""
    with psycopg.connect(
        host=postgres.host, port=postgres.port, user="postgres", dbname="postgres"
    ) as connection:
        connection.execute(f"GRANT SET ON PARAMETER session_replication_role TO {postgres.user}")


def emptied(settings: Settings) -> None:
    """Four databases without rows."""
    for name in models.METADATA:
        _connected(settings, name).execute("SELECT pg_temp.empty()")


@lru_cache
def _emptying(name: str) -> str:
    """What deletes the rows of what has any; a function, whose plans the connection keeps."""
    found = " ".join(
        f'IF EXISTS (SELECT FROM "{table}") THEN DELETE FROM "{table}"; END IF;'
        for table in models.METADATA[name].tables
    )
    return (
        "CREATE FUNCTION pg_temp.empty() RETURNS void LANGUAGE plpgsql"
        f" SET session_replication_role = replica AS $$ BEGIN {found} END $$"
    )


# The cast without its tokens. One statement each, as if somebody had entered them one by one.
CAST = """
CREATE FUNCTION pg_temp.make_cast(names text[], hash text)
RETURNS TABLE (name text, user_id integer, employee_id integer) LANGUAGE plpgsql AS $$
DECLARE
    employees integer[];
    manager integer;
BEGIN
    INSERT INTO department (name) VALUES ('Human Resources');
    FOREACH name IN ARRAY names LOOP
        IF name <> 'outsider' THEN
            INSERT INTO employee (name, email, phone, join_date, manager_id)
            VALUES (initcap(make_cast.name) || ' Person', make_cast.name || '@example.com', '+621',
                '2020-01-01', CASE make_cast.name WHEN 'employee' THEN manager END)
            RETURNING id INTO employee_id;
            employees := employees || employee_id;
            IF name = 'manager' THEN manager := employee_id; END IF;
        END IF;
    END LOOP;
    FOREACH name IN ARRAY names LOOP
        employee_id := employees[array_position(names, name)];
        INSERT INTO users (username, name, email, role, employee_id, password_hash)
        VALUES (make_cast.name, initcap(make_cast.name) || ' Person',
            make_cast.name || '@example.com',
            CASE WHEN make_cast.name IN ('admin', 'hr', 'manager') THEN make_cast.name
                ELSE 'employee' END,
            make_cast.employee_id, hash)
        RETURNING id INTO user_id;
        RETURN NEXT;
    END LOOP;
END $$
"""


def _make_cast(app: server.App) -> dict[str, Person]:
    made = _connected(app.settings, "sunshine").execute(
        "SELECT name, user_id, employee_id FROM pg_temp.make_cast(%s, %s)",
        ([*EMPLOYEES, "outsider"], PASSWORD_HASH),
    )
    return {name: _person(app, name, user, employee) for name, user, employee in made}


def _person(app: server.App, name: str, user: int, employee: int | None) -> Person:
    role = name if name in ("admin", "hr", "manager") else "employee"
    token = app.application.tokens.sign(
        "user", id_=user, username=name, role=role, version=0, now=app.application.clock()
    )
    return Person(name, user, employee, token)
