"""Drivers, their vehicles and their locations, in the fleet's own database."""

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
    PrimaryKeyConstraint,
    SmallInteger,
    Table,
    Text,
    func,
    text,
)

from models.base import deleted_at, fleet, identity, known_network_of, timestamps

driver = Table(
    "driver",
    fleet,
    identity(),
    Column("name", Text, nullable=False),
    Column("license_number", Text, nullable=False),
    Column("phone", Text),
    Column("vehicle_type", Text),
    Column("license_expiry", Date),
    Column("license_told", Date, comment="the licence's end that was reminded of"),
    Column("status", Text, nullable=False, server_default=text("'active'")),
    Column("employee_id", Integer, comment="in the sunshine database, checked by the application"),
    Column("username", Text, comment="null until credentials are given"),
    Column("password_hash", Text),
    Column("token_version", Integer, nullable=False, server_default=text("0")),
    *timestamps(),
    deleted_at(),
    Column(
        "unlocked_at",
        DateTime(timezone=True),
        comment="failed sign-ins before it do not count",
    ),
    CheckConstraint("vehicle_type IN ('truck', 'van', 'motorcycle')", name="vehicle_type"),
    CheckConstraint("status IN ('active', 'inactive', 'suspended')", name="status"),
)
for _column in (driver.c.license_number, driver.c.username):
    Index(
        f"driver_{_column.name}_key",
        func.lower(_column),
        unique=True,
        postgresql_where=driver.c.deleted_at.is_(None),
    )

known_network = known_network_of(
    driver, comment="From where a driver signed in, the latest of them."
)

vehicle = Table(
    "vehicle",
    fleet,
    identity(),
    Column("plate_number", Text, nullable=False),
    Column("type", Text, nullable=False),
    Column("brand", Text),
    Column("model", Text),
    Column("year", SmallInteger),
    Column("status", Text, nullable=False, server_default=text("'active'")),
    Column("registration_expiry", Date),
    Column("registration_told", Date, comment="the registration's end that was reminded of"),
    Column("insurance_expiry", Date),
    Column("insurance_told", Date, comment="the insurance's end that was reminded of"),
    Column("odometer", Integer, comment="km"),
    *timestamps(),
    deleted_at(),
    CheckConstraint("type IN ('truck', 'van', 'motorcycle')", name="type"),
    CheckConstraint("status IN ('active', 'inactive', 'maintenance')", name="status"),
    CheckConstraint("odometer >= 0", name="odometer"),
)
Index(
    "vehicle_plate_number_key",
    func.lower(vehicle.c.plate_number),
    unique=True,
    postgresql_where=vehicle.c.deleted_at.is_(None),
)

vehicle_driver = Table(
    "vehicle_driver",
    fleet,
    identity(),
    Column("vehicle_id", Integer, ForeignKey("vehicle.id"), nullable=False, index=True),
    Column("driver_id", Integer, ForeignKey("driver.id"), nullable=False, index=True),
    Column("since", DateTime(timezone=True), nullable=False),
    Column("until", DateTime(timezone=True), comment="null while it lasts"),
    comment="Who drives what; rows are closed, never removed.",
)
for _name in ("vehicle_id", "driver_id"):
    Index(
        f"vehicle_driver_{_name}_key",
        vehicle_driver.c[_name],
        unique=True,
        postgresql_where=vehicle_driver.c.until.is_(None),
    )

driver_location = Table(
    "driver_location",
    fleet,
    Column("driver_id", Integer, ForeignKey("driver.id"), nullable=False),
    Column("at", DateTime(timezone=True), nullable=False),
    Column("latitude", Double, nullable=False),
    Column("longitude", Double, nullable=False),
    Column("flagged", Boolean, nullable=False, comment="faster than anything drives"),
    Column("recorded_at", DateTime(timezone=True), nullable=False),
    # A point that is sent twice is stored once.
    PrimaryKeyConstraint("driver_id", "at"),
    CheckConstraint("latitude BETWEEN -90 AND 90", name="latitude"),
    CheckConstraint("longitude BETWEEN -180 AND 180", name="longitude"),
)

driver_position = Table(
    "driver_position",
    fleet,
    Column("driver_id", Integer, ForeignKey("driver.id"), primary_key=True),
    Column("at", DateTime(timezone=True), nullable=False),
    Column("latitude", Double, nullable=False),
    Column("longitude", Double, nullable=False),
    Column("recorded_at", DateTime(timezone=True), nullable=False),
    comment="The last known place of each driver; moves forward in time only.",
)
