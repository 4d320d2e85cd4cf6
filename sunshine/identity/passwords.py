"""Passwords: which are accepted, and bcrypt off the event loop."""

import asyncio
import os
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import bcrypt

from sunshine.core.errors import Invalid
from sunshine.identity.password_strength import easy_guess

T = TypeVar("T")

MIN_CHARACTERS = 10  # of new passwords; existing shorter ones still sign in
MAX_BYTES = 72  # bcrypt reads no more, and raises above it


class Passwords:
    """Hashes and compares at one work factor.

    bcrypt takes a tenth of a second: it runs in one thread fewer than there are processors, so that
    any number of logins leaves one to the event loop.
    """

    def __init__(self, cost: int, company: Iterable[str] = ()) -> None:
        self._cost = cost
        self._company = tuple(company)
        self._threads = ThreadPoolExecutor(
            max(1, (os.cpu_count() or 2) - 1), thread_name_prefix="bcrypt"
        )
        self.waiting = 0  # for a thread, or in one
        # The hash of no password, which takes as long to compare.
        self._dummy = bcrypt.gensalt(cost) + b"." * 31

    def check(self, password: str, *, names: Iterable[str | None] = ()) -> None:
        """Reject a new password that is too weak for an account of these names; Invalid."""
        check(password, names=names, company=self._company)

    async def hash(self, password: str) -> str:
        """Return a new salted hash."""
        salt = bcrypt.gensalt(self._cost)
        hashed = await self._in_thread(lambda: bcrypt.hashpw(password.encode(), salt))
        return hashed.decode()

    async def matches(self, password: str, hashed: str | None) -> bool:
        """Return whether it is the password of a hash; False, after the same work, without one."""
        secret = password.encode()
        known = hashed is not None and len(secret) <= MAX_BYTES
        against = hashed.encode() if hashed is not None and known else self._dummy
        try:
            same = await self._in_thread(lambda: bcrypt.checkpw(secret[:MAX_BYTES], against))
        except ValueError:  # not a bcrypt hash: an account that cannot sign in by password
            return await self.matches(password, None)
        return known and same

    def is_outdated(self, hashed: str) -> bool:
        """Return whether the hash has another work factor, as imported ones may."""
        return hashed.split("$")[2:3] != [f"{self._cost:02d}"]

    def close(self) -> None:
        """Cancel what waits; a hash being computed ends with its thread."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    async def _in_thread(self, work: Callable[[], T]) -> T:
        self.waiting += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._threads, work)
        finally:
            self.waiting -= 1


def check(
    password: str,
    *,
    field: str = "password",
    names: Iterable[str | None] = (),
    company: Iterable[str] = (),
) -> None:
    """Reject a new password that is too short, too long or easy to guess; Invalid.

    `names` are the account's and the person's, `company` the words of company_words().
    """
    if len(password) < MIN_CHARACTERS:
        raise Invalid.field(field, f"must have at least {MIN_CHARACTERS} characters")
    if len(password.encode()) > MAX_BYTES:
        raise Invalid.field(field, f"must have at most {MAX_BYTES} bytes in UTF-8")
    if why := easy_guess(password, names=names, company=company):
        raise Invalid.field(field, f"is too easy to guess: {why}")
