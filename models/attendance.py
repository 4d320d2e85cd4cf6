"""Places where people work."""

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Column,
    Double,
    Integer,
    Table,
    Text,
    text,
)

from models.base import deleted_at, identity, sunshine, timestamps, unique_name

location = Table(
    "location",
    sunshine,
    identity(),
    Column("name", Text, nullable=False),
    Column("latitude", Double, nullable=False),
    Column("longitude", Double, nullable=False),
    Column("radius_meters", Integer, nullable=False),
    Column("address", Text),
    Column("timezone", Text),
    Column("active", Boolean, nullable=False, server_default=text("true")),
    *timestamps(),
    deleted_at(),
    CheckConstraint("latitude BETWEEN -90 AND 90", name="latitude"),
    CheckConstraint("longitude BETWEEN -180 AND 180", name="longitude"),
    CheckConstraint("radius_meters > 0", name="radius_meters"),
)
unique_name(location)
