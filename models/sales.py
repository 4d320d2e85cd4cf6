"""Sales and their items."""

from sqlalchemy import (
    CheckConstraint,
    Column,
    Computed,
    Date,
    DateTime,
    ForeignKey,
    Index,
    Integer,
    Numeric,
    PrimaryKeyConstraint,
    SmallInteger,
    Table,
    Text,
    text,
)

from models.base import deleted_at, identity, sunshine, timestamps

sale = Table(
    "sale",
    sunshine,
    identity(),
    Column("customer_id", Integer, nullable=False, comment="in the shop's own system"),
    Column("sales_person_id", Integer, ForeignKey("employee.id"), nullable=False),
    Column("date", Date, nullable=False),
    Column("total", Numeric(14, 2), nullable=False),
    Column("status", Text, nullable=False, server_default=text("'completed'")),
    Column("notes", Text),
    Column("void_reason", Text),
    Column("voided_at", DateTime(timezone=True)),
    Column("voided_by", Text),
    *timestamps(),
    deleted_at(),
    CheckConstraint("status IN ('completed', 'void')", name="status"),
    CheckConstraint("total >= 0", name="total"),
    CheckConstraint("(status = 'void') = (voided_at IS NOT NULL)", name="void"),
    Index("sale_date_idx", "date", "id"),
    Index("sale_sales_person_id_idx", "sales_person_id", "date"),
    Index("sale_customer_id_idx", "customer_id", "date"),
)

sale_item = Table(
    "sale_item",
    sunshine,
    Column("sale_id", Integer, ForeignKey("sale.id"), nullable=False),
    Column("line", SmallInteger, nullable=False),
    Column("product_id", Integer, nullable=False, comment="in the shop's own system"),
    Column("quantity", Integer, nullable=False),
    Column("price", Numeric(14, 2), nullable=False, comment="of one"),
    Column("amount", Numeric(14, 2), Computed("quantity * price", persisted=True)),
    PrimaryKeyConstraint("sale_id", "line"),
    CheckConstraint("quantity >= 1", name="quantity"),
    CheckConstraint("price >= 0", name="price"),
)
