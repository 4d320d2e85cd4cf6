"""Drivers' sign-in over HTTP. Rules: sunshine/modules/fleet/driver_auth.py. Tables:
models/fleet.py."""

from handlers.users.sign_ins import sign_in
from sunshine.modules.fleet import driver_auth as rules
from sunshine.modules.fleet.schemas import LOGIN
from sunshine.modules.users.auth_schemas import DRIVER_SIGNED_IN
from sunshine.web.guards import body, public
from sunshine.web.handler import Handler
from sunshine.web.response_specs import errors, exactly
from sunshine.web.routes import Route


class Login(Handler):
    """A token for a driver's username and password."""

    bucket = "sign_in"

    async def post(self) -> None:
        """Sign a driver in.

        The token gives access to the driver's own profile, vehicle and location, and nothing else;
        users cannot sign in here. Throttled like `POST /api/auth/login`.
        """
        account = await sign_in(self, "driver", rules, self.db["fleet"])
        token = self.application.tokens.sign(
            "driver",
            id_=account["id"],
            username=account["username"],
            role="driver",
            version=account["token_version"],
            now=self.application.clock(),
        )
        driver = {
            "id": account["id"],
            "username": account["username"],
            "name": account["name"],
        }
        self.reply_exactly({"success": True, "token": token, "driver": driver})


routes = [
    Route(
        "/api/fleet/auth/login",
        Login,
        POST=[public, body(LOGIN), exactly(DRIVER_SIGNED_IN), errors(401, "invalid_credentials")],
    )
]
