"""What the company owns. Holders: assignments.py. Tables: models/assets.py.

Employees see what they hold, managers what their team holds, HR and asset managers everything;
what it cost is for the latter only.
"""

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from sqlalchemy import (
    Date,
    Integer,
    Numeric,
    and_,
    bindparam,
    case,
    cast,
    exists,
    func,
    insert,
    or_,
    select,
    update,
)

from models.assets import (
    asset,
    asset_assignment,
    asset_config,
    asset_maintenance,
    asset_reservation,
)
from models.employees import employee
from sunshine.core.errors import Conflict, NotAllowed, NotFound, violations
from sunshine.core.principals import Principal, Scope
from sunshine.database.database import Database, Reader, Transaction
from sunshine.database.pages import ListQuery, Page, contains
from sunshine.database.records import Reference, check_unused, merging, record_change, stamped
from sunshine.database.statements import Row, Statement
from sunshine.modules.assets.config import id_of
from sunshine.modules.assets.history import remember
from sunshine.modules.assets.schemas import FILTERS
from sunshine.modules.scope import conditions, employee_within

violations(
    {
        "asset_asset_code_key": Conflict.field(
            "assetCode", "Another asset has this code", code="asset_code_taken"
        ),
        "asset_serial_number_key": Conflict.field(
            "serialNumber", "Another asset has this serial number", code="serial_number_taken"
        ),
    }
)

COST = ("value", "purchaseDate", "bookValue", "vendor")
FIELDS = {
    "assetCode": asset.c.asset_code,
    "name": asset.c.name,
    "category": asset.c.category_id,
    "serialNumber": asset.c.serial_number,
    "purchaseDate": asset.c.purchase_date,
    "value": asset.c.value,
    "status": asset.c.status,
    "location": asset.c.location_id,
    "vendor": asset.c.vendor_id,
    "warrantyUntil": asset.c.warranty_until,
    "notes": asset.c.notes,
}
# Fields that hold a word of asset_config of that kind.
WORDS = ("category", "location", "vendor")

_category = asset_config.alias("category")
_location = asset_config.alias("location")
_vendor = asset_config.alias("vendor")
HOLDING = and_(asset_assignment.c.asset_id == asset.c.id, asset_assignment.c.returned_on.is_(None))


def _book_value() -> Any:
    """Straight line from the value to the category's residual, month by month; in cents."""
    age = func.age(cast(bindparam("today"), Date), asset.c.purchase_date)
    months = func.extract("year", age) * 12 + func.extract("month", age)
    life = cast(_category.c.attributes["depreciationMonths"].astext, Integer)
    percent = cast(_category.c.attributes["residualPercent"].astext, Numeric)
    residual = asset.c.value * func.coalesce(percent, 0) / 100
    spent = func.greatest(func.least(months / life, 1), 0)
    worth = func.round(asset.c.value - (asset.c.value - residual) * spent, 2)
    return case((or_(life.is_(None), asset.c.purchase_date.is_(None)), asset.c.value), else_=worth)


_shown = {
    **FIELDS,
    "category": _category.c.key,
    "location": _location.c.key,
    "vendor": _vendor.c.key,
    "bookValue": _book_value(),
    "assignedTo": asset_assignment.c.employee_id,
    "assignedToName": employee.c.name,
    "assignDate": asset_assignment.c.assigned_on,
    "createdAt": asset.c.created_at,
    "updatedAt": asset.c.updated_at,
}
ROWS = (
    select(asset.c.id, *(column.label(name) for name, column in _shown.items()))
    .select_from(
        asset.join(_category, _category.c.id == asset.c.category_id)
        .outerjoin(_location, _location.c.id == asset.c.location_id)
        .outerjoin(_vendor, _vendor.c.id == asset.c.vendor_id)
        .outerjoin(asset_assignment, HOLDING)
        .outerjoin(employee, employee.c.id == asset_assignment.c.employee_id)
    )
    .where(asset.c.deleted_at.is_(None))
)
REACH = conditions(asset_assignment.c.employee_id)
listing = ListQuery(
    ROWS,
    key=asset.c.id,
    schema=FILTERS,
    filters={
        "status": asset.c.status == bindparam("status"),
        "category": func.lower(_category.c.key) == func.lower(bindparam("category")),
        "location": func.lower(_location.c.key) == func.lower(bindparam("location")),
        "assignedTo": asset_assignment.c.employee_id == bindparam("assignedTo"),
        "search": or_(
            contains(func.lower(asset.c.name)),
            contains(func.lower(asset.c.asset_code)),
            contains(func.lower(asset.c.serial_number)),
        ),
    },
    sort={
        "assetCode": asset.c.asset_code,
        "name": asset.c.name,
        "purchaseDate": asset.c.purchase_date,
        "warrantyUntil": asset.c.warranty_until,
        "createdAt": asset.c.created_at,
    },
)
_is_row = asset.c.id == bindparam("id")
_FIND = {scope: Statement(ROWS.where(_is_row, *where)) for scope, where in REACH.items()}
_LOCK = Statement(
    select(asset.c.id).where(_is_row, asset.c.deleted_at.is_(None)).with_for_update(key_share=True)
)
_INSERT = Statement(
    insert(asset)
    .values({column: bindparam(name, type_=column.type) for name, column in FIELDS.items()})
    .values(stamped(asset))
    .returning(asset.c.id)
)
_DELETE = Statement(update(asset).where(_is_row).values(deleted_at=bindparam("now")))
_USES = (
    Reference(
        "reservation",
        asset_reservation.c.asset_id,
        where=(asset_reservation.c.valid_to >= bindparam("today", type_=Date),),
    ),
)
_IN_MAINTENANCE = Statement(
    select(
        exists()
        .where(
            asset_maintenance.c.asset_id == bindparam("id"),
            asset_maintenance.c.completed_on.is_(None),
        )
        .label("open")
    )
)


def scope_of(actor: Principal) -> Scope:
    """Whose assets a caller sees."""
    if actor.may("assets:manage"):
        return "all"
    return actor.scope("assets:read") or "own"


async def page(database: Database, query: Mapping[str, Any], *, actor: Principal) -> Page:
    """A page of what the caller may see; a filter on somebody else's things is refused."""
    scope = scope_of(actor)
    if "assignedTo" in query and scope != "all":
        await employee_within(database, actor, query["assignedTo"], "assets:read")
    found = await listing.page(
        database, query, where=REACH[scope], me=actor.employee_id, today=database.today
    )
    for row in found.rows:
        _without_cost(row, actor)
    return found


async def find(database: Database, id_: int, *, actor: Principal) -> Row:
    """One asset that the caller may see."""
    row = await seen(database, id_, actor=actor, today=database.today)
    return _without_cost(row, actor)


async def seen(reader: Reader, id_: int, *, actor: Principal, today: Any) -> Row:
    """One asset with its cost; NotAllowed or NotFound by the caller's scope."""
    scope = scope_of(actor)
    row = await reader.one_or_none(_FIND[scope], id=id_, me=actor.employee_id, today=today)
    if row is None:
        raise NotFound if scope == "all" else NotAllowed
    return row


async def create(tx: Transaction, values: Mapping[str, Any]) -> Row:
    """A new asset. `category`, `location` and `vendor` are found by key or name, or made."""
    full = dict.fromkeys(FIELDS) | {"status": "active"} | await _with_ids(tx, values)
    row = await current(tx, (await tx.one(_INSERT, **full))["id"])
    await tx.record("asset_created", "asset", row["id"], after=row)
    return row


async def change(tx: Transaction, id_: int, values: Mapping[str, Any]) -> Row:
    """Merge into an asset. One that is held stays active; one in maintenance waits for its end."""
    before = await locked(tx, id_)
    if values.get("status", before["status"]) != before["status"]:
        if before["assignedTo"] is not None:
            raise held_by(before)
        if (await tx.one(_IN_MAINTENANCE, id=id_))["open"]:
            raise Conflict("The asset is in maintenance", code="asset_in_maintenance")
    full = await _with_ids(tx, values)
    await tx.execute(_update(tuple(sorted(full))), row_id=id_, **full)
    after = await current(tx, id_)
    if after["location"] != before["location"]:
        await remember(tx, id_, "moved", location_id=full["location"])
    await record_change(tx, "asset", before, after)
    return after


async def delete(tx: Transaction, id_: int) -> None:
    """Take an asset out of the inventory; Conflict while it is held, or reserved from today on."""
    before = await locked(tx, id_)
    if before["assignedTo"] is not None:
        raise held_by(before)
    await check_unused(tx, _USES, id_)
    await tx.execute(_DELETE, id=id_)
    await tx.record("asset_deleted", "asset", id_, before=before)


async def check_exists(database: Database, id_: int) -> None:
    """NotFound where no such asset is."""
    if await database.one_or_none(_FIND["all"], id=id_, today=database.today) is None:
        raise NotFound


async def locked(tx: Transaction, id_: int) -> Row:
    """The asset, kept as it is until we are done."""
    await tx.execute(_LOCK, id=id_)
    return await current(tx, id_)


async def current(tx: Transaction, id_: int) -> Row:
    """The asset as it is now; NotFound."""
    row = await tx.one_or_none(_FIND["all"], id=id_, today=tx.today)
    if row is None:
        raise NotFound
    return row


def held_by(row: Row) -> Conflict:
    """Conflict that names the holder."""
    holder = {"employeeId": row["assignedTo"], "name": row["assignedToName"]}
    return Conflict(
        f"{row['assetCode']} is assigned to {row['assignedToName']}",
        code="asset_assigned",
        data={"assignedTo": holder, "assignDate": row["assignDate"]},
    )


def _without_cost(row: Row, actor: Principal) -> Row:
    if not (actor.may("assets:manage") or actor.may("assets:read:all")):
        for name in COST:
            del row[name]
    return row


async def _with_ids(tx: Transaction, values: Mapping[str, Any]) -> Row:
    full = dict(values)
    for kind in WORDS:
        if full.get(kind) is not None:
            full[kind] = await id_of(tx, kind, full[kind])
    return full


@lru_cache(maxsize=64)
def _update(names: tuple[str, ...]) -> Statement[Any]:
    return merging(asset, {name: FIELDS[name] for name in names})
