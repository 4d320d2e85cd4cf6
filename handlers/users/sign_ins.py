"""Signing in, of users and of drivers, and what they read of it. Rules:
sunshine/modules/users/sign_ins.py.

How often somebody may try: sunshine/web/sign_in_limits.py.
"""

from collections.abc import Awaitable
from typing import Protocol

from sunshine.core.errors import NotSignedIn, TooMany
from sunshine.core.principals import Caller
from sunshine.database.database import Database
from sunshine.database.statements import Row
from sunshine.identity.passwords import Passwords
from sunshine.modules.users import sign_ins as rules
from sunshine.modules.users.auth_schemas import SIGN_IN
from sunshine.web.guards import any_principal, query
from sunshine.web.handler import Handler
from sunshine.web.response_specs import page
from sunshine.web.routes import Route
from sunshine.web.sign_in_limits import SignIn


class Accounts(Protocol):
    """The rules of one kind of account."""

    def account_of(
        self, database: Database, username: str, caller: Caller
    ) -> Awaitable[Row | None]: ...

    def sign_in(
        self, database: Database, passwords: Passwords, account: Row, password: str, caller: Caller
    ) -> Awaitable[None]: ...


async def sign_in(handler: Handler, kind: str, accounts: Accounts, database: Database) -> Row:
    """The account whose name and password were sent, or a refusal, with its trace in the trail."""
    name, password = handler.body["username"], handler.body["password"]
    attempt, passwords = SignIn(handler, kind), handler.application.passwords
    account = await accounts.account_of(database, name, attempt.caller)
    try:
        await attempt.admit(name, account)
    except TooMany:
        untold = await attempt.untold()
        await rules.refused(
            database, account, attempt.caller, "slowed", attempts=untold, told=untold > 0
        )
        raise
    reason = await rules.check(account, passwords, password)
    if account is None or reason:
        told = await attempt.is_told()
        await rules.refused(database, account, attempt.caller, reason, told=told)
        raise NotSignedIn("Invalid username or password", code="invalid_credentials")
    await accounts.sign_in(database, passwords, account, password, attempt.caller)
    await attempt.give_back()
    return account


class SignIns(Handler):
    """When one signed in, and when somebody could not."""

    async def get(self) -> None:
        """List one's own sign-ins and refusals, the latest first.

        From which address and with which program. `attempts` is above 1 where several that came too
        soon are told as one. As far back as the audit trail goes.
        """
        database = self.db["fleet" if self.actor.kind == "driver" else "sunshine"]
        self.reply_page(await rules.page(database, self.query, actor=self.actor))


routes = [
    Route("/api/auth/sign-ins", SignIns, GET=[any_principal, query(rules.SCHEMA), page(SIGN_IN)])
]
