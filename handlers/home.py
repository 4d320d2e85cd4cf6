"""What a stranger, a load balancer and a watchdog ask: is it there, is it ready."""

from sunshine.errors import Unavailable
from sunshine.web.guards import public
from sunshine.web.handler import Handler
from sunshine.web.routes import Route


class Home(Handler):
    """The original's greeting; no version, no address."""

    async def get(self) -> None:
        """`{"message": "sunshine"}`."""
        self.reply_exactly({"message": "sunshine"})


class Health(Handler):
    """Whether the process answers; says nothing of what it relies on."""

    async def get(self) -> None:
        """200 as long as the event loop turns."""
        self.reply(message="alive")


class Ready(Handler):
    """Whether requests would be served: each database answers and is migrated."""

    async def get(self) -> None:
        """200, or 503 naming what is missing."""
        missing = await self.application.readiness.missing()
        if missing:
            raise Unavailable("not ready", code="not_ready", data=missing)
        self.reply(message="ready")


routes = [
    Route("/", Home, GET=[public]),
    Route("/healthz", Health, GET=[public]),
    Route("/readyz", Ready, GET=[public]),
]
