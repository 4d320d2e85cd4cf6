"""Settings of the company's apps, and the public vouchers. Tables: models/onapps.py."""

from typing import Any

from sqlalchemy import bindparam, literal, select, update
from sqlalchemy.dialects.postgresql import JSONB, insert

from models.onapps import onapps_setting, voucher
from sunshine.database.database import Database, Transaction
from sunshine.database.statements import Statement
from sunshine.modules.onapps.rows import Onapps, PublicVoucherRow, SettingsRow
from sunshine.modules.onapps.vouchers import in_window

_GET = Statement(select(onapps_setting.c.settings), SettingsRow)
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
    .limit(100),
    PublicVoucherRow,
)
_INSERT_IF_MISSING = Statement(
    insert(onapps_setting)
    .values(id=1, settings=literal({}, JSONB), updated_at=bindparam("now"))
    .on_conflict_do_nothing()
)
_GET_LOCKED = Statement(select(onapps_setting.c.settings).with_for_update(), SettingsRow)
_SET = Statement(
    update(onapps_setting).values(
        settings=bindparam("settings", type_=JSONB), updated_at=bindparam("now")
    )
)


async def get(database: Database) -> Onapps:
    """Return the settings and up to 100 vouchers that are public and usable today."""
    row = await database.one_or_none(_GET)
    vouchers = await database.all(_PUBLIC, today=database.today)
    return Onapps(settings=row["settings"] if row else {}, vouchers=vouchers)


async def change(tx: Transaction, settings: dict[str, Any]) -> SettingsRow:
    """Replace the settings as a whole."""
    await tx.execute(_INSERT_IF_MISSING)
    before = await tx.one(_GET_LOCKED)
    after = SettingsRow(settings=settings)
    if before != after:
        await tx.execute(_SET, settings=settings)
        await tx.record("onapps_changed", "onapps_setting", 1, before=before, after=after)
    return after
