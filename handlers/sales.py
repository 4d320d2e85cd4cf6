"""Sales over HTTP. Rules: sunshine/rules/sales.py. Tables: models/sales.py."""

from sunshine import sheets
from sunshine.rules import sales as rules
from sunshine.rules import sales_report
from sunshine.schemas.sales import CHANGE, CREATE, REPORT, VOID
from sunshine.web.guards import body, may, query, signed_in
from sunshine.web.handler import Handler
from sunshine.web.routes import Route


class Sales(Handler):
    """What was sold."""

    async def get(self) -> None:
        """A page of what the caller may see."""
        self.reply_page(await rules.page(self.db.sunshine, self.query, actor=self.actor))

    async def post(self) -> None:
        """A new sale."""
        async with self.transaction() as tx:
            sale = await rules.create(tx, self.body, actor=self.actor)
            self.reply(sale, message="Sale recorded", status=201)


class Sale(Handler):
    """One sale."""

    async def get(self, sale_id: int) -> None:
        """The sale with its items."""
        self.reply(await rules.find(self.db.sunshine, sale_id, actor=self.actor))

    async def put(self, sale_id: int) -> None:
        """Merge what is sent; items as a whole."""
        async with self.transaction() as tx:
            sale = await rules.change(tx, sale_id, self.body, actor=self.actor)
            self.reply(sale, message="Sale updated")

    async def delete(self, sale_id: int) -> None:
        """Delete what was recorded by mistake."""
        async with self.transaction() as tx:
            await rules.remove(tx, sale_id)
            self.reply(message="Sale deleted")


class Void(Handler):
    """A sale that does not count."""

    async def post(self, sale_id: int) -> None:
        """From now on it counts nowhere."""
        async with self.transaction() as tx:
            sale = await rules.void(tx, sale_id, **self.body)
            self.reply(sale, message="Sale voided")


class Report(Handler):
    """Sums of a period."""

    deadline = 60.0

    async def get(self) -> None:
        """JSON, CSV or XLSX, by `format`."""
        found = await sales_report.report(self.db.sunshine, self.query, actor=self.actor)
        kind = self.query["format"]
        if kind == "json":
            self.reply(found)
        else:
            lines = sales_report.lines(found)
            file = await sheets.make(kind, sales_report.COLUMNS, lines)
            self.reply_file(file, f"sales.{kind}")


READS = may("sales:read", "sales:manage")
MANAGES = may("sales:manage")

routes = [
    Route(
        "/api/sales",
        Sales,
        GET=[signed_in, READS, query(rules.listing.schema)],
        POST=[signed_in, may("sales:create", "sales:manage"), body(CREATE)],
    ),
    Route("/api/sales/report", Report, GET=[signed_in, READS, query(REPORT)]),
    Route(
        "/api/sales/{sale_id}",
        Sale,
        GET=[signed_in, READS],
        PUT=[signed_in, MANAGES, body(CHANGE)],
        DELETE=[signed_in, MANAGES],
    ),
    Route("/api/sales/{sale_id}/void", Void, POST=[signed_in, MANAGES, body(VOID)]),
]
