"""Common ground of commands: the settings, and work on a database in the operator's name."""

import asyncio
import getpass
import os
import signal
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, TypeVar

from sunshine.core.environment import load
from sunshine.core.settings import Settings

if TYPE_CHECKING:
    from sunshine.core.principals import Principal, System
    from sunshine.database.database import Database, Databases

T = TypeVar("T")


def configured(overrides: Mapping[str, str] | None = None) -> Settings:
    """Return the settings, with `overrides` taking precedence over the environment."""
    overrides = overrides or {}
    others = {name: value for name, value in os.environ.items() if name.upper() not in overrides}
    return load({**overrides, **others})


@contextmanager
def opened(*, migrated: bool = True) -> Iterator[Settings]:
    """Yield the settings of the databases for a block: created and up to date, or as they are."""
    from sunshine.database import startup as databases
    from sunshine.operations import logs

    settings = configured()
    # Only problems are logged; the command itself reports success.
    logs.configure(replace(settings, log_level="warning", log_format="text"))
    with _ending_on_signals(), databases.opened(settings, migrated=migrated) as reached:
        yield reached


def run(work: "Callable[[Database], Awaitable[T]]", name: str = "sunshine") -> T:
    """Run `work` on a database and return its result."""
    with opened() as settings:
        return asyncio.run(_with_database(name, settings, work))


def run_on_all(work: "Callable[[Databases, Settings], Awaitable[T]]") -> T:
    """Run `work` on the four databases and return its result."""
    with opened() as settings:
        return asyncio.run(_with_databases(settings, work))


def operator() -> "System":
    """Return the author of changes from the command line; a container may have no name for its
    user."""
    from sunshine.core.principals import System

    try:
        name = getpass.getuser()
    except (KeyError, OSError):
        name = str(os.getuid())
    return System(name=f"cli:{name}")


def everybody() -> "Principal":
    """Return a principal with all permissions, for rules that restrict by scope."""
    from sunshine.core.principals import Principal, permissions_of

    return Principal(
        kind="system",
        id=0,
        username="",
        name="",
        email=None,
        role="admin",
        employee_id=None,
        permissions=permissions_of("admin"),
    )


def check_password(password: str, names: Iterable[str | None]) -> None:
    """Reject a new password that is not strong enough for an account with these names."""
    from sunshine.identity import passwords
    from sunshine.identity.password_strength import company_words

    passwords.check(password, names=names, company=company_words(configured().base_domain))


async def hashed(password: str) -> str:
    """Return a password's hash as it is stored."""
    from sunshine.identity.passwords import Passwords

    passwords = Passwords(configured().bcrypt_cost)
    try:
        return await passwords.hash(password)
    finally:
        passwords.close()


async def _with_database(
    name: str, settings: Settings, work: "Callable[[Database], Awaitable[T]]"
) -> T:
    return await _with_databases(settings, lambda databases, _: work(databases[name]))


async def _with_databases(
    settings: Settings, work: "Callable[[Databases, Settings], Awaitable[T]]"
) -> T:
    from sunshine.core import clock
    from sunshine.database.database import Databases

    few = {
        name: replace(database, pool_min=0, pool_max=2)
        for name, database in settings.databases.items()
    }
    databases = Databases(replace(settings, databases=few), clock.now)
    await databases.open()
    try:
        return await work(databases, settings)
    finally:
        await databases.close()


@contextmanager
def _ending_on_signals() -> Iterator[None]:
    """Unwind the stack on SIGTERM and a closed terminal: the embedded server must not stay behind.

    Signals that the caller has set to be ignored stay ignored: `nohup` wants to outlive the
    terminal.
    """

    def end(number: int, _: object) -> None:
        raise SystemExit(128 + number)

    before = {
        number: signal.signal(number, end)
        for number in (signal.SIGTERM, signal.SIGHUP)
        if signal.getsignal(number) is not signal.SIG_IGN
    }
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
