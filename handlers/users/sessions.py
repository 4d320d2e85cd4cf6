"""Signing in and out over HTTP. Rules: sunshine/modules/users/sessions.py. Tables:
models/auth.py."""

from typing import Any

from handlers.users.sign_ins import sign_in
from sunshine.modules.users import sessions as rules
from sunshine.modules.users.auth_schemas import ACCOUNT, LOGIN, SIGNED_IN, VERIFIED
from sunshine.web.guards import any_principal, body, public
from sunshine.web.handler import Handler
from sunshine.web.response_specs import errors, exactly, item, ok_message
from sunshine.web.routes import Route


class Login(Handler):
    """A token for a username and a password."""

    bucket = "sign_in"

    async def post(self) -> None:
        """Sign in with a username and a password, for a token.

        `username` takes the email address too, in any case. A wrong name, a wrong password and an
        inactive account get the same answer in the same time. Too many failures slow callers down
        whom the account does not know: 429, to be repeated after `Retry-After`. The account knows
        the networks from which it signed in before, and clients that send an earlier token of it in
        `x-access-token`, ended or not: keep the last token and send it with the next sign-in. Where
        an admin asked for a new password, `user.mustChangePassword` is true: until the password is
        changed, the token gives access to the caller's own account only.
        """
        account = await sign_in(self, "user", rules, self.db.sunshine)
        user: dict[str, Any] = {
            "id": account["id"],
            "username": account["username"],
            "name": account["name"],
            "role": account["role"],
        }
        if account["must_change_password"]:
            user["mustChangePassword"] = True
        token = self.application.tokens.sign(
            "user",
            id_=account["id"],
            username=account["username"],
            role=account["role"],
            version=account["token_version"],
            now=self.application.clock(),
        )
        self.reply_exactly({"success": True, "token": token, "user": user})


class Logout(Handler):
    """The end of the request's token."""

    safe = False
    own_account = True

    async def get(self) -> None:
        """Sign out.

        The request's token ends at once, in every process, and its sockets are closed. A second
        call is 401.
        """
        async with self.transaction() as tx:
            await rules.sign_out(tx, actor=self.actor)
            self.reply(message="Logged out successfully")

    async def post(self) -> None:
        """Sign out, for clients that make no changes with GET.

        The same as `GET`.
        """
        await self.get()


class Account(Handler):
    """The caller's account and permissions."""

    own_account = True

    async def get(self) -> None:
        """Get one's own account.

        `permissions` are those of the role and those that an admin granted, as the database holds
        them now. Drivers get their own account, with the role `driver`.
        """
        actor = self.actor
        account = {
            "id": actor.id,
            "username": actor.username,
            "name": actor.name,
            "email": actor.email,
            "role": actor.role,
            "permissions": sorted(actor.permissions),
        }
        if actor.must_change_password:
            account["mustChangePassword"] = True
        self.reply(account)


class VerifyJwt(Handler):
    """Whether the request's token is still valid."""

    own_account = True

    async def get(self) -> None:
        """Check a token.

        A token is valid while it has neither expired nor been ended and its account is active.
        """
        user = {"id": self.actor.id, "username": self.actor.username}
        self.reply_exactly({"success": True, "message": "Token is valid", "user": user})


routes = [
    Route(
        "/api/auth/login",
        Login,
        POST=[public, body(LOGIN), exactly(SIGNED_IN), errors(401, "invalid_credentials")],
    ),
    Route(
        "/api/auth/logout",
        Logout,
        GET=[any_principal, ok_message],
        POST=[any_principal, ok_message],
    ),
    Route("/api/auth/account", Account, GET=[any_principal, item(ACCOUNT)]),
    Route("/api/auth/verify-jwt", VerifyJwt, GET=[any_principal, exactly(VERIFIED)]),
]
