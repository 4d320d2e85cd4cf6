"""Vouchers as they are set up. What one is worth, and using it: redemptions.py.

Tables: models/onapps.py.
"""

from collections.abc import Mapping
from decimal import Decimal
from functools import lru_cache
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Date,
    bindparam,
    func,
    insert,
    or_,
    select,
    update,
)

from models.onapps import voucher
from sunshine.core.errors import Conflict, Invalid, NotFound, violations
from sunshine.database.database import Reader, Transaction
from sunshine.database.pages import ListQuery, contains
from sunshine.database.records import merging, record_change, stamped
from sunshine.database.statements import Row, Statement
from sunshine.modules.onapps.schemas import FILTERS

violations(
    {
        "voucher_code_key": Conflict.field("code", "This code exists already", code="code_taken"),
        "voucher_window_check": Invalid.field("validUntil", "must not be before validFrom"),
        "voucher_used_check": Invalid.field("usageLimit", "is below what is used already"),
        "voucher_discount_value_check": Invalid.field(
            "discountValue", "must be above 0, and at most 100 as a percentage"
        ),
    }
)

_v = voucher.c
FIELDS = {
    "code": _v.code,
    "description": _v.description,
    "image": _v.image,
    "discountType": _v.discount_type,
    "discountValue": _v.discount_value,
    "minPurchase": _v.min_purchase,
    "maxDiscount": _v.max_discount,
    "validFrom": _v.valid_from,
    "validUntil": _v.valid_until,
    "usageLimit": _v.usage_limit,
    "perCustomerLimit": _v.per_customer_limit,
    "public": _v.public,
    "active": _v.active,
}
_DEFAULTS = {"minPurchase": Decimal(0), "public": False, "active": True}
ROWS = select(
    _v.id,
    *(column.label(name) for name, column in FIELDS.items()),
    _v.used,
    _v.created_at.label("createdAt"),
    _v.updated_at.label("updatedAt"),
).where(_v.deleted_at.is_(None))
listing = ListQuery(
    ROWS,
    key=_v.id,
    schema=FILTERS,
    filters={
        "active": _v.active == bindparam("active"),
        "public": _v.public == bindparam("public"),
        "search": or_(contains(func.lower(_v.code)), contains(func.lower(_v.description))),
    },
    sort={"code": _v.code, "validUntil": _v.valid_until, "used": _v.used,
          "createdAt": _v.created_at},
)  # fmt: skip
_is_row = _v.id == bindparam("id")
_FIND = Statement(ROWS.where(_is_row))
_LOCK = Statement(select(_v.id).where(_is_row, _v.deleted_at.is_(None)).with_for_update())
_INSERT = Statement(
    insert(voucher)
    .values({column: bindparam(name, type_=column.type) for name, column in FIELDS.items()})
    .values(stamped(voucher))
    .returning(_v.id)
)
_DELETE = Statement(update(voucher).where(_is_row).values(deleted_at=bindparam("now")))


def in_window() -> tuple[ColumnElement[bool], ...]:
    """Active on the day of the parameter `today`; the window includes its last day."""
    today = bindparam("today", type_=Date)
    return (
        _v.deleted_at.is_(None),
        _v.active,
        or_(_v.valid_from.is_(None), _v.valid_from <= today),
        or_(_v.valid_until.is_(None), _v.valid_until >= today),
    )


async def find(reader: Reader, id_: int) -> Row:
    """One voucher; NotFound."""
    row = await reader.one_or_none(_FIND, id=id_)
    if row is None:
        raise NotFound
    return row


async def create(tx: Transaction, values: Mapping[str, Any]) -> Row:
    """A new voucher; its code is kept in capitals."""
    full = dict.fromkeys(FIELDS) | _DEFAULTS | dict(values) | {"code": values["code"].upper()}
    row = await find(tx, (await tx.one(_INSERT, **full))["id"])
    await tx.record("voucher_created", "voucher", row["id"], after=row)
    return row


async def change(tx: Transaction, id_: int, values: Mapping[str, Any]) -> Row:
    """Merge into a voucher. What was redeemed before keeps its discount."""
    await tx.execute(_LOCK, id=id_)
    before = await find(tx, id_)
    await tx.execute(_update(tuple(sorted(values))), row_id=id_, **values)
    after = await find(tx, id_)
    await record_change(tx, "voucher", before, after)
    return after


async def delete(tx: Transaction, id_: int) -> None:
    """Delete a voucher; its redemptions stay."""
    await tx.execute(_LOCK, id=id_)
    before = await find(tx, id_)
    await tx.execute(_DELETE, id=id_)
    await tx.record("voucher_deleted", "voucher", id_, before=before)


@lru_cache(maxsize=64)
def _update(names: tuple[str, ...]) -> Statement[Any]:
    return merging(voucher, {name: FIELDS[name] for name in names})
