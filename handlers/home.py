"""What strangers, load balancers and watchmen ask: is it there, is it ready, how is it doing."""

from sunshine.errors import Unavailable
from sunshine.metrics import MEDIA_TYPE
from sunshine.web.guards import allowed_address, public
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


class Metrics(Handler):
    """Figures for Prometheus, of this one process."""

    async def get(self) -> None:
        """Prometheus' text format."""
        self.set_header("Content-Type", MEDIA_TYPE)
        self.write(self.application.metrics.render())


routes = [
    Route("/", Home, GET=[public]),
    Route("/healthz", Health, GET=[public]),
    Route("/readyz", Ready, GET=[public]),
    Route("/metrics", Metrics, GET=[allowed_address]),
]
