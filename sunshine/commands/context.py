"""What commands stand on: the settings, and work on a database in the operator's name."""

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
    """The settings, with `overrides` before the environment."""
    overrides = overrides or {}
    others = {name: value for name, value in os.environ.items() if name.upper() not in overrides}
    return load({**overrides, **others})


@contextmanager
def opened(*, migrated: bool = True) -> Iterator[Settings]:
    """The databases' settings while a block runs: made and up to date, or as they are found."""
    from sunshine.database import startup as databases
    from sunshine.operations import logs

    settings = configured()
    # An operator is told of what goes wrong; what goes well is the command's own to tell.
    logs.configure(replace(settings, log_level="warning", log_format="text"))
    with _ending_on_signals(), databases.opened(settings, migrated=migrated) as reached:
        yield reached


def run(work: "Callable[[Database], Awaitable[T]]", name: str = "sunshine") -> T:
    """What `work` on a database comes to."""
    with opened() as settings:
        return asyncio.run(_with_database(name, settings, work))


def run_on_all(work: "Callable[[Databases, Settings], Awaitable[T]]") -> T:
    """What `work` on the four databases comes to."""
    with opened() as settings:
        return asyncio.run(_with_databases(settings, work))


def operator() -> "System":
    """In whose name the command line changes things; a container may have no name for its user."""
    from sunshine.core.principals import System

    try:
        name = getpass.getuser()
    except (KeyError, OSError):
        name = str(os.getuid())
    return System(name=f"cli:{name}")


def everybody() -> "Principal":
    """Rules of scope ask who wants it: here somebody who may everything."""
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
    """Refuse a new password that is not good enough for an account of these names."""
    from sunshine.identity import passwords
    from sunshine.identity.password_strength import company_words

    passwords.check(password, names=names, company=company_words(configured().base_domain))


async def hashed(password: str) -> str:
    """A password as it is stored."""
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
    """SIGTERM and a closed terminal unwind the stack: the embedded server must not stay behind.

    What the caller has had ignored stays so: `nohup` asks for a closed terminal to be outlived.
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
