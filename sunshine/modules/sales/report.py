"""The sales of a period: sums by sales person, customer, product and day, in one statement.

Void sales count nowhere. Tables: models/sales.py.
"""

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from sqlalchemy import (
    CTE,
    ColumnElement,
    Numeric,
    Select,
    cast,
    func,
    literal,
    literal_column,
    select,
    true,
)
from sqlalchemy.dialects.postgresql import JSON, aggregate_order_by

from models.employees import employee
from models.sales import sale, sale_item
from sunshine.core.principals import Principal, Scope
from sunshine.database.database import Database
from sunshine.database.statements import Statement
from sunshine.modules.sales.rows import ReportLine, ReportRow
from sunshine.modules.sales.sales import PERIOD, REACH, check_person, scope_of

# The columns of the report as a spreadsheet, in which each sum is a line.
COLUMNS = ("by", "key", "name", "count", "quantity", "total")


async def report(database: Database, query: Mapping[str, Any], *, actor: Principal) -> ReportRow:
    """Return the sums of the sales that the actor may see and `query` asks for.

    The lists are sorted by total, the largest first; days by date. NotAllowed where `query` names a
    sales person outside the actor's scope.
    """
    await check_person(database, query, actor)
    asked = {name: query[name] for name in PERIOD if name in query}
    statement = _statement(tuple(sorted(asked)), scope_of(actor))
    return await database.one(statement, me=actor.employee_id, **asked)


def lines(found: ReportRow) -> list[ReportLine]:
    """Return the report as the lines of a spreadsheet: the total, then the sums, list by list."""
    whole: ReportLine = {"by": "total", "count": found["count"], "total": found["totalSales"]}
    people: list[ReportLine] = [
        {"by": "bySalesPerson", "key": row["salesPerson"], "name": row["name"],
         "count": row["count"], "total": row["total"]}
        for row in found["bySalesPerson"]
    ]  # fmt: skip
    customers: list[ReportLine] = [
        {"by": "byCustomer", "key": row["customerId"], "count": row["count"], "total": row["total"]}
        for row in found["byCustomer"]
    ]
    products: list[ReportLine] = [
        {"by": "byProduct", "key": row["productId"], "count": row["count"],
         "quantity": row["quantity"], "total": row["total"]}
        for row in found["byProduct"]
    ]  # fmt: skip
    days: list[ReportLine] = [
        {"by": "byDay", "key": row["date"], "count": row["count"], "total": row["total"]}
        for row in found["byDay"]
    ]
    return [whole, *people, *customers, *products, *days]


@lru_cache(maxsize=64)
def _statement(asked: tuple[str, ...], scope: Scope) -> Statement[ReportRow]:
    matching = (
        select(sale.c.id, sale.c.sales_person_id, sale.c.customer_id, sale.c.date, sale.c.total)
        .where(sale.c.deleted_at.is_(None), sale.c.status == "completed")
        .where(*REACH[scope], *(PERIOD[name] for name in asked))
        .cte("matching")
    )
    total = func.coalesce(func.sum(matching.c.total), 0)
    average = func.coalesce(func.round(func.avg(matching.c.total), 2), 0)
    return Statement(
        select(
            total.label("totalSales"),
            func.count().label("count"),
            average.label("average"),
            _by_person(matching).label("bySalesPerson"),
            _listed(_grouped(matching, "customerId", matching.c.customer_id)).label("byCustomer"),
            _by_product(matching).label("byProduct"),
            _listed(_grouped(matching, "date", matching.c.date), by_total=False).label("byDay"),
        ).select_from(matching),
        ReportRow,
    )


def _grouped(matching: CTE, name: str, column: ColumnElement[Any]) -> Select[Any]:
    return select(
        column.label(name),
        func.count().label("count"),
        func.trim_scale(func.sum(matching.c.total)).label("total"),
    ).group_by(column)


def _by_person(matching: CTE) -> Any:
    sums = _grouped(matching, "salesPerson", matching.c.sales_person_id).subquery()
    named = select(
        sums.c.salesPerson, employee.c.name, sums.c["count"], sums.c.total
    ).join_from(sums, employee, employee.c.id == sums.c.salesPerson)  # fmt: skip
    return _listed(named)


def _by_product(matching: CTE) -> Any:
    # Reads the items sale by sale, by primary key: a join would be planned to read every item of
    # the table for those of one month. OFFSET 0 keeps the planner from making it one.
    item = (
        select(sale_item.c.product_id, sale_item.c.quantity, sale_item.c.amount)
        .where(sale_item.c.sale_id == matching.c.id)
        .offset(literal_column("0"))
        .lateral("item")
    )
    return _listed(
        select(
            item.c.product_id.label("productId"),
            func.count().label("count"),
            func.sum(item.c.quantity).label("quantity"),
            func.trim_scale(func.sum(item.c.amount)).label("total"),
        )
        .select_from(matching.join(item, true()))
        .group_by(item.c.product_id)
    )


def _listed(rows: Select[Any], *, by_total: bool = True) -> Any:
    """Return the expression of the rows as one JSON array."""
    sub = rows.subquery()
    first = next(iter(sub.c))
    order = (cast(sub.c.total, Numeric).desc(), first) if by_total else (first,)
    whole = func.to_json(sub.table_valued())
    found = select(func.json_agg(aggregate_order_by(whole, *order)))
    return func.coalesce(found.scalar_subquery(), literal([], JSON))
