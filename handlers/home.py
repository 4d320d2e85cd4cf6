"""What strangers, load balancers and watchmen ask: is it there, is it ready, how is it doing."""

from sunshine.core.errors import Unavailable
from sunshine.operations.metrics import MEDIA_TYPE
from sunshine.web.guards import allowed_address, public
from sunshine.web.handler import Handler
from sunshine.web.home_schemas import GREETING
from sunshine.web.response_specs import errors, exactly, file, ok_message
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
    """Whether requests would be served: each database answers, takes writes and is migrated."""

    async def get(self) -> None:
        """Tell whether requests would be served.

        Each database answers, takes writes and is migrated, and there is room for files; else 503,
        and `data` names what is missing: `unreachable`, `read_only`, `behind`, `ahead`,
        `storage_full`.
        """
        missing = await self.application.readiness.missing()
        if missing:
            raise Unavailable("not ready", code="not_ready", data=missing)
        self.reply(message="ready")


class Metrics(Handler):
    """Figures for Prometheus, of this one process."""

    async def get(self) -> None:
        """Get this process's figures.

        In Prometheus' text format, for the addresses of `METRICS_ALLOW`; to others there is no such
        path. Each process has its own.
        """
        await self.application.metrics.look()
        self.set_header("Content-Type", MEDIA_TYPE)
        self.write(self.application.metrics.render())


routes = [
    Route("/", Home, GET=[public, exactly(GREETING)]),
    Route("/healthz", Health, GET=[public, ok_message]),
    Route("/readyz", Ready, GET=[public, ok_message, errors(503, "not_ready")]),
    Route("/metrics", Metrics, GET=[allowed_address, file("text/plain"), errors(404, "not_found")]),
]
