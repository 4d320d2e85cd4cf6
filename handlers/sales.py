"""Sales over HTTP. Rules: sunshine/modules/sales/sales.py. Tables: models/sales.py."""

from sunshine.formats import spreadsheets
from sunshine.modules.sales import report
from sunshine.modules.sales import sales as rules
from sunshine.modules.sales.schemas import CHANGE, CREATE, REPORT, SALE, SUMS, VOID
from sunshine.web.guards import body, query, requires_permission, signed_in
from sunshine.web.handler import Handler
from sunshine.web.response_specs import (
    SHEETS,
    conflicts,
    created,
    errors,
    file,
    item,
    ok_message,
    page,
)
from sunshine.web.routes import Route


class Sales(Handler):
    """Sales."""

    async def get(self) -> None:
        """List sales, the latest first.

        Your own sales, your team's for managers, all with `sales:read:all`. `cursor` continues
        after the previous page.
        """
        self.reply_page(await rules.page(self.db.sunshine, self.query, actor=self.actor))

    async def post(self) -> None:
        """Record a sale.

        `total` must be the sum of the items: 400 `total_mismatch` names both. `salesPerson`
        defaults to the caller, `date` to today.
        """
        async with self.transaction() as tx:
            sale = await rules.create(tx, self.body, actor=self.actor)
            self.reply(sale, message="Sale recorded", status=201)


class Sale(Handler):
    """One sale."""

    async def get(self, sale_id: int) -> None:
        """Get a sale with its items.

        Your own sales, your team's for managers, all with `sales:read:all`.
        """
        self.reply(await rules.find(self.db.sunshine, sale_id, actor=self.actor))

    async def put(self, sale_id: int) -> None:
        """Change a sale.

        `items` are replaced as a whole, and `total` must be their sum. A void sale cannot be
        changed: 409 `sale_void`.
        """
        async with self.transaction() as tx:
            sale = await rules.change(tx, sale_id, self.body, actor=self.actor)
            self.reply(sale, message="Sale updated")

    async def delete(self, sale_id: int) -> None:
        """Delete a sale that was recorded by mistake.

        A sale that was made and fell through is voided instead.
        """
        async with self.transaction() as tx:
            await rules.delete(tx, sale_id)
            self.reply(message="Sale deleted")


class Void(Handler):
    """Voiding a sale."""

    async def post(self, sale_id: int) -> None:
        """Void a sale.

        It counts in no sum from now on and keeps the `reason`. A sale that is void already: 409
        `sale_void`.
        """
        async with self.transaction() as tx:
            sale = await rules.void(tx, sale_id, **self.body)
            self.reply(sale, message="Sale voided")


class Report(Handler):
    """The sums of a period."""

    deadline = 60.0

    async def get(self) -> None:
        """Report the sales of a period.

        The total and the sums by sales person, customer, product and day, without void sales. Your
        own sales, your team's for managers, all with `sales:read:all`. `format` csv or xlsx returns
        a file.
        """
        found = await report.report(self.db.sunshine, self.query, actor=self.actor)
        kind = self.query["format"]
        if kind == "json":
            self.reply(found)
        else:
            lines = report.lines(found)
            file = await spreadsheets.make(kind, report.COLUMNS, lines)
            self.reply_file(file, f"sales.{kind}")


READS = requires_permission("sales:read", "sales:manage")
MANAGES = requires_permission("sales:manage")

routes = [
    Route(
        "/api/sales",
        Sales,
        GET=[signed_in, READS, query(rules.listing.schema), page(SALE)],
        POST=[
            signed_in,
            requires_permission("sales:create", "sales:manage"),
            body(CREATE),
            created(SALE),
            errors(400, "total_mismatch"),
        ],
    ),
    Route(
        "/api/sales/report",
        Report,
        GET=[signed_in, READS, query(REPORT), item(SUMS), file(*SHEETS)],
    ),
    Route(
        "/api/sales/{sale_id}",
        Sale,
        GET=[signed_in, READS, item(SALE)],
        PUT=[
            signed_in,
            MANAGES,
            body(CHANGE),
            item(SALE),
            errors(400, "total_mismatch"),
            conflicts("sale_void"),
        ],
        DELETE=[signed_in, MANAGES, ok_message],
    ),
    Route(
        "/api/sales/{sale_id}/void",
        Void,
        POST=[signed_in, MANAGES, body(VOID), item(SALE), conflicts("sale_void")],
    ),
]
