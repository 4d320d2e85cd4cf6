"""Puts the parts together: make_app builds one process's worth, serve runs it to its end."""

import asyncio
import contextlib
import gc
import secrets
import signal
import socket
import sys
from collections.abc import Callable, Iterable
from datetime import timedelta
from types import FrameType

import structlog
from tornado.httpserver import HTTPServer

import handlers
from sunshine import clock, databases, folders, listening, logs, timetable
from sunshine.backups.watch import BackupWatch
from sunshine.db import Databases
from sunshine.errors import Conflict
from sunshine.events import Feed
from sunshine.jobs import CANCEL_SECONDS, Job, Runner
from sunshine.metrics import Metrics
from sunshine.migrate import MigrationError
from sunshine.passwords import Passwords
from sunshine.people import System
from sunshine.postgres import PostgresError
from sunshine.presence import Presence
from sunshine.principals import Principals
from sunshine.rates import Rates
from sunshine.readiness import Readiness
from sunshine.room import Room
from sunshine.rules import users
from sunshine.settings import Settings
from sunshine.storage import storage_of
from sunshine.tokens import Tokens
from sunshine.web.application import Application
from sunshine.web.parting import part
from sunshine.web.routes import RouteTable

FILES = 65_536
log = structlog.get_logger("sunshine.server")


def routes() -> RouteTable:
    """Every endpoint there is."""
    return handlers.routes


class App:
    """One process's parts, started and stopped in order. Tests run several side by side."""

    def __init__(
        self, settings: Settings, now: clock.Clock, jobs: Iterable[Job] | None = None
    ) -> None:
        self.settings = settings
        self.databases = Databases(settings, now)
        self.passwords = Passwords(settings.bcrypt_cost)
        tokens = Tokens(settings.jwt_secret, timedelta(seconds=settings.jwt_expiration))
        self.feed = Feed(self.databases.sunshine)
        self.feeds = {"sunshine": self.feed, "fleet": Feed(self.databases["fleet"])}
        self.principals = Principals(self.databases, tokens, now, self.feeds)
        self.presence = Presence(self.databases, self.principals, self.feed, now)
        storage = storage_of(settings)
        self.room = Room(settings.directory)
        self.backups = BackupWatch(settings.backup_dir)
        due = timetable.jobs(storage) if jobs is None else jobs
        self.jobs = Runner(self.databases, due, now, settings.business_tz)
        self.application = Application(
            routes(),
            settings,
            databases=self.databases,
            principals=self.principals,
            presence=self.presence,
            passwords=self.passwords,
            tokens=tokens,
            storage=storage,
            readiness=Readiness(self.databases, self.room),
            rates=Rates(settings),
            metrics=Metrics(
                self.databases,
                self.presence,
                self.feeds,
                self.passwords,
                self.jobs,
                self.room,
                self.backups,
            ),
            clock=now,
        )
        self.http = HTTPServer(
            self.application,
            # The route table refuses what is over its own limit, in the one error shape.
            max_body_size=1 << 40,
            max_header_size=64 * 1024,
            idle_connection_timeout=65,
            body_timeout=30,
            decompress_request=False,
        )
        self._watch: asyncio.Task[None] | None = None

    async def start(self, sockets: list[socket.socket]) -> None:
        """Open the databases, follow the events, accept requests, run what is due."""
        await self.databases.open()
        for feed in self.feeds.values():
            feed.start()
        self.presence.start()
        self._watch = asyncio.create_task(self.application.watch())
        self.http.add_sockets(sockets)
        if self.settings.jobs_enabled:
            self.jobs.start()
        # What is loaded by now stays, and a request leaves little behind: the collector need look
        # neither so often nor at everything (2 % of a request's time).
        gc.freeze()
        gc.set_threshold(10_000, 20, 20)
        gc.enable()

    async def stop(self) -> None:
        """Accept nothing new, let requests in flight and a running job end, close everything."""
        self.http.stop()
        patience = self.settings.shutdown_seconds
        await asyncio.gather(
            self.presence.stop(),
            part(self.http, self.application, patience),
            self.jobs.stop(max(0.0, patience - CANCEL_SECONDS)),
        )
        if self._watch:
            self._watch.cancel()
        for feed in self.feeds.values():
            await feed.stop()
        await self.databases.close()
        self.passwords.close()


def make_app(
    settings: Settings, now: clock.Clock = clock.now, jobs: Iterable[Job] | None = None
) -> App:
    """The parts of one process, not yet started, with all jobs there are unless some are given.

    Needs settings with a secret and databases.
    """
    return App(settings, now, jobs)


def serve(settings: Settings, *, fd: int | None = None, own_port: bool = False) -> int:
    """Run until SIGINT or SIGTERM; the exit code. Everything it starts, it stops.

    Listens on what it inherits (`fd`, or from systemd), and on the configured port where that is
    nothing, or where `own_port` says too.
    """
    logs.configure(settings)
    _allow_files()
    # Until the loop takes over: a signal during start-up must still stop what was started.
    signal.signal(signal.SIGTERM, _interrupt)
    try:
        sockets = listening.sockets(settings, fd, own_port=own_port)
        folders.make(settings)
        settings, postgres = databases.prepare(folders.with_secret(settings))
    except (OSError, PostgresError, MigrationError) as error:
        _say(f"sunshine: {error}")
        return 1
    except KeyboardInterrupt:
        return 130
    try:
        for notice in postgres.notices if postgres else ():
            _say(notice)
        with asyncio.Runner(loop_factory=_loop_factory(settings)) as runner:
            runner.run(_run(settings, sockets))
        return 0
    except KeyboardInterrupt:
        return 130
    finally:
        if postgres:
            postgres.stop()


async def _run(settings: Settings, sockets: list[socket.socket]) -> None:
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stopping.set)
    app = make_app(settings)
    await app.start(sockets)
    try:
        await _first_admin(app)
        _say(f"Sunshine is ready on {listening.where(sockets)}  (Ctrl-C stops it)")
        listening.notify("READY=1")
        watchdog = asyncio.create_task(listening.keep_watchdog_quiet())
        await stopping.wait()
        log.info("stopping")
        listening.notify("STOPPING=1")
    finally:
        await app.stop()
        watchdog.cancel()


async def _first_admin(app: App) -> None:
    """Where nobody may sign in yet, an admin with a password that is shown this once."""
    database = app.databases.sunshine
    if (await users.listing.page(database, {"page": 1, "limit": 1})).total:
        return
    password = secrets.token_urlsafe(12)
    hashed = await app.passwords.hash(password)
    values = {
        "username": "admin", "name": "Administrator", "role": "admin", "passwordHash": hashed,
    }  # fmt: skip
    try:
        async with database.transaction(System("first start")) as tx:
            await users.create(tx, values)
    except Conflict:  # another server, started at the same time, was first
        return
    _say(
        "\n  The first admin was made. This password is shown only now:\n"
        f"\n    username  admin\n    password  {password}\n"
        "\n  Next steps, in another terminal:\n"
        "    bin/sunshine demo          sample people to look around with\n"
        "    bin/sunshine users --help  accounts\n"
        "    bin/sunshine routes        what the API offers\n"
    )


def _loop_factory(settings: Settings) -> Callable[[], asyncio.AbstractEventLoop] | None:
    if settings.event_loop == "asyncio":
        return None
    with contextlib.suppress(ImportError):
        import uvloop

        factory: Callable[[], asyncio.AbstractEventLoop] = uvloop.new_event_loop
        return factory
    if settings.event_loop == "uvloop":
        _say("sunshine: EVENT_LOOP=uvloop, but uvloop is not installed; using asyncio")
    return None


def _allow_files() -> None:
    """As many open files as the system lets us have: a socket is one, and the usual limit 1024."""
    with contextlib.suppress(ImportError, OSError, ValueError):
        import resource

        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        wanted = FILES if hard == resource.RLIM_INFINITY else min(hard, FILES)
        resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, wanted), hard))


def _interrupt(_: int, __: FrameType | None) -> None:
    raise KeyboardInterrupt


def _say(text: str) -> None:
    with contextlib.suppress(OSError):  # a full disk behind stderr stops nobody
        print(text, file=sys.stderr, flush=True)
