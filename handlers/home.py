"""What a stranger, a load balancer and a watchdog ask: is it there, is it ready."""

from sunshine.errors import Unavailable
from sunshine.schemas.home import GREETING
from sunshine.web.guards import public
from sunshine.web.handler import Handler
from sunshine.web.replies import done, exactly, refuses
from sunshine.web.routes import Route


class Home(Handler):
    """The original's greeting; no version, no address."""

    async def get(self) -> None:
        """Greet.

        What deployments of the original look for: `{"message": "sunshine"}`, with no version and no
        address.
        """
        self.reply_exactly({"message": "sunshine"})


class Health(Handler):
    """Whether the process answers; says nothing of what it relies on."""

    async def get(self) -> None:
        """Tell whether the process is alive.

        200 as long as its event loop turns, whatever else is away.
        """
        self.reply(message="alive")


class Ready(Handler):
    """Whether requests would be served: each database answers and is migrated."""

    async def get(self) -> None:
        """Tell whether requests would be served.

        Each database answers and is migrated; else 503, and `data` names what is missing.
        """
        missing = await self.application.readiness.missing()
        if missing:
            raise Unavailable("not ready", code="not_ready", data=missing)
        self.reply(message="ready")


routes = [
    Route("/", Home, GET=[public, exactly(GREETING)]),
    Route("/healthz", Health, GET=[public, done]),
    Route("/readyz", Ready, GET=[public, done, refuses(503, "not_ready")]),
]
