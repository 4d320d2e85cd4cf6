"""Puts the parts together: make_app builds one process, serve runs it to its end."""

import asyncio
import contextlib
import gc
import secrets
import signal
import socket
import sys
from collections.abc import Awaitable, Callable, Coroutine, Iterable
from datetime import timedelta
from types import FrameType
from typing import Any

import psycopg
import structlog

import handlers
from sunshine.backups.watch import BackupWatch
from sunshine.core import clock, command_name, systemd, unsafe_settings
from sunshine.core.characters import shown_in_lines
from sunshine.core.disk_space import Room
from sunshine.core.errors import AppError, Conflict, Unavailable
from sunshine.core.principals import System
from sunshine.core.settings import Settings
from sunshine.database import embedded_watch, startup
from sunshine.database.database import Databases
from sunshine.database.embedded import PostgresError
from sunshine.database.embedded import Server as EmbeddedServer
from sunshine.database.event_log import Feed
from sunshine.database.migrations import MigrationError
from sunshine.files.backends import storage_of
from sunshine.identity.password_strength import company_words
from sunshine.identity.passwords import Passwords
from sunshine.identity.resolver import Principals
from sunshine.identity.tokens import Tokens
from sunshine.jobs.runner import CANCEL_SECONDS, Job, Runner
from sunshine.live.presence import Presence
from sunshine.modules import registry  # fmt: skip
from sunshine.modules.users import accounts
from sunshine.operations import directories, logs
from sunshine.operations import sockets as listening
from sunshine.operations.metrics import Metrics
from sunshine.operations.rate_limits import Rates
from sunshine.operations.readiness import Readiness
from sunshine.web.application import Application
from sunshine.web.routes import RouteTable
from sunshine.web.server.http_server import Server
from sunshine.web.server.shutdown import shut_down

FILES = 65_536
# Errors that can prevent a start and are not bugs: one line, no traceback.
EXPECTED = (OSError, psycopg.OperationalError, PostgresError, MigrationError, AppError)
log = structlog.get_logger("sunshine.server")


def routes() -> RouteTable:
    """Return every endpoint."""
    return handlers.routes


class App:
    """The parts of one process, started and stopped in order. Tests run several side by side."""

    def __init__(
        self, settings: Settings, now: clock.Clock, jobs: Iterable[Job] | None = None
    ) -> None:
        self.settings = settings
        self.databases = Databases(settings, now)
        self.passwords = Passwords(settings.bcrypt_cost, company_words(settings.base_domain))
        tokens = Tokens(settings.jwt_secret, timedelta(seconds=settings.jwt_expiration))
        self.feed = Feed(self.databases.sunshine)
        self.feeds = {"sunshine": self.feed, "fleet": Feed(self.databases["fleet"])}
        self.principals = Principals(self.databases, tokens, now, self.feeds)
        self.presence = Presence(self.databases, self.principals, self.feed, now)
        storage = storage_of(settings)
        self.room = Room(settings.directory)
        self.readiness = Readiness(self.databases, self.room)
        self.backups = BackupWatch(settings.backup_dir)
        due = registry.jobs(storage) if jobs is None else jobs
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
            readiness=self.readiness,
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
        self.http = Server(
            self.application,
            # The route table rejects what exceeds its own limit, in the one error shape.
            max_body_size=1 << 40,
            max_header_size=64 * 1024,
            decompress_request=False,
        )
        self._listening: list[socket.socket] = []
        self._watches: list[asyncio.Task[None]] = []

    async def start(self, sockets: list[socket.socket]) -> None:
        """Open the databases, follow the events, accept requests, run due jobs.

        The sockets belong to this object from now on. After a failed start `stop` ends what had
        begun.
        """
        self._listening = sockets
        await self.databases.open()
        for feed in self.feeds.values():
            feed.start()
        self.presence.start()
        watches = (self.application.watch(), self.http.watch())
        self._watches += [asyncio.create_task(watch) for watch in watches]
        self.http.add_sockets(sockets)
        if self.settings.jobs_enabled:
            self.jobs.start()
        # What is loaded by now stays, and a request leaves little behind: the collector may look
        # less often and at less (2 % of a request's time).
        gc.freeze()
        gc.set_threshold(10_000, 20, 20)
        gc.enable()

    async def stop(self) -> None:
        """Accept nothing new, let requests in flight and a running job finish, close everything.

        Works from any stage of the start, and twice. A step that fails is logged, and the others
        still run.
        """
        self.http.stop()
        for each in self._listening:
            each.close()
        patience = self.settings.shutdown_seconds
        await _all_of(
            self.presence.stop(),
            shut_down(self.http, self.application, patience),
            self.jobs.stop(max(0.0, patience - CANCEL_SECONDS)),
        )
        for watch in self._watches:
            watch.cancel()
        self.readiness.stop()
        await _all_of(*(feed.stop() for feed in self.feeds.values()))
        await _all_of(self.databases.close())
        self.passwords.close()


async def _all_of(*steps: Awaitable[None]) -> None:
    """Run all steps, even if some of them fail."""
    for outcome in await asyncio.gather(*steps, return_exceptions=True):
        if isinstance(outcome, Exception):
            log.error("a part did not stop well", exc_info=outcome)


def make_app(
    settings: Settings, now: clock.Clock = clock.now, jobs: Iterable[Job] | None = None
) -> App:
    """Return the parts of one process, not yet started, with all jobs unless some are given.

    Needs settings with a secret and databases.
    """
    return App(settings, now, jobs)


def serve(settings: Settings, *, fd: int | None = None, own_port: bool = False) -> int:
    """Run until SIGINT or SIGTERM; return the exit code. Everything it starts, it stops.

    Listens on inherited sockets (`fd`, or from systemd); on the configured port if there are none
    or if `own_port`.
    """
    logs.configure(settings)
    _allow_files()
    # Until the loop takes over: a signal during start-up must still stop what was started.
    signal.signal(signal.SIGTERM, _interrupt)
    try:
        return _serve(settings, listening.sockets(settings, fd, own_port=own_port))
    except EXPECTED as error:
        _say(f"sunshine: {_line(error)}")
        return 1
    except KeyboardInterrupt:
        return 130
    finally:
        logs.flush_stderr()


def _serve(settings: Settings, sockets: list[socket.socket]) -> int:
    with contextlib.ExitStack() as stack:
        for each in sockets:
            stack.enter_context(each)
        directories.make(settings)
        settings, postgres = startup.prepare(directories.with_secret(settings), say=_say)
        if postgres:
            stack.callback(postgres.stop)
        for notice in postgres.notices if postgres else ():
            _say(notice)
        with asyncio.Runner(loop_factory=_loop_factory(settings)) as runner:
            runner.run(_run(settings, sockets, postgres))
    return 0


async def _run(
    settings: Settings, sockets: list[socket.socket], postgres: EmbeddedServer | None
) -> None:
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stopping.set)
    app = make_app(settings)
    beside = [asyncio.create_task(systemd.keep_watchdog_quiet())]
    if postgres:
        watch = embedded_watch.Watch(postgres)
        app.readiness.postgres = watch
        beside.append(asyncio.create_task(watch.run()))
    try:
        if await _is_done_before(stopping, _begin(app, sockets)):
            _say(f"Sunshine is ready on {listening.where(sockets)}  (Ctrl-C stops it)")
            systemd.notify("READY=1")
            await stopping.wait()
            log.info("stopping")
        systemd.notify("STOPPING=1")
    finally:
        for task in beside:
            task.cancel()
        await app.stop()


async def _begin(app: App, sockets: list[socket.socket]) -> None:
    where = listening.where(sockets)
    await app.start(sockets)
    for doubt in unsafe_settings.warnings(app.settings):
        log.warning("unsafe setting", told=doubt)
    await _first_admin(app, where)


async def _is_done_before(stopping: asyncio.Event, work: Coroutine[Any, Any, None]) -> bool:
    """Return whether the work finished before the signal; its exceptions are raised.

    If the signal comes first, the work is not awaited: a query to a frozen database ends late or
    never.
    """
    working, stopped = asyncio.create_task(work), asyncio.create_task(stopping.wait())
    await asyncio.wait({working, stopped}, return_when=asyncio.FIRST_COMPLETED)
    stopped.cancel()
    if working.done():
        working.result()
        return True
    working.cancel()
    working.add_done_callback(lambda ended: ended.cancelled() or ended.exception())
    return False


def _line(error: BaseException) -> str:
    """Return the error in one line, with its cause if the message alone says too little."""
    if isinstance(error, AppError):
        reason = str(error.__cause__ or "").strip().partition("\n")[0]
        return f"{error.message}: {reason}" if reason else error.message
    return str(error).strip().partition("\n")[0]


async def _first_admin(app: App, where: str) -> None:
    """If nobody can sign in yet, create an admin and show its password this once."""
    database = app.databases.sunshine
    if (await accounts.listing.page(database, {"page": 1, "limit": 1})).total:
        return
    password = secrets.token_urlsafe(12)
    hashed = await app.passwords.hash(password)
    values = {
        "username": "admin", "name": "Administrator", "role": "admin", "passwordHash": hashed,
    }  # fmt: skip
    try:
        async with database.transaction(System("first start")) as tx:
            await accounts.create(tx, values)
    except Conflict:  # another server, started at the same time, was first
        return
    except Unavailable as error:  # a standby: the promoted one has an admin, or is started again
        _say(f"sunshine: nobody can sign in yet, and no admin can be made: {error.message}")
        return
    _say(
        "\n  The first admin was made. This password is shown only now:\n"
        f"\n    username  admin\n    password  {password}\n"
        "\n  Next steps, in another terminal:\n" + _next_steps(app.settings, where)
    )


def _next_steps(settings: Settings, where: str) -> str:
    """Return commands to type next, and the page of the API if it is served."""
    steps = {
        f"{command_name.name()} demo": "sample people to look around with",
        f"{command_name.name()} users --help": "accounts; `users link` says which employee you are",
        f"{command_name.name()} routes": "what the API offers",
    }
    width = max(map(len, steps))
    lines = [f"    {command:{width}}  {what}\n" for command, what in steps.items()]
    if settings.api_docs:
        lines.append(f"\n  The API, to read and to try: {where.split(' and ')[0]}/api/docs\n")
    return "".join(lines)


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
    """Raise the limit of open files as far as the system allows: a socket is one, the default
    1024."""
    with contextlib.suppress(ImportError, OSError, ValueError):
        import resource

        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        wanted = FILES if hard == resource.RLIM_INFINITY else min(hard, FILES)
        resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, wanted), hard))


def _interrupt(_: int, __: FrameType | None) -> None:
    raise KeyboardInterrupt


def _say(text: str) -> None:
    with contextlib.suppress(OSError):  # a full disk behind stderr must not stop the server
        print(shown_in_lines(text), file=sys.stderr, flush=True)
