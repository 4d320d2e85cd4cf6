"""What was sold. The report: report.py. Tables: models/sales.py.

Everybody sees and records what they sold themselves, managers what their team did.
"""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from functools import lru_cache
from typing import Any

from sqlalchemy import JSON, Text, bindparam, cast, delete, func, insert, literal, select, update
from sqlalchemy.dialects.postgresql import JSONB, aggregate_order_by

from models.employees import employee
from models.sales import sale, sale_item
from sunshine.core.errors import Conflict, Invalid, NotAllowed, NotFound
from sunshine.core.principals import Principal, Scope
from sunshine.database.database import Database, Transaction
from sunshine.database.pages import ListQuery, Page
from sunshine.database.records import merging, record_change, stamped
from sunshine.database.statements import Row, Statement
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
    # By what an index has: a shop's sales do not become fewer.
    sort={"date": sale.c.date},
    cursor="date",
)
_is_row = sale.c.id == bindparam("id")
_FIND = {scope: Statement(ROWS.where(_is_row, *where)) for scope, where in REACH.items()}
_LOCK = Statement(
    select(sale.c.id).where(_is_row, sale.c.deleted_at.is_(None)).with_for_update(key_share=True)
)
_INSERT = Statement(
    insert(sale)
    .values({column: bindparam(name, type_=column.type) for name, column in FIELDS.items()})
    .values(stamped(sale))
    .returning(sale.c.id)
)


def _insert_items() -> Statement[Any]:
    sent = func.jsonb_array_elements(
        bindparam("items", type_=JSONB), type_=JSONB
    ).table_valued("value", with_ordinality="line").render_derived()  # fmt: skip
    names = ("product_id", "quantity", "price")
    values = [
        cast(sent.c.value.cast(JSONB)[number].astext, sale_item.c[name].type)
        for number, name in enumerate(names)
    ]
    line = cast(sent.c.line, sale_item.c.line.type)
    return Statement(
        insert(sale_item).from_select(
            ["sale_id", "line", *names], select(bindparam("sale"), line, *values)
        )
    )


_INSERT_ITEMS = _insert_items()
_CLEAR_ITEMS = Statement(delete(sale_item).where(sale_item.c.sale_id == bindparam("sale")))
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
_DELETE = Statement(update(sale).where(_is_row).values(deleted_at=bindparam("now")))


def scope_of(actor: Principal) -> Scope:
    """Whose sales a caller sees."""
    return "all" if actor.may("sales:manage") else actor.scope("sales:read") or "own"


async def check_person(database: Database, query: Mapping[str, Any], actor: Principal) -> None:
    """A filter on somebody outside the caller's scope is refused, never an empty answer."""
    if "salesPerson" in query and scope_of(actor) != "all":
        await employee_within(database, actor, query["salesPerson"], "sales:read")


async def page(database: Database, query: Mapping[str, Any], *, actor: Principal) -> Page:
    """A page of what the caller may see, the latest first."""
    await check_person(database, query, actor)
    return await listing.page(database, query, where=REACH[scope_of(actor)], me=actor.employee_id)


async def find(database: Database, id_: int, *, actor: Principal) -> Row:
    """One sale that the caller may see."""
    scope = scope_of(actor)
    row = await database.one_or_none(_FIND[scope], id=id_, me=actor.employee_id)
    if row is None:
        raise NotFound if scope == "all" else NotAllowed
    return row


async def create(tx: Transaction, values: Mapping[str, Any], *, actor: Principal) -> Row:
    """A new sale, one's own where nobody is named. `total` must be the sum of the items."""
    full = {"notes": None, "date": tx.today} | dict(values)
    if "salesPerson" not in full:
        full["salesPerson"] = employee_of(actor)
    await _check_seller(tx, full["salesPerson"], actor)
    items = full.pop("items")
    _check_total(items, full["total"])
    id_ = (await tx.one(_INSERT, **full))["id"]
    await tx.execute(_INSERT_ITEMS, sale=id_, items=_lines(items))
    row = await _current(tx, id_)
    await tx.record("sale_created", "sale", id_, after=row)
    return row


async def change(tx: Transaction, id_: int, values: Mapping[str, Any], *, actor: Principal) -> Row:
    """Merge into a sale; items are replaced as a whole. What is void stays as it was."""
    await tx.execute(_LOCK, id=id_)
    before = await _current(tx, id_)
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
    await tx.execute(_update(tuple(sorted(fields))), row_id=id_, **fields)
    after = await _current(tx, id_)
    await record_change(tx, "sale", before, after)
    return after


async def void(tx: Transaction, id_: int, *, reason: str) -> Row:
    """Take a sale out of every sum; its row stays. Conflict when it is void already."""
    changed = await tx.execute(_VOID, id=id_, reason=reason, by=tx.actor.name)
    row = await _current(tx, id_)
    if not changed:
        raise Conflict("The sale is void already", code="sale_void", data=row)
    was = {"status": "completed", "voidReason": None}
    is_ = {"status": "void", "voidReason": reason}
    await tx.record("sale_voided", "sale", id_, before=was, after=is_)
    return row


async def remove(tx: Transaction, id_: int) -> None:
    """Delete what was recorded by mistake; kept for the audit trail only."""
    await tx.execute(_LOCK, id=id_)
    before = await _current(tx, id_)
    await tx.execute(_DELETE, id=id_)
    await tx.record("sale_deleted", "sale", id_, before=before)


async def _check_seller(tx: Transaction, id_: int, actor: Principal) -> None:
    """Somebody of the caller's scope; whoever has left cannot have sold it."""
    if actor.may("sales:manage"):
        found = await tx.one_or_none(_EMPLOYEE, id=id_)
        if found is None:
            raise Invalid.field("salesPerson", "does not exist")
    else:
        await employee_within(tx, actor, id_, "sales:create")


_EMPLOYEE = Statement(
    select(employee.c.id)
    .where(employee.c.id == bindparam("id"), employee.c.deleted_at.is_(None))
    .with_for_update(key_share=True, read=True)
)


async def _current(tx: Transaction, id_: int) -> Row:
    row = await tx.one_or_none(_FIND["all"], id=id_)
    if row is None:
        raise NotFound
    return row


def _check_total(items: Sequence[Mapping[str, Any]], total: Decimal) -> None:
    amount = sum((item["quantity"] * Decimal(str(item["price"])) for item in items), Decimal())
    if amount != total:
        raise Invalid.field(
            "total", f"is {total:f}, the items sum up to {amount:f}", code="total_mismatch"
        )


def _lines(items: Sequence[Mapping[str, Any]]) -> list[list[Any]]:
    return [[item["productId"], item["quantity"], str(item["price"])] for item in items]


@lru_cache(maxsize=64)
def _update(names: tuple[str, ...]) -> Statement[Any]:
    return merging(sale, {name: FIELDS[name] for name in names})
