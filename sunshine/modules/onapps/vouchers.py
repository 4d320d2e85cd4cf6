"""Vouchers: their codes, terms and limits. Validating and redeeming them: redemptions.py.

Tables: models/onapps.py.
"""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from sqlalchemy import ColumnElement, Date, bindparam, func, or_, select

from models.onapps import voucher
from sunshine.core.errors import Conflict, Invalid, violations
from sunshine.database.database import Reader, Transaction
from sunshine.database.pages import ListQuery, contains
from sunshine.database.records import RecordSteps
from sunshine.modules.onapps.rows import VoucherRow
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
    row=VoucherRow,
)  # fmt: skip
# FOR UPDATE, in one statement: redemptions of the voucher wait for a change of its terms.
_steps = RecordSteps(voucher, rows=ROWS, row=VoucherRow, fields=FIELDS, is_plain=True)


def in_window() -> tuple[ColumnElement[bool], ...]:
    """Return the conditions of a usable voucher: active, and `today` in its window, both ends
    included."""
    today = bindparam("today", type_=Date)
    return (
        _v.deleted_at.is_(None),
        _v.active,
        or_(_v.valid_from.is_(None), _v.valid_from <= today),
        or_(_v.valid_until.is_(None), _v.valid_until >= today),
    )


async def get(reader: Reader, id_: int) -> VoucherRow:
    """Return one voucher; NotFound."""
    return await _steps.get(reader, id_)


async def create(tx: Transaction, values: Mapping[str, Any]) -> VoucherRow:
    """Insert a voucher; its code is stored in capitals."""
    full = dict.fromkeys(FIELDS) | _DEFAULTS | dict(values) | {"code": values["code"].upper()}
    return await _steps.created(tx, await _steps.insert(tx, full))


async def change(tx: Transaction, id_: int, values: Mapping[str, Any]) -> VoucherRow:
    """Merge fields into a voucher. Earlier redemptions keep their discount."""
    before = await _steps.get_for_update(tx, id_)
    await _steps.update(tx, id_, values)
    return await _steps.changed(tx, before)


async def delete(tx: Transaction, id_: int) -> None:
    """Mark a voucher deleted; its redemptions stay."""
    await _steps.delete(tx, await _steps.get_for_update(tx, id_))
