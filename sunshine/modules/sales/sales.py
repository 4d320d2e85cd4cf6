"""Sales: recorded, changed, voided, deleted and listed. The report: report.py.

Employees see and record their own sales, managers those of their team. Tables: models/sales.py.
"""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from sqlalchemy import JSON, Insert, Text, bindparam, cast, func, insert, literal, select, update
from sqlalchemy.dialects.postgresql import JSONB, aggregate_order_by

from models.employees import employee
from models.sales import sale, sale_item
from sunshine.core.errors import Conflict, Invalid, NotAllowed, NotFound
from sunshine.core.principals import Principal, Scope
from sunshine.database.database import Database, Transaction
from sunshine.database.pages import ListQuery, Page
from sunshine.database.records import RecordSteps, require_active
from sunshine.database.statements import Statement
from sunshine.modules.sales.rows import SaleRow
from sunshine.modules.sales.schemas import FILTERS
from sunshine.modules.scope import conditions, employee_of, employee_within

_items = (
    select(
        func.json_agg(
            aggregate_order_by(
                func.json_build_object(
                    "productId", sale_item.c.product_id, "quantity", sale_item.c.quantity,
                    "price", func.trim_scale(sale_item.c.price),
                    "amount", func.trim_scale(sale_item.c.amount),
                ),
                sale_item.c.line,
            )
        )
    )
    .where(sale_item.c.sale_id == sale.c.id)
    .scalar_subquery()
)  # fmt: skip
FIELDS = {
    "customerId": sale.c.customer_id,
    "total": sale.c.total,
    "salesPerson": sale.c.sales_person_id,
    "date": sale.c.date,
    "notes": sale.c.notes,
}
ROWS = (
    select(
        sale.c.id,
        *(column.label(name) for name, column in FIELDS.items()),
        employee.c.name.label("salesPersonName"),
        func.coalesce(_items, literal([], JSON)).label("items"),
        sale.c.status,
        sale.c.void_reason.label("voidReason"),
        sale.c.voided_at.label("voidedAt"),
        sale.c.voided_by.label("voidedBy"),
        sale.c.created_at.label("createdAt"),
        sale.c.updated_at.label("updatedAt"),
    )
    .select_from(sale.join(employee, employee.c.id == sale.c.sales_person_id))
    .where(sale.c.deleted_at.is_(None))
)
REACH = conditions(sale.c.sales_person_id)
PERIOD = {
    "startDate": sale.c.date >= bindparam("startDate", type_=sale.c.date.type),
    "endDate": sale.c.date <= bindparam("endDate", type_=sale.c.date.type),
    "salesPerson": sale.c.sales_person_id == bindparam("salesPerson"),
    "customerId": sale.c.customer_id == bindparam("customerId"),
}
listing = ListQuery(
    ROWS,
    key=sale.c.id,
    schema=FILTERS,
    filters={**PERIOD, "status": sale.c.status == bindparam("status")},
    # Only by indexed columns, because the table keeps growing.
    sort={"date": sale.c.date},
    cursor="date",
    row=SaleRow,
)
_steps = RecordSteps(sale, rows=ROWS, row=SaleRow, fields=FIELDS)
_is_row = sale.c.id == bindparam("id")
_GET = {scope: Statement(ROWS.where(_is_row, *where), SaleRow) for scope, where in REACH.items()}


def _insert_items() -> Insert:
    sent = func.jsonb_array_elements(
        bindparam("items", type_=JSONB), type_=JSONB
    ).table_valued("value", with_ordinality="line").render_derived()  # fmt: skip
    names = ("product_id", "quantity", "price")
    values = [
        cast(sent.c.value.cast(JSONB)[number].astext, sale_item.c[name].type)
        for number, name in enumerate(names)
    ]
    line = cast(sent.c.line, sale_item.c.line.type)
    return insert(sale_item).from_select(
        ["sale_id", "line", *names], select(bindparam("sale"), line, *values)
    )


_INSERT_ITEMS = Statement(_insert_items())
_CLEAR_ITEMS = Statement(sale_item.delete().where(sale_item.c.sale_id == bindparam("sale")))
_VOID = Statement(
    update(sale)
    .where(_is_row, sale.c.status == "completed", sale.c.deleted_at.is_(None))
    .values(
        status="void",
        void_reason=bindparam("reason", type_=Text),
        voided_at=bindparam("now"),
        voided_by=bindparam("by", type_=Text),
        updated_at=bindparam("now"),
    )
)


def scope_of(actor: Principal) -> Scope:
    """Return whose sales the actor may see."""
    return "all" if actor.may("sales:manage") else actor.scope("sales:read") or "own"


async def check_person(database: Database, query: Mapping[str, Any], actor: Principal) -> None:
    """Reject a filter on a sales person outside the actor's scope; NotAllowed, NotFound.

    An empty list would not say why it is empty.
    """
    if "salesPerson" in query and scope_of(actor) != "all":
        await employee_within(database, actor, query["salesPerson"], "sales:read")


async def page(database: Database, query: Mapping[str, Any], *, actor: Principal) -> Page[SaleRow]:
    """Return the page of sales that `query` asks for and the actor may see, the latest first."""
    await check_person(database, query, actor)
    return await listing.page(database, query, where=REACH[scope_of(actor)], me=actor.employee_id)


async def find(database: Database, id_: int, *, actor: Principal) -> SaleRow:
    """Return one sale.

    NotFound for actors who see all sales, NotAllowed for others: they do not learn which ids exist.
    """
    scope = scope_of(actor)
    row = await database.one_or_none(_GET[scope], id=id_, me=actor.employee_id)
    if row is None:
        raise NotFound if scope == "all" else NotAllowed
    return row


async def create(tx: Transaction, values: Mapping[str, Any], *, actor: Principal) -> SaleRow:
    """Insert a sale, the actor's own unless `salesPerson` names another employee.

    Invalid `total_mismatch` unless `total` is the sum of the items.
    """
    full = {"notes": None, "date": tx.today} | dict(values)
    if "salesPerson" not in full:
        full["salesPerson"] = employee_of(actor)
    await _check_seller(tx, full["salesPerson"], actor)
    items = full.pop("items")
    _check_total(items, full["total"])
    id_ = await _steps.insert(tx, full)
    await tx.execute(_INSERT_ITEMS, sale=id_, items=_lines(items))
    return await _steps.created(tx, id_)


async def change(
    tx: Transaction, id_: int, values: Mapping[str, Any], *, actor: Principal
) -> SaleRow:
    """Merge `values` into a sale; `items` are replaced as a whole.

    NotFound; Conflict `sale_void`; Invalid `total_mismatch`.
    """
    before = await _steps.get_for_update(tx, id_)
    if before["status"] == "void":
        raise Conflict("The sale is void", code="sale_void")
    if "salesPerson" in values:
        await _check_seller(tx, values["salesPerson"], actor)
    if values.keys() & {"items", "total"}:
        items = values.get("items") or before["items"]
        _check_total(items, values.get("total", before["total"]))
    if "items" in values:
        await tx.execute(_CLEAR_ITEMS, sale=id_)
        await tx.execute(_INSERT_ITEMS, sale=id_, items=_lines(values["items"]))
    fields = {name: value for name, value in values.items() if name != "items"}
    await _steps.update(tx, id_, fields)
    return await _steps.changed(tx, before)


async def void(tx: Transaction, id_: int, *, reason: str) -> SaleRow:
    """Void a sale: it counts in no sum any more, its row stays. NotFound; Conflict `sale_void`."""
    changed = await tx.execute(_VOID, id=id_, reason=reason, by=tx.actor.name)
    row = await _steps.get(tx, id_)
    if not changed:
        raise Conflict("The sale is void already", code="sale_void", data=row)
    before = {"status": "completed", "voidReason": None}
    after = {"status": "void", "voidReason": reason}
    await tx.record("sale_voided", "sale", id_, before=before, after=after)
    return row


async def delete(tx: Transaction, id_: int) -> None:
    """Mark a sale that was recorded by mistake deleted; the audit trail keeps it. NotFound."""
    await _steps.delete(tx, await _steps.get_for_update(tx, id_))


async def _check_seller(tx: Transaction, id_: int, actor: Principal) -> None:
    """Reject a seller who is not employed, or outside the actor's scope; Invalid, NotAllowed."""
    if actor.may("sales:manage"):
        await require_active(tx, employee, id_, "salesPerson")
    else:
        await employee_within(tx, actor, id_, "sales:create")


def _check_total(items: Sequence[Mapping[str, Any]], total: Decimal) -> None:
    amount = sum((item["quantity"] * Decimal(str(item["price"])) for item in items), Decimal())
    if amount != total:
        raise Invalid.field(
            "total", f"is {total:f}, the items sum up to {amount:f}", code="total_mismatch"
        )


def _lines(items: Sequence[Mapping[str, Any]]) -> list[list[Any]]:
    return [[item["productId"], item["quantity"], str(item["price"])] for item in items]
