"""`sunshine sales`: reports on sales. Rules: sunshine/modules/sales/report.py."""

from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any, Literal

import click

from sunshine.commands import output
from sunshine.commands.dates import DAY
from sunshine.commands.output import json_option

if TYPE_CHECKING:
    from sunshine.database.database import Database
    from sunshine.modules.sales.rows import ReportRow


BY: dict[str, Literal["bySalesPerson", "byCustomer", "byProduct", "byDay"]] = {
    "person": "bySalesPerson",
    "customer": "byCustomer",
    "product": "byProduct",
    "day": "byDay",
}


@click.group()
def sales() -> None:
    """Sales."""


@sales.command()
@click.option("--from", "first", type=DAY, help="First day.")
@click.option("--to", "last", type=DAY, help="Last day.")
@click.option("--by", type=click.Choice(list(BY)), default="day", help="What the sums are by.")
@json_option
def report(first: datetime | None, last: datetime | None, by: str, as_json: bool) -> None:
    """Sum up the sales of a period, with bars on a terminal; --json prints the whole report."""
    from sunshine.commands.context import everybody, run

    async def work(database: "Database") -> "ReportRow":
        from sunshine.modules.sales import report as sales_report

        asked = {"startDate": first, "endDate": last}
        query = {name: day.date() for name, day in asked.items() if day}
        return await sales_report.report(database, query, actor=everybody())

    found = run(work)
    if as_json:
        output.document(found)
        return
    rows = [_line(by, row) for row in found[BY[by]]]
    output.chart(rows, columns=(by, "sales", "total"), amount="total")
    output.say(f"{found['count']} sales, {found['totalSales']} in all, {found['average']} each")


def _line(by: str, row: Mapping[str, Any]) -> "dict[str, Any]":
    key = row.get("name") or next(iter(row.values()))
    return {by: key, "sales": row["count"], "total": row["total"]}
