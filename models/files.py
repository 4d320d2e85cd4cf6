"""Files: what was uploaded and waits to be fetched or named by a row, and what is kept for good.

The files themselves: sunshine/files/storage.py.
"""

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    DateTime,
    ForeignKey,
    Integer,
    Table,
    Text,
    text,
)

from models.base import identity, sunshine

upload = Table(
    "upload",
    sunshine,
    identity(),
    Column("name", Text, nullable=False, unique=True, comment="who knows it may fetch the file"),
    Column("user_id", Integer, ForeignKey("users.id"), nullable=False, index=True),
    Column("ready", Boolean, nullable=False, server_default=text("false"), comment="is all there"),
    Column("size", BigInteger, nullable=False, comment="bytes; the most it may have until ready"),
    Column("sha256", Text),
    Column("created_at", DateTime(timezone=True), nullable=False, index=True),
    Column("sending_until", DateTime(timezone=True), comment="being fetched, at most until then"),
    CheckConstraint("size >= 0", name="size"),
    CheckConstraint("ready = (sha256 IS NOT NULL)", name="ready"),
    comment="One row per file in temp; gone when it was fetched, or moved to where it stays.",
)

stored_file = Table(
    "stored_file",
    sunshine,
    Column("path", Text, primary_key=True, comment="below static"),
    Column("size", BigInteger, nullable=False),
    Column("sha256", Text, nullable=False),
    Column("created_at", DateTime(timezone=True), nullable=False),
    comment="What each file in static was when it was kept.",
)
