"""Settings of the company's apps, vouchers and their redemptions."""

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Column,
    Date,
    DateTime,
    ForeignKey,
    Index,
    Integer,
    Numeric,
    Table,
    Text,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

from models.base import deleted_at, files, identity, sunshine, timestamps

onapps_setting = Table(
    "onapps_setting",
    sunshine,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("settings", JSONB, nullable=False, info=files()),
    Column("updated_at", DateTime(timezone=True), nullable=False),
    CheckConstraint("id = 1", name="id"),
    comment="One row.",
)

voucher = Table(
    "voucher",
    sunshine,
    identity(),
    Column("code", Text, nullable=False),
    Column("description", Text),
    Column("image", Text, info=files()),
    Column("discount_type", Text, nullable=False),
    Column("discount_value", Numeric(14, 2), nullable=False),
    Column("min_purchase", Numeric(14, 2), nullable=False, server_default=text("0")),
    Column("max_discount", Numeric(14, 2)),
    Column("valid_from", Date, comment="first day"),
    Column("valid_until", Date, comment="last day"),
    Column("usage_limit", Integer, comment="null for any number"),
    Column("per_customer_limit", Integer, comment="null for any number"),
    Column("used", Integer, nullable=False, server_default=text("0")),
    Column("public", Boolean, nullable=False, server_default=text("false")),
    Column("active", Boolean, nullable=False, server_default=text("true")),
    *timestamps(),
    deleted_at(),
    CheckConstraint("code = upper(code)", name="code"),
    CheckConstraint("discount_type IN ('percentage', 'fixed')", name="discount_type"),
    CheckConstraint(
        "discount_value > 0 AND (discount_type = 'fixed' OR discount_value <= 100)",
        name="discount_value",
    ),
    CheckConstraint("valid_until >= valid_from", name="window"),
    CheckConstraint("used BETWEEN 0 AND usage_limit", name="used"),
)
Index("voucher_code_key", voucher.c.code, unique=True, postgresql_where=text("deleted_at IS NULL"))

voucher_redemption = Table(
    "voucher_redemption",
    sunshine,
    identity(),
    Column("voucher_id", Integer, ForeignKey("voucher.id"), nullable=False),
    Column("order_ref", Text, nullable=False),
    Column("customer_id", Integer, comment="in the shop's own system"),
    Column("order_amount", Numeric(14, 2), nullable=False),
    Column("discount", Numeric(14, 2), nullable=False),
    Column("final_amount", Numeric(14, 2), nullable=False),
    Column("redeemed_by", Text, nullable=False),
    Column("redeemed_at", DateTime(timezone=True), nullable=False),
    Column("released_at", DateTime(timezone=True), comment="null while it counts"),
    CheckConstraint("discount BETWEEN 0 AND order_amount", name="discount"),
    Index("voucher_redemption_customer_idx", "voucher_id", "customer_id"),
)
Index(
    "voucher_redemption_order_key",
    voucher_redemption.c.voucher_id,
    voucher_redemption.c.order_ref,
    unique=True,
    postgresql_where=text("released_at IS NULL"),
)
