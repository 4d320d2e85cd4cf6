"""Signing in, of users and of drivers, and the list of their own sign-ins.

Rules: sunshine/modules/users/sign_ins.py. The limits of attempts: sunshine/web/sign_in_limits.py.
"""

from collections.abc import Awaitable
from typing import Protocol, TypeVar

from sunshine.core.errors import NotSignedIn, TooMany
from sunshine.core.principals import Caller
from sunshine.database.database import Database
from sunshine.identity.passwords import Passwords
from sunshine.modules.users import sign_ins as rules
from sunshine.modules.users.auth_schemas import SIGN_IN
from sunshine.web.guards import any_principal, query
from sunshine.web.handler import Handler
from sunshine.web.response_specs import page
from sunshine.web.routes import Route
from sunshine.web.sign_in_limits import SignIn

A = TypeVar("A", bound=rules.Account)


class Accounts(Protocol[A]):
    """The rules of one kind of account: a user's or a driver's."""

    def account_of(
        self, database: Database, username: str, caller: Caller
    ) -> Awaitable[A | None]: ...

    def sign_in(
        self, database: Database, passwords: Passwords, account: A, password: str, caller: Caller
    ) -> Awaitable[None]: ...


async def sign_in(handler: Handler, kind: str, accounts: Accounts[A], database: Database) -> A:
    """Return the account whose username and password the request holds, and record the sign-in.

    NotSignedIn `invalid_credentials` for others, TooMany above the limits; both are recorded.
    """
    name, password = handler.body["username"], handler.body["password"]
    attempt, passwords = SignIn(handler, kind), handler.application.passwords
    account = await accounts.account_of(database, name, attempt.caller)
    try:
        await attempt.admit(name, account)
    except TooMany:
        unrecorded = await attempt.take_unrecorded()
        await rules.refused(
            database,
            account,
            attempt.caller,
            "slowed",
            attempts=unrecorded,
            is_recorded=unrecorded > 0,
        )
        raise
    reason = await rules.check(account, passwords, password)
    if account is None or reason:
        is_recorded = await attempt.is_recorded()
        await rules.refused(database, account, attempt.caller, reason, is_recorded=is_recorded)
        raise NotSignedIn("Invalid username or password", code="invalid_credentials")
    await accounts.sign_in(database, passwords, account, password, attempt.caller)
    await attempt.uncount()
    return account


class SignIns(Handler):
    """The caller's sign-ins and refusals."""

    async def get(self) -> None:
        """List one's own sign-ins and refusals, the latest first.

        Each has its address and its client program. `attempts` is above 1 where one entry stands
        for several attempts that came too soon. The list goes as far back as the audit trail.
        """
        database = self.db["fleet" if self.actor.kind == "driver" else "sunshine"]
        self.reply_page(await rules.page(database, self.query, actor=self.actor))


routes = [
    Route("/api/auth/sign-ins", SignIns, GET=[any_principal, query(rules.SCHEMA), page(SIGN_IN)])
]
