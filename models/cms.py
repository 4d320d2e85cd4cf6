"""What the company publishes: posts, ads, pages, vacancies, drop points; its own database.

Employees and departments are the sunshine database's: their ids are checked by the application.
"""

from sqlalchemy import (
    ARRAY,
    Boolean,
    CheckConstraint,
    Column,
    Computed,
    Date,
    DateTime,
    Double,
    ForeignKey,
    Index,
    Integer,
    PrimaryKeyConstraint,
    Table,
    Text,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB, TSVECTOR

from models.base import cms, deleted_at, files, identity, timestamps

_NO_WORDS = text("'{}'")


def _author() -> tuple[Column, Column]:
    """Who wrote it, and the name it is signed with."""
    return (
        Column("author_id", Integer, comment="an employee of the sunshine database"),
        Column("author_name", Text, comment="when the author was set: a byline"),
    )


blog = Table(
    "blog",
    cms,
    identity(),
    Column("title", Text, nullable=False),
    Column("slug", Text, nullable=False, comment="the present one; unique by blog_slug"),
    Column("content", Text, nullable=False, comment="HTML, sanitised", info=files("html")),
    Column("excerpt", Text),
    Column("featured_image", Text, info=files()),
    Column("categories", ARRAY(Text), nullable=False, server_default=_NO_WORDS),
    Column("tags", ARRAY(Text), nullable=False, server_default=_NO_WORDS),
    Column("status", Text, nullable=False, server_default=text("'draft'")),
    Column("publish_at", DateTime(timezone=True), comment="not seen before"),
    Column("unpublish_at", DateTime(timezone=True), comment="not seen from then on"),
    Column(
        "published_at", DateTime(timezone=True), comment="first seen; once that is past it stays"
    ),
    Column("revision", Integer, nullable=False, server_default=text("1")),
    *_author(),
    Column(
        "words",
        TSVECTOR,
        Computed(
            "setweight(to_tsvector('words', title), 'A')"
            " || setweight(to_tsvector('words', coalesce(excerpt, '')), 'B')"
            " || setweight(to_tsvector('words', content), 'C')",
            persisted=True,
        ),
    ),
    *timestamps(),
    deleted_at(),
    CheckConstraint("status IN ('draft', 'published')", name="status"),
    CheckConstraint("unpublish_at > publish_at", name="window"),
    CheckConstraint("status = 'draft' OR published_at IS NOT NULL", name="published"),
    Index("blog_words_idx", "words", postgresql_using="gin"),
    Index("blog_categories_idx", "categories", postgresql_using="gin"),
    Index("blog_tags_idx", "tags", postgresql_using="gin"),
)
# What everybody sees, and what publishers see, in the order of the list.
for _name, _where in (
    ("public", "status = 'published' AND deleted_at IS NULL"),
    ("all", "deleted_at IS NULL"),
):
    Index(
        f"blog_{_name}_idx",
        blog.c.published_at.desc(),
        blog.c.id,
        postgresql_where=text(_where),
    )
# When the next one is due to be seen, or not any more.
for _column in (blog.c.publish_at, blog.c.unpublish_at):
    Index(f"blog_{_column.name}_idx", _column)
Index("blog_author_idx", blog.c.author_id, postgresql_where=blog.c.deleted_at.is_(None))

blog_slug = Table(
    "blog_slug",
    cms,
    Column("slug", Text, primary_key=True),
    Column("blog_id", Integer, ForeignKey("blog.id"), nullable=False, index=True),
    comment="Every address that a living post has or had.",
)

blog_revision = Table(
    "blog_revision",
    cms,
    Column("blog_id", Integer, ForeignKey("blog.id"), nullable=False),
    Column("revision", Integer, nullable=False),
    Column("title", Text, nullable=False),
    Column("content", Text, nullable=False, info=files("html")),
    Column("excerpt", Text),
    Column("featured_image", Text, info=files()),
    Column("categories", ARRAY(Text), nullable=False),
    Column("tags", ARRAY(Text), nullable=False),
    Column("by", Text, nullable=False, comment="who saved it"),
    Column("at", DateTime(timezone=True), nullable=False),
    PrimaryKeyConstraint("blog_id", "revision"),
    comment="What each save of a post said; only ever added to.",
)

ad = Table(
    "ad",
    cms,
    identity(),
    Column("title", Text, nullable=False),
    Column("image", Text, info=files()),
    Column("link", Text, info=files()),
    Column("placement", Text, nullable=False),
    Column("start_date", Date, nullable=False),
    Column("end_date", Date, comment="inclusive; null for no end"),
    Column("active", Boolean, nullable=False, server_default=text("false")),
    *_author(),
    *timestamps(),
    deleted_at(),
    CheckConstraint("placement IN ('homepage_banner', 'sidebar', 'popup')", name="placement"),
    CheckConstraint("end_date >= start_date", name="window"),
)

training = Table(
    "training",
    cms,
    identity(),
    Column("title", Text, nullable=False),
    Column("content", Text, comment="HTML, sanitised", info=files("html")),
    Column("category", Text),
    Column("files", ARRAY(Text), nullable=False, server_default=_NO_WORDS, info=files()),
    Column("status", Text, nullable=False, server_default=text("'draft'")),
    *_author(),
    *timestamps(),
    deleted_at(),
    CheckConstraint("status IN ('draft', 'published')", name="status"),
)

career = Table(
    "career",
    cms,
    identity(),
    Column("title", Text, nullable=False),
    Column("content", Text, nullable=False, comment="HTML, sanitised", info=files("html")),
    Column("image", Text, info=files()),
    Column("status", Text, nullable=False, server_default=text("'draft'")),
    *_author(),
    *timestamps(),
    deleted_at(),
    CheckConstraint("status IN ('draft', 'published')", name="status"),
)

vacancy = Table(
    "vacancy",
    cms,
    identity(),
    Column("title", Text, nullable=False),
    Column("department", Text),
    Column("location", Text),
    Column("type", Text, nullable=False),
    Column("description", Text, nullable=False, comment="HTML, sanitised", info=files("html")),
    Column("requirements", ARRAY(Text), nullable=False, server_default=_NO_WORDS),
    Column("salary", Text),
    Column("closing_date", Date, comment="inclusive; null while it stays open"),
    Column("status", Text, nullable=False, server_default=text("'draft'")),
    *_author(),
    *timestamps(),
    deleted_at(),
    CheckConstraint("type IN ('full-time', 'part-time', 'contract')", name="type"),
    CheckConstraint("status IN ('draft', 'open', 'closed')", name="status"),
)

department_page = Table(
    "department_page",
    cms,
    identity(),
    Column("name", Text, nullable=False),
    Column("content", Text, comment="HTML, sanitised", info=files("html")),
    Column("logo", Text, info=files()),
    Column("department_id", Integer, comment="of the sunshine database"),
    Column("active", Boolean, nullable=False, server_default=text("true")),
    *timestamps(),
    deleted_at(),
)

drop_point = Table(
    "drop_point",
    cms,
    identity(),
    Column("name", Text, nullable=False),
    Column("address", Text, nullable=False),
    Column("latitude", Double, nullable=False),
    Column("longitude", Double, nullable=False),
    Column("phone", Text),
    Column(
        "opening_hours",
        JSONB(none_as_null=True),
        comment='{"mon": [["08:00", "17:00"]], ...}; null: not known',
    ),
    Column("services", ARRAY(Text), nullable=False, server_default=_NO_WORDS),
    Column("timezone", Text, comment="null: the business'"),
    Column("active", Boolean, nullable=False, server_default=text("true")),
    *timestamps(),
    deleted_at(),
    CheckConstraint("latitude BETWEEN -90 AND 90", name="latitude"),
    CheckConstraint("longitude BETWEEN -180 AND 180", name="longitude"),
)
Index(
    "drop_point_place_idx",
    drop_point.c.latitude,
    drop_point.c.longitude,
    postgresql_where=drop_point.c.deleted_at.is_(None),
)
