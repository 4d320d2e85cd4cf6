"""The company's assets: their assignments, reservations, maintenance and history."""

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Column,
    Date,
    DateTime,
    Double,
    ForeignKey,
    Index,
    Integer,
    Numeric,
    Table,
    Text,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB, ExcludeConstraint

from models.base import deleted_at, identity, sunshine, timestamps

asset_config = Table(
    "asset_config",
    sunshine,
    identity(),
    Column("kind", Text, nullable=False),
    Column("key", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("attributes", JSONB, nullable=False, server_default=text("'{}'")),
    Column("active", Boolean, nullable=False, server_default=text("true")),
    *timestamps(),
    deleted_at(),
    CheckConstraint("kind IN ('category', 'location', 'vendor')", name="kind"),
    comment="The words that assets are described with.",
)
Index(
    "asset_config_key_key",
    asset_config.c.kind,
    func.lower(asset_config.c.key),
    unique=True,
    postgresql_where=asset_config.c.deleted_at.is_(None),
)

asset = Table(
    "asset",
    sunshine,
    identity(),
    Column("asset_code", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("category_id", Integer, ForeignKey("asset_config.id"), nullable=False, index=True),
    Column("location_id", Integer, ForeignKey("asset_config.id"), index=True),
    Column("vendor_id", Integer, ForeignKey("asset_config.id"), index=True),
    Column("serial_number", Text),
    Column("purchase_date", Date),
    Column("value", Numeric(14, 2)),
    Column("status", Text, nullable=False, server_default=text("'active'")),
    Column("warranty_until", Date),
    Column("warranty_told", Date, comment="the warranty end that was reminded of"),
    Column("notes", Text),
    *timestamps(),
    deleted_at(),
    CheckConstraint("status IN ('active', 'inactive', 'maintenance', 'retired')", name="status"),
    CheckConstraint("value >= 0", name="value"),
)
for _column in (asset.c.asset_code, asset.c.serial_number):
    Index(
        f"asset_{_column.name}_key",
        func.lower(_column),
        unique=True,
        postgresql_where=asset.c.deleted_at.is_(None),
    )

asset_assignment = Table(
    "asset_assignment",
    sunshine,
    identity(),
    Column("asset_id", Integer, ForeignKey("asset.id"), nullable=False, index=True),
    Column("employee_id", Integer, ForeignKey("employee.id"), nullable=False, index=True),
    Column("assigned_on", Date, nullable=False),
    Column("returned_on", Date, comment="null while it is held"),
    Column("condition", Text, comment="at the return"),
    *timestamps(),
    CheckConstraint("returned_on >= assigned_on", name="dates"),
)
Index(
    "asset_assignment_holder_key",
    asset_assignment.c.asset_id,
    unique=True,
    postgresql_where=asset_assignment.c.returned_on.is_(None),
)

asset_maintenance = Table(
    "asset_maintenance",
    sunshine,
    identity(),
    Column("asset_id", Integer, ForeignKey("asset.id"), nullable=False, index=True),
    Column("type", Text, nullable=False),
    Column("vendor", Text),
    Column("cost", Numeric(14, 2)),
    Column("started_on", Date, nullable=False),
    Column("completed_on", Date, comment="null while it lasts"),
    Column("notes", Text),
    *timestamps(),
    CheckConstraint("completed_on >= started_on", name="dates"),
    CheckConstraint("cost >= 0", name="cost"),
)
Index(
    "asset_maintenance_open_key",
    asset_maintenance.c.asset_id,
    unique=True,
    postgresql_where=asset_maintenance.c.completed_on.is_(None),
)

asset_reservation = Table(
    "asset_reservation",
    sunshine,
    identity(),
    Column("asset_id", Integer, ForeignKey("asset.id"), nullable=False),
    Column("employee_id", Integer, ForeignKey("employee.id"), nullable=False, index=True),
    Column("valid_from", Date, nullable=False),
    Column("valid_to", Date, nullable=False, comment="last day"),
    Column("notes", Text),
    *timestamps(),
    deleted_at(),
    CheckConstraint("valid_to >= valid_from", name="period"),
    # Writers lock the asset first: the constraint is the net.
    ExcludeConstraint(
        ("asset_id", "="),
        (text("daterange(valid_from, valid_to, '[]')"), "&&"),
        name="asset_reservation_overlap",
        using="gist",
        where=text("deleted_at IS NULL"),
    ),
)

asset_history = Table(
    "asset_history",
    sunshine,
    identity(),
    Column("asset_id", Integer, ForeignKey("asset.id"), nullable=False),
    Column("at", DateTime(timezone=True), nullable=False),
    Column("what", Text, nullable=False),
    Column("employee_id", Integer, ForeignKey("employee.id"), comment="who got it or gave it back"),
    Column("location_id", Integer, ForeignKey("asset_config.id")),
    Column("latitude", Double),
    Column("longitude", Double),
    Column("notes", Text),
    Column("actor", Text, nullable=False),
    CheckConstraint(
        "what IN ('assigned', 'returned', 'maintenance_started', 'maintenance_completed', 'moved')",
        name="what",
    ),
    Index("asset_history_asset_id_idx", "asset_id", "id"),
    comment="What happened to an asset; rows are added, never changed.",
)
