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
    """What was sold."""

    async def get(self) -> None:
        """List sales, the latest first.

        One's own, the team's for managers, all with `sales:read:all`. Go on with `cursor`.
        """
        self.reply_page(await rules.page(self.db.sunshine, self.query, actor=self.actor))

    async def post(self) -> None:
        """Record a sale.

        `total` must be the sum of the items: 400 names both. `salesPerson` is oneself where it is
        not said, `date` today.
        """
        async with self.transaction() as tx:
            sale = await rules.create(tx, self.body, actor=self.actor)
            self.reply(sale, message="Sale recorded", status=201)


class Sale(Handler):
    """One sale."""

    async def get(self, sale_id: int) -> None:
        """Get a sale with its items.

        One's own, the team's for managers, all with `sales:read:all`.
        """
        self.reply(await rules.find(self.db.sunshine, sale_id, actor=self.actor))

    async def put(self, sale_id: int) -> None:
        """Change a sale.

        Items are replaced as a whole, and `total` must be their sum. A void one stays as it is:
        409.
        """
        async with self.transaction() as tx:
            sale = await rules.change(tx, sale_id, self.body, actor=self.actor)
            self.reply(sale, message="Sale updated")

    async def delete(self, sale_id: int) -> None:
        """Delete a sale that was recorded by mistake.

        To take one back that was made, void it.
        """
        async with self.transaction() as tx:
            await rules.remove(tx, sale_id)
            self.reply(message="Sale deleted")


class Void(Handler):
    """A sale that does not count."""

    async def post(self, sale_id: int) -> None:
        """Void a sale.

        From now on it counts nowhere, with a reason; once: 409.
        """
        async with self.transaction() as tx:
            sale = await rules.void(tx, sale_id, **self.body)
            self.reply(sale, message="Sale voided")


class Report(Handler):
    """Sums of a period."""

    deadline = 60.0

    async def get(self) -> None:
        """Report the sales of a period.

        In all, by sales person, customer, product and day, without void ones. One's own, the team's
        for managers, all with `sales:read:all`. `format` csv or xlsx answers a file.
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
