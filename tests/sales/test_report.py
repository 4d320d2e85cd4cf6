"""The sales report: /api/sales/report."""

import csv
import io
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from typing import Any, Literal

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from openpyxl import load_workbook

from sunshine.modules.sales import report, sales
from tests.api import Api
from tests.factories import principal
from tests.runs import examples

PATH = "/api/sales/report"
BY: tuple[Literal["bySalesPerson", "byCustomer", "byProduct", "byDay"], ...] = (
    "bySalesPerson",
    "byCustomer",
    "byProduct",
    "byDay",
)


async def sell(api: Api, day: str, items: list[tuple[int, int, float]], **more: Any) -> int:
    sent = [{"productId": p, "quantity": q, "price": a} for p, q, a in items]
    total = float(sum(q * Decimal(str(a)) for _, q, a in items))
    body = {"customerId": 1, "salesPerson": api.employee.employee_id, "date": day}
    answer = await api.post(
        "/api/sales", body | {"items": sent, "total": total} | more, as_="admin"
    )
    return int(answer.data["id"])


async def test_every_sum_is_right(api: Api) -> None:
    await sell(api, "2024-01-15", [(456, 2, 100)])
    await sell(api, "2024-01-15", [(456, 1, 0.5), (7, 3, 33.33)], customerId=2)
    await sell(api, "2024-01-16", [(7, 1, 10)], salesPerson=api.stranger.employee_id)
    gone = await sell(api, "2024-01-16", [(7, 1, 1000)])
    await api.post(f"/api/sales/{gone}/void", {"reason": "mistake"}, as_="admin")
    await sell(api, "2024-02-01", [(9, 1, 5000)])
    answer = await api.get(f"{PATH}?startDate=2024-01-01&endDate=2024-01-31", as_="admin")
    assert answer.data == {
        "totalSales": 310.49,
        "count": 3,
        "average": 103.5,
        "bySalesPerson": [
            {"salesPerson": api.employee.employee_id, "name": "Employee Person", "count": 2,
             "total": 300.49},
            {"salesPerson": api.stranger.employee_id, "name": "Stranger Person", "count": 1,
             "total": 10},
        ],
        "byCustomer": [
            {"customerId": 1, "count": 2, "total": 210},
            {"customerId": 2, "count": 1, "total": 100.49},
        ],
        "byProduct": [
            {"productId": 456, "count": 2, "quantity": 3, "total": 200.5},
            {"productId": 7, "count": 2, "quantity": 4, "total": 109.99},
        ],
        "byDay": [
            {"date": "2024-01-15", "count": 2, "total": 300.49},
            {"date": "2024-01-16", "count": 1, "total": 10},
        ],
    }  # fmt: skip


async def test_nothing_sold_is_a_report_too(api: Api) -> None:
    data = (await api.get(PATH, as_="employee")).data
    assert (data["totalSales"], data["count"], data["average"], data["byDay"]) == (0, 0, 0, [])


async def test_each_reads_whom_they_reach(api: Api) -> None:
    await sell(api, "2024-01-15", [(1, 1, 1)])
    await sell(api, "2024-01-15", [(1, 1, 10)], salesPerson=api.stranger.employee_id)
    for name, total in [("employee", 1), ("manager", 1), ("stranger", 10), ("admin", 11)]:
        assert (await api.get(PATH, as_=name)).data["totalSales"] == total, name


async def test_it_is_narrowed_by_person_and_customer(api: Api) -> None:
    await sell(api, "2024-01-15", [(1, 1, 1)])
    await sell(api, "2024-01-15", [(1, 1, 10)], customerId=2)
    await sell(api, "2024-01-16", [(1, 1, 100)], salesPerson=api.stranger.employee_id)
    for query, total in [
        ("customerId=1", 101),
        ("customerId=2", 10),
        (f"salesPerson={api.employee.employee_id}", 11),
        (f"salesPerson={api.employee.employee_id}&customerId=1", 1),
        ("startDate=2024-01-16", 100),
        ("endDate=2024-01-15", 11),
    ]:
        data = (await api.get(f"{PATH}?{query}", as_="admin")).data
        assert data["totalSales"] == total, query
        assert {sum(row["total"] for row in data[by]) for by in BY} == {total}


async def test_the_average_is_rounded_half_up(api: Api) -> None:
    await sell(api, "2024-01-15", [(1, 1, 0.01)])
    await sell(api, "2024-01-15", [(1, 1, 0.02)])
    assert (await api.get(PATH, as_="admin")).data["average"] == 0.02


async def test_the_largest_comes_first_and_days_in_their_order(api: Api) -> None:
    for day, product, amount in [
        ("2024-01-17", 5, 10),
        ("2024-01-15", 6, 10),
        ("2024-01-16", 4, 9),
    ]:
        await sell(api, day, [(product, 1, amount)], customerId=product)
    data = (await api.get(PATH, as_="admin")).data
    assert [row["productId"] for row in data["byProduct"]] == [5, 6, 4]
    assert [row["customerId"] for row in data["byCustomer"]] == [5, 6, 4]
    assert [row["date"] for row in data["byDay"]] == ["2024-01-15", "2024-01-16", "2024-01-17"]


async def test_a_period_reads_no_items_but_its_own(api: Api) -> None:
    """Else a month would cost more with each year that is behind it."""
    await api.sql(
        "WITH s AS (INSERT INTO sale (customer_id, sales_person_id, date, total)"
        " SELECT n, %(me)s, date '2024-01-01' + n / 20, 1 FROM generate_series(1, 20000) n"
        " RETURNING id) INSERT INTO sale_item (sale_id, line, product_id, quantity, price)"
        " SELECT id, 1, 1, 1, 1 FROM s",
        me=api.employee.employee_id,
    )
    await api.sql("ANALYZE sale, sale_item")
    statement = report._statement(("endDate", "startDate"), "all").explained()
    period = {"startDate": date(2024, 2, 1), "endDate": date(2024, 2, 29)}
    row = await api.app.databases.sunshine.one(statement, me=None, **period)
    how = {node["Relation Name"]: node["Node Type"]
           for node in _nodes(row["QUERY PLAN"][0]["Plan"]) if "Relation Name" in node}  # fmt: skip
    # By its index, or by a bitmap of it after many other rows were written.
    assert how["sale_item"] in ("Index Scan", "Bitmap Heap Scan")
    assert how["sale"] != "Seq Scan"


def _nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for below in plan.get("Plans", ()):
        yield from _nodes(below)


async def test_it_comes_as_a_file(api: Api) -> None:
    for day in ("2024-01-15", "2024-01-16"):
        await sell(api, day, [(456, 1, 100)])
    text = (await api.get(f"{PATH}?format=csv", as_="admin")).body.decode()
    rows = list(csv.DictReader(io.StringIO(text)))
    assert [(row["by"], row["key"], row["total"]) for row in rows][:2] == [
        ("total", "", "200"),
        ("bySalesPerson", str(api.employee.employee_id), "200"),
    ]
    sheet = load_workbook(io.BytesIO((await api.get(f"{PATH}?format=xlsx", as_="admin")).body))
    assert sheet.active is not None
    assert sheet.active.max_row == len(rows) + 1


_item = st.tuples(
    st.integers(1, 5), st.integers(1, 1000), st.decimals(0, 99_999, places=2, allow_nan=False)
)


async def test_sums_are_exact_whatever_is_sold(api: Api, io_loop: Any) -> None:
    database, actor = api.app.databases.sunshine, principal(api, "admin")
    seller = api.employee.employee_id
    drawn: list[list[tuple[int, int, Decimal]]] = []

    @settings(max_examples=examples(25), suppress_health_check=list(HealthCheck), database=None)
    @given(st.lists(_item, min_size=1, max_size=8))
    def draw(items: list[tuple[int, int, Decimal]]) -> None:
        drawn.append(items)

    draw()
    expected = Decimal(0)
    for items in drawn:
        total = sum((q * a for _, q, a in items), Decimal(0))
        expected += total
        sent = [{"productId": p, "quantity": q, "price": a} for p, q, a in items]
        async with database.transaction(actor) as tx:
            values = {"customerId": 1, "items": sent, "total": total, "salesPerson": seller}
            await sales.create(tx, {**values, "date": date(2024, 1, 1)}, actor=actor)
    found = await report.report(database, {}, actor=actor)
    assert found["totalSales"] == expected
    for by in BY:
        assert sum(Decimal(str(row["total"])) for row in found[by]) == expected
