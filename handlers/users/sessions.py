"""Sign-in over HTTP. Rules: sunshine/modules/users/sessions.py. Tables: models/auth.py."""

from handlers.users.sign_ins import sign_in
from sunshine.modules.users import sessions as rules
from sunshine.modules.users.auth_schemas import ACCOUNT, LOGIN, SIGNED_IN, VERIFIED
from sunshine.web.guards import any_principal, body, public
from sunshine.web.handler import Handler
from sunshine.web.response_specs import errors, exactly, item, ok_message
from sunshine.web.routes import Route


class Login(Handler):
    """A name and a password for a token."""

    bucket = "sign_in"

    async def post(self) -> None:
        """Sign in: a name and a password for a token.

        The name is the username or the email address, in any case. A wrong name, a wrong password
        and an inactive account get the same answer in the same time. Too many failures slow down
        whoever is a stranger to the account: 429, to be tried again after `Retry-After`. Not so
        from where it signed in before, or with an earlier token of it in `x-access-token`, ended or
        not: a client keeps the last one, and shows it when it signs in again. Where an
        admin asked for a new password `user.mustChangePassword` is true: the token opens the own
        account only, until it is changed.
        """
        account = await sign_in(self, "user", rules, self.db.sunshine)
        user = {field: account[field] for field in ("id", "username", "name", "role")}
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
    """The end of the token that is shown."""

    safe = False
    own_account = True

    async def get(self) -> None:
        """Sign out.

        That token ends at once, in every process, and its sockets are closed. Asked again it is
        401.
        """
        async with self.transaction() as tx:
            await rules.sign_out(tx, actor=self.actor)
            self.reply(message="Logged out successfully")

    async def post(self) -> None:
        """Sign out, for clients that change nothing by GET.

        The same as `GET`.
        """
        await self.get()


class Account(Handler):
    """Who the caller is and what they may."""

    own_account = True

    async def get(self) -> None:
        """Get one's own account.

        With the permissions of the role and those given by an admin, as they are in the database
        now. A driver gets the driver's.
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
    """Whether the token still counts."""

    own_account = True

    async def get(self) -> None:
        """Check a token.

        Whether it still counts: not expired, not ended, of an active account.
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
