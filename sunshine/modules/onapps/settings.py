"""Settings of the company's apps, and the vouchers that they may show. Tables: models/onapps.py."""

from typing import Any

from sqlalchemy import bindparam, literal, select, update
from sqlalchemy.dialects.postgresql import JSONB, insert

from models.onapps import onapps_setting, voucher
from sunshine.database.database import Database, Transaction
from sunshine.database.statements import Row, Statement
from sunshine.modules.onapps.vouchers import in_window

_SETTINGS = Statement(select(onapps_setting.c.settings))
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
_FIRST = Statement(
    insert(onapps_setting)
    .values(id=1, settings=literal({}, JSONB), updated_at=bindparam("now"))
    .on_conflict_do_nothing()
)
_LOCK = Statement(select(onapps_setting.c.settings).with_for_update())
_SET = Statement(
    update(onapps_setting).values(
        settings=bindparam("settings", type_=JSONB), updated_at=bindparam("now")
    )
)


async def show(database: Database) -> Row:
    """`{settings, vouchers}`: what every app may know."""
    row = await database.one_or_none(_SETTINGS)
    vouchers = await database.all(_PUBLIC, today=database.today)
    return {"settings": row["settings"] if row else {}, "vouchers": vouchers}


async def change(tx: Transaction, settings: dict[str, Any]) -> Row:
    """Replace the settings as a whole."""
    await tx.execute(_FIRST)
    before = await tx.one(_LOCK)
    after = {"settings": settings}
    if before != after:
        await tx.execute(_SET, settings=settings)
        await tx.record("onapps_changed", "onapps_setting", 1, before=before, after=after)
    return after
