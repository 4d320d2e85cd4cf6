"""Partners and their documents: the mitra database."""

from sqlalchemy import (
    ARRAY,
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    Integer,
    Table,
    Text,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

from models.base import deleted_at, files, identity, mitra, timestamps, unique_name

partner = Table(
    "partner",
    mitra,
    identity(),
    Column("name", Text, nullable=False),
    Column("type", Text, nullable=False),
    Column("contact_name", Text),
    Column("phone", Text),
    Column("email", Text),
    Column("address", Text),
    Column("status", Text, nullable=False, server_default=text("'active'")),
    *timestamps(),
    deleted_at(),
    CheckConstraint("status IN ('active', 'inactive')", name="status"),
)
unique_name(partner)

partner_document = Table(
    "partner_document",
    mitra,
    identity(),
    Column("partner_id", Integer, ForeignKey("partner.id"), nullable=False),
    Column("title", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("fields", JSONB(none_as_null=True), comment="null where MongoDB has them", info=files()),
    Column("content_key", Text, comment="of what MongoDB has; a new one with each version"),
    Column("version", Integer, nullable=False, server_default=text("1")),
    *timestamps(),
    deleted_at(),
    Column(
        "files",
        ARRAY(Text),
        nullable=False,
        server_default=text("'{}'"),
        comment="that the fields name, wherever those are",
        info=files(),
    ),
    CheckConstraint("(fields IS NULL) <> (content_key IS NULL)", name="kept_once"),
    comment="The row says which content is the document's: docs/decisions/0020.",
)
Index(
    "partner_document_partner_id_idx",
    partner_document.c.partner_id,
    partner_document.c.id,
    postgresql_where=partner_document.c.deleted_at.is_(None),
)
Index("partner_document_content_key_key", partner_document.c.content_key, unique=True)
Index("partner_document_files_idx", partner_document.c.files, postgresql_using="gin")
