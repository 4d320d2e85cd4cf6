"""The company's assets. Holders: assignments.py. Tables: models/assets.py.

Employees see the assets they hold, managers those of their team, HR and asset managers all of them;
the cost is shown to the latter two only.
"""

from collections.abc import Mapping
from typing import Any, TypeVar

from sqlalchemy import (
    ColumnElement,
    Date,
    Integer,
    Numeric,
    Select,
    and_,
    bindparam,
    case,
    cast,
    exists,
    func,
    or_,
    select,
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
from sunshine.database.database import Database, Transaction
from sunshine.database.pages import ListQuery, Page, contains
from sunshine.database.records import RecordSteps, Reference, check_unused
from sunshine.database.statements import Statement
from sunshine.modules.assets.config import id_of
from sunshine.modules.assets.history import append_history
from sunshine.modules.assets.rows import AssetRow, AssetSummaryRow, OpenRow
from sunshine.modules.assets.schemas import FILTERS, KINDS
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

R = TypeVar("R")
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
_category = asset_config.alias("category")
_location = asset_config.alias("location")
_vendor = asset_config.alias("vendor")
HOLDING = and_(asset_assignment.c.asset_id == asset.c.id, asset_assignment.c.returned_on.is_(None))


def _book_value() -> ColumnElement[Any]:
    """Return the book value today, to the cent: it falls month by month in a straight line from the
    value to the category's residual."""
    age = func.age(cast(bindparam("today"), Date), asset.c.purchase_date)
    months = func.extract("year", age) * 12 + func.extract("month", age)
    life = cast(_category.c.attributes["depreciationMonths"].astext, Integer)
    percent = cast(_category.c.attributes["residualPercent"].astext, Numeric)
    residual = asset.c.value * func.coalesce(percent, 0) / 100
    spent = func.greatest(func.least(months / life, 1), 0)
    worth = func.round(asset.c.value - (asset.c.value - residual) * spent, 2)
    return case((or_(life.is_(None), asset.c.purchase_date.is_(None)), asset.c.value), else_=worth)


_COLUMNS: dict[str, ColumnElement[Any]] = {
    "id": asset.c.id,
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


def _rows(row: type[Any]) -> Select[Any]:
    return (
        select(*(c.label(name) for name, c in _COLUMNS.items() if name in row.__annotations__))
        .select_from(
            asset.join(_category, _category.c.id == asset.c.category_id)
            .outerjoin(_location, _location.c.id == asset.c.location_id)
            .outerjoin(_vendor, _vendor.c.id == asset.c.vendor_id)
            .outerjoin(asset_assignment, HOLDING)
            .outerjoin(employee, employee.c.id == asset_assignment.c.employee_id)
        )
        .where(asset.c.deleted_at.is_(None))
    )


_SORT = {
    "assetCode": asset.c.asset_code,
    "name": asset.c.name,
    "purchaseDate": asset.c.purchase_date,
    "warrantyUntil": asset.c.warranty_until,
    "createdAt": asset.c.created_at,
}


def _listing(row: type[R]) -> ListQuery[R]:
    """Return the list whose rows are `row`. It sorts by shown columns only, so that the order
    reveals no hidden ones."""
    return ListQuery(
        _rows(row),
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
        sort={name: by for name, by in _SORT.items() if name in row.__annotations__},
        row=row,
    )


REACH = conditions(asset_assignment.c.employee_id)
listing = _listing(AssetRow)
_summaries = _listing(AssetSummaryRow)
_steps = RecordSteps(asset, rows=_rows(AssetRow), row=AssetRow, fields=FIELDS)
_is_row = asset.c.id == bindparam("id")
_VISIBLE: dict[Scope, Statement[AssetSummaryRow]] = {
    "all": Statement(_rows(AssetRow).where(_is_row, *REACH["all"]), AssetRow),
    "team": Statement(_rows(AssetSummaryRow).where(_is_row, *REACH["team"]), AssetSummaryRow),
    "own": Statement(_rows(AssetSummaryRow).where(_is_row, *REACH["own"]), AssetSummaryRow),
}
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
    ),
    OpenRow,
)


def scope_of(actor: Principal) -> Scope:
    """Return whose assets a caller sees; of `all`, the cost too."""
    if actor.may("assets:manage"):
        return "all"
    return actor.scope("assets:read") or "own"


async def page(
    database: Database, query: Mapping[str, Any], *, actor: Principal
) -> Page[AssetRow] | Page[AssetSummaryRow]:
    """Return a page of the assets that the caller sees.

    NotAllowed for a filter on a holder whose assets they do not see.
    """
    scope = scope_of(actor)
    if scope == "all":
        return await listing.page(database, query, where=REACH[scope], today=database.today)
    if "assignedTo" in query:
        await employee_within(database, actor, query["assignedTo"], "assets:read")
    return await _summaries.page(database, query, where=REACH[scope], me=actor.employee_id)


async def find(reader: Database | Transaction, id_: int, *, actor: Principal) -> AssetSummaryRow:
    """Return an asset as the caller sees it, an AssetRow by the scope `all`.

    Where it is not among those they see: NotFound by the scope `all`, else NotAllowed.
    """
    scope = scope_of(actor)
    values = {"me": actor.employee_id, "today": reader.today}
    row = await reader.one_or_none(_VISIBLE[scope], id=id_, **values)
    if row is None:
        raise NotFound if scope == "all" else NotAllowed
    return row


async def create(tx: Transaction, values: Mapping[str, Any]) -> AssetRow:
    """Insert an asset. `category`, `location` and `vendor` are found by key or name, or created."""
    full = dict.fromkeys(FIELDS) | {"status": "active"} | await _with_ids(tx, values)
    return await _steps.created(tx, await _steps.insert(tx, full), today=tx.today)


async def change(tx: Transaction, id_: int, values: Mapping[str, Any]) -> AssetRow:
    """Merge fields into an asset.

    The status of an assigned asset, or of one in maintenance, cannot change: Conflict.
    """
    before = await get_for_update(tx, id_)
    if values.get("status", before["status"]) != before["status"]:
        if before["assignedTo"] is not None:
            raise assigned(before)
        if (await tx.one(_IN_MAINTENANCE, id=id_))["open"]:
            raise Conflict("The asset is in maintenance", code="asset_in_maintenance")
    full = await _with_ids(tx, values)
    await _steps.update(tx, id_, full)
    after = await changed(tx, before)
    if after["location"] != before["location"]:
        await append_history(tx, id_, "moved", location_id=full["location"])
    return after


async def delete(tx: Transaction, id_: int) -> None:
    """Mark an asset deleted; Conflict while it is assigned, or reserved from today on."""
    before = await get_for_update(tx, id_)
    if before["assignedTo"] is not None:
        raise assigned(before)
    await check_unused(tx, _USES, id_)
    await _steps.delete(tx, before)


async def check_exists(database: Database, id_: int) -> None:
    """Raise NotFound where there is no such asset."""
    await _steps.get(database, id_, today=database.today)


async def get_for_update(tx: Transaction, id_: int) -> AssetRow:
    """Lock an asset against other changes until the transaction ends, then read it; NotFound."""
    return await _steps.get_for_update(tx, id_, today=tx.today)


async def get(tx: Transaction, id_: int) -> AssetRow:
    """Return an asset in full; NotFound."""
    return await _steps.get(tx, id_, today=tx.today)


async def changed(tx: Transaction, before: AssetRow, type_: str | None = None) -> AssetRow:
    """Read an asset after its change and record the event of what differs, if anything does."""
    return await _steps.changed(tx, before, type_, today=tx.today)


def assigned(row: AssetRow) -> Conflict:
    """Return the Conflict `asset_assigned` that names the holder."""
    holder = {"employeeId": row["assignedTo"], "name": row["assignedToName"]}
    return Conflict(
        f"{row['assetCode']} is assigned to {row['assignedToName']}",
        code="asset_assigned",
        data={"assignedTo": holder, "assignDate": row["assignDate"]},
    )


async def _with_ids(tx: Transaction, values: Mapping[str, Any]) -> dict[str, Any]:
    full = dict(values)
    for kind in KINDS:
        if full.get(kind) is not None:
            full[kind] = await id_of(tx, kind, full[kind])
    return full
