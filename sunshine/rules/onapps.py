"""Settings of the company's apps, and the vouchers that they may show. Tables: models/onapps.py."""

from typing import Any

from sqlalchemy import bindparam, select
from sqlalchemy.dialects.postgresql import insert

from models.onapps import onapps_setting, voucher
from sunshine.db import Database, Row, Transaction
from sunshine.rules.onapps_vouchers import in_window
from sunshine.statements import Statement

_SETTINGS = Statement(select(onapps_setting.c.settings, onapps_setting.c.updated_at))
_PUBLIC = Statement(
    select(
        voucher.c.code,
        voucher.c.description,
        voucher.c.image,
        voucher.c.discount_type.label("discountType"),
        voucher.c.discount_value.label("discountValue"),
        voucher.c.min_purchase.label("minPurchase"),
        voucher.c.max_discount.label("maxDiscount"),
        voucher.c.valid_until.label("validUntil"),
    )
    .where(voucher.c.public, *in_window())
    .order_by(voucher.c.code)
    .limit(100)
)
_insert = insert(onapps_setting).values(
    id=1,
    settings=bindparam("settings", type_=onapps_setting.c.settings.type),
    updated_at=bindparam("now"),
)
_SET = Statement(
    _insert.on_conflict_do_update(
        index_elements=[onapps_setting.c.id],
        set_={"settings": _insert.excluded.settings, "updated_at": _insert.excluded.updated_at},
    )
)


async def show(database: Database) -> Row:
    """`{settings, vouchers}`: what every app may know."""
    row = await database.one(_SETTINGS)
    vouchers = await database.all(_PUBLIC, today=database.today)
    return {"settings": row["settings"] if row else {}, "vouchers": vouchers}


async def change(tx: Transaction, settings: dict[str, Any]) -> Row:
    """Replace the settings as a whole."""
    before = await tx.one(_SETTINGS)
    await tx.run(_SET, settings=settings)
    old = {"settings": before["settings"]} if before else None
    await tx.record("onapps_changed", "onapps_setting", 1, before=old, after={"settings": settings})
    return {"settings": settings}
