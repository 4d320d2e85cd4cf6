"""Sign-in over HTTP. Rules: sunshine/rules/auth.py. Tables: models/auth.py."""

from sunshine.rules import auth as rules
from sunshine.schemas.auth import LOGIN
from sunshine.web import limiting
from sunshine.web.guards import any_principal, body, public
from sunshine.web.handler import Handler
from sunshine.web.routes import Route


class Login(Handler):
    """A name and a password for a token."""

    async def post(self) -> None:
        """The documented shape: `token` and `user` beside `success`."""
        name = self.body["username"]
        await limiting.count_sign_in(self, name)
        account = await rules.sign_in(self.db.sunshine, self.application.passwords, **self.body)
        await limiting.refund_sign_in(self, name)
        user = {field: account[field] for field in ("id", "username", "name", "role")}
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

    async def get(self) -> None:
        """As documented."""
        async with self.transaction() as tx:
            await rules.sign_out(tx, actor=self.actor)
            self.reply(message="Logged out successfully")

    async def post(self) -> None:
        """The same, for clients that do not change things by GET."""
        await self.get()


class Account(Handler):
    """Who the caller is and what they may."""

    async def get(self) -> None:
        """The account with its effective permissions, sorted."""
        actor = self.actor
        self.reply(
            {
                "id": actor.id,
                "username": actor.username,
                "name": actor.name,
                "email": actor.email,
                "role": actor.role,
                "permissions": sorted(actor.permissions),
            }
        )


class VerifyJwt(Handler):
    """Whether the token still counts."""

    async def get(self) -> None:
        """The documented shape: id and username only."""
        user = {"id": self.actor.id, "username": self.actor.username}
        self.reply_exactly({"success": True, "message": "Token is valid", "user": user})


routes = [
    Route("/api/auth/login", Login, POST=[public, body(LOGIN)]),
    Route("/api/auth/logout", Logout, GET=[any_principal], POST=[any_principal]),
    Route("/api/auth/account", Account, GET=[any_principal]),
    Route("/api/auth/verify-jwt", VerifyJwt, GET=[any_principal]),
]
